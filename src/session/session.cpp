#include "session/session.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "graph/shapes.h"
#include "graph/support.h"
#include "importer/manifest.h"
#include "importer/weights_folder.h"
#include "io/npy.h"
#include "io/resize.h"
#include "session/input_size.h"

namespace convscope {

namespace {

constexpr int longest_side = 4096; // of a photo before the net

// Whether its output is 1 x 1 whatever the input's size.
bool gives_vector(const Graph &graph, NodeId layer) {
  const Node &node = graph.nodes[static_cast<std::size_t>(layer)];
  if (const auto *reduce = std::get_if<Reduce>(&node.op))
    return (reduce->axes.h && reduce->axes.w) || gives_vector(graph, node.inputs.at(0));
  if (const auto *reshape = std::get_if<Reshape>(&node.op))
    return reshape->shape.h == 1 && reshape->shape.w == 1;
  if (const auto *constant = std::get_if<Constant>(&node.op))
    return constant->shape.h == 1 && constant->shape.w == 1;
  if (std::holds_alternative<Dense>(node.op) || std::holds_alternative<Flatten>(node.op) ||
      std::holds_alternative<GlobalAvgPool>(node.op) || std::holds_alternative<GlobalMaxPool>(node.op))
    return true;
  const bool keeps = std::holds_alternative<Relu>(node.op) || std::holds_alternative<PRelu>(node.op) ||
                     std::holds_alternative<Unary>(node.op) || std::holds_alternative<Softmax>(node.op) ||
                     std::holds_alternative<ScaleShift>(node.op) || std::holds_alternative<Normalize>(node.op) ||
                     std::holds_alternative<Identity>(node.op) || std::holds_alternative<Add>(node.op) ||
                     std::holds_alternative<Binary>(node.op);
  return keeps &&
         std::all_of(node.inputs.begin(), node.inputs.end(), [&](NodeId input) { return gives_vector(graph, input); });
}

// "vgg16 --weights vgg16_weights_tf_dim_ordering_tf_kernels.h5" of each net whose published weights have a classifier.
std::vector<std::string> classifiers() {
  std::vector<std::string> names;
  for (const ZooNet &net : read_manifest(weights_folder() / "manifest.json").nets)
    for (const KerasFile &file : net.keras ? net.keras->files : std::vector<KerasFile>{})
      if (file.top)
        names.push_back(fmt::format("{} --weights {}", net.name, file.file));
  return names;
}

std::vector<double> softmax(const std::vector<float> &logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<double> values;
  for (const float logit : logits)
    values.push_back(std::exp(logit - top));
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double &value : values)
    value /= sum;
  return values;
}

} // namespace

void Session::load(const ModelRequest &request) {
  model_ = load_model(request);
  request_ = request;
  weights_.reset();
}

const vulkan::Device &Session::device() {
  if (!device_)
    device_.emplace(device_options_);
  return *device_;
}

vulkan::Programs &Session::programs() {
  if (!programs_) {
    programs_.emplace(device());
    programs_->watch(watcher_);
  }
  return *programs_;
}

Weights &Session::weights() {
  if (!weights_)
    weights_.emplace(device());
  return *weights_;
}

Session::PhotoFit Session::fit(const ImageRgb8 &photo, const std::vector<NodeId> &layers, const InputSize &size) const {
  const Size part = size.given() ? size.size() : model_.graph.size();
  if (size.exact.given() || part.width != part.height)
    return {part, false};
  const double shorter = std::min(photo.width, photo.height), longer = std::max(photo.width, photo.height);
  if (longer / shorter * part.width > longest_side)
    return {part, false};
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(length / shorter * part.width)));
  };
  const Size whole{scaled(photo.width), scaled(photo.height)};
  return runs_at(model_, layers, whole) ? PhotoFit{whole, true} : PhotoFit{part, false};
}

Objective Session::objective(const std::string &text, const std::filesystem::path &folder) const {
  const auto read = [&](const std::string &file) {
    std::error_code error;
    const std::filesystem::path beside = folder / file;
    const bool elsewhere =
        !folder.empty() && !std::filesystem::exists(file, error) && std::filesystem::exists(beside, error);
    return read_npy(elsewhere ? path_text(beside) : file).data;
  };
  return parse_objective(text, model_.graph, model_.labels, read);
}

Array Session::picture(const ImageRgb8 &photo, Size size) const {
  const Part middle = centered_part(photo.width, photo.height, size.width, size.height);
  return picture_of(resize(photo, middle, size.width, size.height), model_);
}

Array Session::photo_input(const ImageRgb8 &photo, const PhotoFit &fit) const {
  const Part shown = fit.whole ? Part{0, 0, photo.width, photo.height}
                               : centered_part(photo.width, photo.height, fit.size.width, fit.size.height);
  return preprocess(picture_of(resize(photo, shown, fit.size.width, fit.size.height), model_),
                    model_.graph.preprocessing);
}

bool Session::has_maps(NodeId layer) const { return !gives_vector(model_.graph, layer); }

void Session::require_maps(NodeId layer) const {
  if (!has_maps(layer))
    throw UserError(fmt::format("layer '{}' of {} gives a vector, which has no feature maps",
                                model_.graph.nodes[static_cast<std::size_t>(layer)].name, model_.graph.name));
}

std::vector<Array> Session::features(const ImageRgb8 &photo, const std::vector<NodeId> &layers, const InputSize &size) {
  for (const NodeId layer : layers)
    require_maps(layer);
  const PhotoFit fitted = fit(photo, layers, size);
  for (const NodeId layer : layers) // before a device is opened
    shape_at(model_, layer, fitted.size);
  const Array input = photo_input(photo, fitted);
  const Activations activations = run_forward(input, layers, precision());
  std::vector<Array> maps;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    maps.push_back(activations.read(i));
    maps.back().shape.erase(maps.back().shape.begin()); // the batch of one
  }
  return maps;
}

Activations Session::features_on_device(const ImageRgb8 &photo, NodeId layer) {
  require_maps(layer);
  return run_forward(photo_input(photo, fit(photo, {layer})), {layer}, precision());
}

Activations Session::run_forward(const Array &input, const std::vector<NodeId> &layers, Precision precision) {
  const Graph &graph = model_.at(size_of(input));
  std::vector<NodeId> nodes;
  for (const NodeId layer : layers)
    nodes.push_back(same_node(model_.graph, layer, graph));
  return {programs(), weights(), graph, input, nodes, precision, slicing_};
}

std::vector<Prediction> Session::classify(const ImageRgb8 &photo, int top) {
  const NodeId layer = model_.graph.probabilities >= 0 ? model_.graph.probabilities : model_.graph.logits;
  if (const NodeId unsupported = first_unsupported(model_.graph); layer < 0 && unsupported >= 0)
    throw UserError(unsupported_text(model_.graph, unsupported));
  if (layer < 0 && names_model_file(request_.model))
    throw UserError(
        fmt::format("{} has no classifier: none of its outputs is a vector with a softmax or a sigmoid, or of "
                    "a last layer with weights; 'optimize' and 'strip' take any layer's channel as "
                    "--objective LAYER:CHANNEL",
                    model_.graph.name));
  if (layer < 0)
    throw UserError(fmt::format("{} has no classifier with these weights; there is one in {}", model_.graph.name,
                                fmt::join(classifiers(), ", ")));
  const Array values = activations(photo_input(photo, {model_.graph.size(), false}), layer);
  const std::vector<double> probabilities = model_.graph.probabilities >= 0
                                                ? std::vector<double>(values.data.begin(), values.data.end())
                                                : softmax(values.data);
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    predictions.push_back({static_cast<int>(i), i < model_.labels.size() ? model_.labels[i] : "", probabilities[i]});
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Prediction &a, const Prediction &b) { return a.probability > b.probability; });
  predictions.resize(std::min(predictions.size(), static_cast<std::size_t>(top)));
  return predictions;
}

Array Session::activations(const Array &input, NodeId layer) {
  Array output = run_forward(input, {layer}, exact_precision()).read(0);
  if (!has_maps(layer) && output.shape[2] == 1 && output.shape[3] == 1)
    output.shape.resize(2);
  return output;
}

GradientResult Session::gradient(const Array &input, const Objective &objective, const Pictures &pictures) {
  const Graph &graph = model_.at(size_of(input));
  return gradient_of(programs(), weights(), graph, input, same_objective(objective, model_.graph, graph),
                     exact_precision(), pictures);
}

Array picture_of(const Array &rgb, const Model &model) {
  const int channels = model.graph.input.c;
  const auto plane = static_cast<std::size_t>(rgb.shape.at(1) * rgb.shape.at(2));
  Array picture{{channels, rgb.shape[1], rgb.shape[2]}, std::vector<float>(static_cast<std::size_t>(channels) * plane)};
  if (channels == 1) {
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < plane; ++i)
        picture.data[i] += static_cast<float>(luma.at(c)) * rgb.data[c * plane + i];
    return picture;
  }
  if (model.rgb.empty())
    throw UserError(fmt::format("{} takes pictures of {} channels: --rgb says which of them a photo's red, green and "
                                "blue are, such as --rgb 0,1,2",
                                model.graph.name, channels));
  for (std::size_t c = 0; c < 3; ++c)
    std::copy_n(rgb.data.begin() + static_cast<std::ptrdiff_t>(c * plane), plane,
                picture.data.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(model.rgb[c]) * plane));
  return picture;
}

Array select_channels(const Array &maps, const std::vector<int> &channels) {
  const auto plane = static_cast<std::ptrdiff_t>(maps.shape.at(1) * maps.shape.at(2));
  Array chosen{{static_cast<std::int64_t>(channels.size()), maps.shape[1], maps.shape[2]}, {}};
  for (const int channel : channels) {
    const auto from = maps.data.begin() + channel * plane;
    chosen.data.insert(chosen.data.end(), from, from + plane);
  }
  return chosen;
}

Array preprocess(const Array &picture, const Preprocessing &preprocessing) {
  const auto plane = static_cast<std::size_t>(picture.shape.at(1) * picture.shape.at(2));
  const std::size_t channels = preprocessing.source.size();
  Array input{{1, preprocessing.channels(), picture.shape[1], picture.shape[2]}, std::vector<float>(channels * plane)};
  for (std::size_t c = 0; c < channels; ++c) {
    const float *from = picture.data.data() + static_cast<std::size_t>(preprocessing.source[c]) * plane;
    for (std::size_t i = 0; i < plane; ++i)
      input.data[c * plane + i] = from[i] * preprocessing.scale[c] + preprocessing.shift[c];
  }
  return input;
}

} // namespace convscope
