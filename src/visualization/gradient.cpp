#include "visualization/gradient.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "plan/sliced_run.h"
#include "visualization/objective_steps.h"

namespace convscope {

namespace {

// The rest is infer_shapes()'s to judge.
Shape checked_input(const Array &input) {
  if (input.shape.size() != 4)
    throw UserError(fmt::format("the input has {} dimensions, where (N, C, H, W) are needed", input.shape.size()));
  if (input.shape[0] < 1 || input.shape[1] < 1)
    throw UserError("the input is empty");
  if (!std::all_of(input.data.begin(), input.data.end(), [](float v) { return std::isfinite(v); }))
    throw UserError("the input holds a number that is not finite");
  return {static_cast<int>(input.shape[1]), static_cast<int>(input.shape[2]), static_cast<int>(input.shape[3])};
}

std::vector<std::int64_t> array_shape(std::int64_t batch, const Shape &shape) {
  return {batch, shape.c, shape.h, shape.w};
}

// Too large an input is the user's to mend; that the device refuses is not.
void check_room(Plan &plan, const vulkan::Device &device, const Shape &input) {
  const std::uint64_t left = device.memory_left();
  if (const std::size_t bytes = plan.planned_bytes(); bytes > left)
    throw UserError(
        fmt::format("an input of {}x{} needs {} MiB of device memory, where {} has {} MiB left: a smaller one "
                    "may do",
                    input.w, input.h, bytes >> 20, device.info().name, left >> 20));
}

} // namespace

namespace {

// The pictures that inputs (N,C,H,W) were preprocessed from.
std::vector<float> pictures_from(std::span<const float> input, const Preprocessing &preprocessing, const Shape &shape) {
  const auto pixels = static_cast<std::size_t>(shape.h) * static_cast<std::size_t>(shape.w),
             planes = static_cast<std::size_t>(shape.c);
  std::vector<float> pictures(input.size());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::size_t c = i / pixels % planes, first = i - i % (pixels * planes);
    const auto source = static_cast<std::size_t>(preprocessing.source.at(c));
    pictures.at(first + source * pixels + i % pixels) =
        (input[i] - preprocessing.shift.at(c)) / preprocessing.scale.at(c);
  }
  return pictures;
}

// The gradient with respect to such pictures as that with respect to the inputs, added to it.
void add_picture_gradient(std::vector<float> &gradient, std::span<const float> of_pictures,
                          const Preprocessing &preprocessing, const Shape &shape) {
  const auto pixels = static_cast<std::size_t>(shape.h) * static_cast<std::size_t>(shape.w),
             planes = static_cast<std::size_t>(shape.c);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::size_t c = i / pixels % planes, first = i - i % (pixels * planes);
    const auto source = static_cast<std::size_t>(preprocessing.source.at(c));
    gradient[i] += of_pictures[first + source * pixels + i % pixels] / preprocessing.scale.at(c);
  }
}

// A picture to compare with, for `batch` images from `first` on.
std::vector<float> for_images(const Array &picture, std::size_t first, int batch) {
  const std::size_t each = picture.data.size() / static_cast<std::size_t>(picture.shape[0]);
  std::vector<float> all;
  for (std::size_t n = first; n < first + static_cast<std::size_t>(batch); ++n) {
    const auto from = picture.data.begin() + static_cast<std::ptrdiff_t>(picture.shape[0] == 1 ? 0 : n * each);
    all.insert(all.end(), from, from + static_cast<std::ptrdiff_t>(each));
  }
  return all;
}

void check_picture(const std::optional<Array> &picture, bool needed, const char *name, const Array &input,
                   const Objective &objective) {
  if (needed && !picture)
    throw UserError(fmt::format("objective '{}' compares with a picture: --{} is required", objective.text, name));
  if (!picture)
    return;
  const auto &shape = picture->shape;
  if (shape.size() != 4 || (shape[0] != 1 && shape[0] != input.shape[0]) ||
      !std::equal(shape.begin() + 1, shape.end(), input.shape.begin() + 1))
    throw UserError(fmt::format("the {} picture's shape is ({}), where the input's is ({})", name,
                                fmt::join(shape, ", "), fmt::join(input.shape, ", ")));
}

// A gradient's plan: nets of the input and of what it is compared with, and the objective.
class GradientPlan {
public:
  GradientPlan(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Shape &input, int batch,
               const Objective &objective, Precision precision)
      : preprocessing_(graph.preprocessing), input_(input), batch_(batch), shapes_(graph.nodes.size()),
        plan_(programs, "gradient") {
    const std::vector<NodeId> layers = layers_of(objective);
    for (const NodeId layer : layers)
      shapes_[std::size_t(layer)] = infer_shapes(graph, input, layer)[std::size_t(layer)];
    check_objective(objective, graph, shapes_);
    const std::size_t bytes = std::size_t(batch) * std::size_t(input.elements()) * sizeof(float);
    in_ = plan_.persistent("input", bytes);
    out_ = plan_.persistent("gradient", bytes);
    steps_.emplace(plan_, std::vector<Objective>(std::size_t(batch), objective), shapes_, input);
    values_ = plan_.persistent("values", std::size_t(batch * steps_->parts()) * sizeof(float));

    NetworkOptions options;
    options.input = input;
    options.batch = batch;
    options.precision = precision;
    std::optional<Network> own, photo, style;
    const auto compared = [&](std::optional<Network> &net, const std::vector<NodeId> &targets, const char *name) {
      if (targets.empty())
        return TensorId::none;
      const TensorId picture = plan_.persistent(name, bytes);
      options.targets = targets;
      net.emplace(plan_, weights, graph, options).forward(picture);
      return picture;
    };
    photo_ = compared(photo, photo_layers_of(objective), "photo");
    style_ = compared(style, style_layers_of(objective), "style picture");
    if (!layers.empty()) {
      options.targets = layers;
      options.backward = options.exact_decisions = true;
      own.emplace(plan_, weights, graph, options).forward(in_);
      by_rounding_ = own->decides_by_rounding();
    }
    if (steps_->of_image()) {
      image_ = plan_.persistent("image", bytes);
      image_gradient_ = plan_.persistent("image gradient", bytes);
    }
    const auto net = [](std::optional<Network> &network) { return network ? &*network : nullptr; };
    steps_->append_values({net(own), net(photo), net(style), image_});
    plan_.copy(steps_->partials(), values_);
    if (image_ != TensorId::none)
      steps_->append_image_gradient(image_gradient_);
    const TensorId gradient = own ? own->backward(steps_->seeds()) : TensorId::none;
    plan_.set_variant(Variant::both);
    if (own)
      plan_.copy(gradient, out_);
    else
      plan_.fill(out_, 0);
    check_room(plan_, programs.device(), input);
    plan_.allocate();
    steps_->write_terms();
    slices_.emplace(plan_, Variant::usual, whole_slices(programs.device().info()));
  }

  void run(std::span<const float> input, std::size_t first, const Pictures &pictures, const std::string &doing,
           GradientResult &result) {
    plan_.write(in_, std::as_bytes(input));
    const auto write = [&](TensorId tensor, const std::optional<Array> &picture) {
      if (tensor == TensorId::none)
        return;
      const std::vector<float> values = for_images(picture.value(), first, batch_);
      plan_.write(tensor, std::as_bytes(std::span(values)));
    };
    write(photo_, pictures.photo);
    write(style_, pictures.style);
    if (image_ != TensorId::none) {
      const std::vector<float> values = pictures_from(input, preprocessing_, input_);
      plan_.write(image_, std::as_bytes(std::span(values)));
    }
    slices_->run(doing);
    const auto partials = plan_.read_all<float>(values_);
    for (auto from = partials.begin(); from != partials.end(); from += steps_->parts())
      result.values.push_back(std::accumulate(from, from + steps_->parts(), 0.0));
    auto gradient = plan_.read_all<float>(out_);
    if (image_ != TensorId::none)
      add_picture_gradient(gradient, plan_.read_all<float>(image_gradient_), preprocessing_, input_);
    result.gradient.data.insert(result.gradient.data.end(), gradient.begin(), gradient.end());
  }

  std::vector<std::string> kernels() const { return plan_.kernels(); }
  bool by_rounding() const { return by_rounding_; }

private:
  Preprocessing preprocessing_;
  Shape input_;
  int batch_;
  std::vector<Shape> shapes_;
  Plan plan_;
  std::optional<ObjectiveSteps> steps_;
  std::optional<SlicedRun> slices_;
  bool by_rounding_ = false;
  TensorId in_, out_, values_, photo_, style_, image_ = TensorId::none, image_gradient_ = TensorId::none;
};

} // namespace

GradientResult gradient_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                           const Objective &objective, Precision precision, const Pictures &pictures) {
  const Shape shape = checked_input(input);
  const Needs needs = objective.needs();
  check_picture(pictures.photo, needs.photo, "photo", input, objective);
  check_picture(pictures.style, needs.style, "style", input, objective);
  if (needs.company && input.shape[0] < 2)
    throw UserError(
        fmt::format("objective '{}' is between the images of a batch: the input holds one", objective.text));

  // One image after the other, where they don't see each other: doubles take twice the memory, and how an image decides
  // must not hang on the batch.
  const int batch = needs.company ? static_cast<int>(input.shape[0]) : 1;
  GradientPlan plan(programs, weights, graph, shape, batch, objective, precision);
  GradientResult result{{}, {input.shape, {}}, plan.kernels(), plan.by_rounding()};
  const std::size_t elements = std::size_t(shape.elements()) * std::size_t(batch);
  for (std::size_t first = 0; first < input.data.size(); first += elements)
    plan.run(std::span(input.data).subspan(first, elements), first / std::size_t(shape.elements()), pictures,
             fmt::format("the gradient of {}", objective.text), result);
  return result;
}

Activations::Activations(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                         const std::vector<NodeId> &layers, Precision precision, const std::optional<Slicing> &slicing)
    : plan_(programs, "activations") {
  NetworkOptions options;
  options.input = checked_input(input);
  batch_ = input.shape[0];
  options.batch = static_cast<int>(batch_);
  options.precision = precision;
  options.targets = layers;
  std::sort(options.targets.begin(), options.targets.end());
  options.targets.erase(std::unique(options.targets.begin(), options.targets.end()), options.targets.end());

  const TensorId in = plan_.persistent("input", input.data.size() * sizeof(float));
  Network network(plan_, weights, graph, options);
  network.forward(in);
  for (const NodeId layer : layers) {
    shapes_.push_back(network.shape(layer));
    const auto bytes = std::size_t(batch_) * std::size_t(shapes_.back().elements()) * sizeof(float);
    outputs_.push_back(plan_.persistent("activations", bytes));
    plan_.copy(network.output(layer), outputs_.back());
  }
  check_room(plan_, programs.device(), options.input);
  plan_.allocate();
  plan_.write(in, std::as_bytes(std::span(input.data)));
  SlicedRun(plan_, Variant::usual, slicing.value_or(whole_slices(programs.device().info())))
      .run(fmt::format("the activations of {}", graph.name));
}

Array Activations::read(std::size_t layer) const {
  return {array_shape(batch_, shape(layer)), plan_.read_all<float>(outputs_.at(layer))};
}

std::vector<Array> activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                                  const std::vector<NodeId> &layers, Precision precision) {
  const Activations activations(programs, weights, graph, input, layers, precision);
  std::vector<Array> result;
  for (std::size_t i = 0; i < layers.size(); ++i)
    result.push_back(activations.read(i));
  return result;
}

Array activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input, NodeId layer,
                     Precision precision) {
  return activations_of(programs, weights, graph, input, std::vector<NodeId>{layer}, precision).at(0);
}

} // namespace convscope
