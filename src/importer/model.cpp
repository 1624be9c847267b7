#include "importer/model.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "graph/variants.h"
#include "importer/architecture.h"
#include "importer/file_kind.h"
#include "importer/keras_model.h"
#include "importer/labels.h"
#include "importer/onnx_model.h"
#include "importer/prepared.h"
#include "importer/preprocessing.h"
#include "importer/sidecar.h"
#include "importer/zoo.h"
#include "io/npy.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

// InceptionV1 as TensorFlow published it and the feature-visualization literature uses it: these names are its own.
bool is_literature_inception(const Graph &graph) {
  constexpr std::string_view own[] = {"conv2d0", "localresponsenorm1", "mixed4c"};
  return std::all_of(std::begin(own), std::end(own), [&](std::string_view name) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node &node) { return node.name == name; });
  });
}

// How the input is prepared where no one says, from what the importer saw or the net's names tell; and the line that
// tells the user of it.
Preprocessing usual_preprocessing(const Graph &graph, const std::string &file, bool keras, std::string &note) {
  std::string way = graph.input.c == 3 ? "torch" : "raw01", why = "does not say how its input is prepared, so";
  const std::optional<OwnScaling> own = own_scaling(graph);
  if (graph.preprocessing.name == "own") {
    way = "range=-128,127";
    why = "takes whole numbers of a signed byte, so";
  } else if (graph.preprocessing.name != Preprocessing{}.name) {
    way = graph.preprocessing.name;
    why = "takes whole numbers, so";
  } else if (own) {
    way = own->range;
    why = own->text + ", so";
  } else if (graph.input.c != 3) {
    // Those ways are of nets for colour pictures.
  } else if (is_literature_inception(graph)) {
    way = "mean=117,117,117,range=0,255";
    why = "has the layers of the literature's InceptionV1, so";
  } else if (const std::string usual = keras ? keras_preprocessing(graph.name) : ""; !usual.empty()) {
    way = usual;
    why = fmt::format("is a {}, which keras.applications prepares so:", graph.name);
  }
  const std::string planes = graph.input.c == 3   ? "RGB"
                             : graph.input.c == 1 ? "luma"
                                                  : fmt::format("{} channels", graph.input.c);
  const std::string_view told = way == "torch"    ? "0..1, minus mean .485 .456 .406, over std .229 .224 .225"
                                : way == "tf"     ? "-1..1"
                                : way == "caffe"  ? "0..255, minus mean 103.939 116.779 123.68"
                                : way == "raw01"  ? "0..1"
                                : way == "raw255" ? "0..255"
                                : graph.preprocessing.name == "own" ? "-128..127"
                                                                    : "0..255, minus 117";
  note = fmt::format("{}: {} '{}' it is: {} {}; --preprocess changes that", file, why, way,
                     way == "caffe" ? "BGR" : planes, told);
  return parse_preprocessing(way);
}

InputChoice input_choice(const ModelRequest &request) {
  InputChoice choice{request.input_name, {}};
  for (const auto &[name, value] : request.set) {
    Array array{{}, {}};
    if (names_array(value)) {
      array = read_npy(value);
      check_finite(array, value);
      if (array.data.empty() || array.shape.empty())
        throw UserError(fmt::format("--set {}={}: is an array without elements or sides", name, value));
    } else if (const auto number = parse_number(value); number && std::isfinite(static_cast<float>(*number))) {
      array.data = {static_cast<float>(*number)};
    } else {
      throw UserError(fmt::format("--set {}={}: must be a number or a .npy file", name, value));
    }
    choice.values[name] = std::move(array);
  }
  return choice;
}

// By its content; where that is not known, by its ending, for which the reader then says what is wrong.
FileKind kind_of(const fs::path &path) {
  std::error_code error;
  if (!fs::exists(path, error))
    throw UserError(fmt::format("--model {}: no such file", path_text(path)));
  const FileContent content = file_content(path);
  if (!content.text.empty())
    throw UserError(fmt::format("{}: {}", path_text(path), content.text));
  const std::string extension = lower_extension(path);
  if (content.kind == FileKind::safetensors)
    throw UserError(fmt::format("{}: holds weights alone; give them to a net of the zoo ({}) as --model vgg16 "
                                "--weights {}",
                                path_text(path), fmt::join(architecture_names(), ", "), path_text(path)));
  if (content.kind != FileKind::other)
    return content.kind;
  if (extension == ".onnx")
    return FileKind::onnx;
  if (extension == ".keras" || is_hdf5(extension))
    return extension == ".keras" ? FileKind::keras : FileKind::hdf5;
  throw UserError(fmt::format("{}: is no .onnx, .h5 or .keras file", path_text(path)));
}

// How many values the classifier gives; 0 where there is none, or its input's size is not known.
std::int64_t classes_of(const Graph &graph) {
  if (graph.logits < 0)
    return 0;
  try {
    return infer_shapes(graph, graph.input, graph.logits)[static_cast<std::size_t>(graph.logits)].elements();
  } catch (const UserError &) {
    return 0;
  }
}

std::vector<int> rgb_planes(const std::vector<int> &asked, int channels) {
  if (asked.empty())
    return channels == 3 ? std::vector<int>{0, 1, 2} : asked;
  const auto beyond = std::find_if(asked.begin(), asked.end(), [&](int plane) { return plane >= channels; });
  if (beyond != asked.end())
    throw UserError(fmt::format("--rgb: the net's input has {} channels, and no channel {}", channels, *beyond));
  return asked;
}

} // namespace

const Graph &Model::at(Size size) const {
  constexpr std::size_t kept = 40; // more than a recipe has canvases
  if (!reread || size == graph.size())
    return graph;
  const auto found = std::find_if(sized_.begin(), sized_.end(), [&](const Graph &g) { return g.size() == size; });
  if (found != sized_.end()) {
    sized_.splice(sized_.begin(), sized_, found);
    return sized_.front();
  }
  sized_.push_front(reread(size));
  if (sized_.size() > kept)
    sized_.pop_back();
  return sized_.front();
}

bool names_model_file(const std::string &model) {
  const std::string extension = lower_extension(model);
  if (extension == ".onnx" || extension == ".keras" || is_hdf5(extension))
    return true;
  const std::vector<std::string> &zoo = architecture_names();
  std::error_code error;
  return std::find(zoo.begin(), zoo.end(), model) == zoo.end() && !model.empty() && fs::exists(model, error);
}

bool names_array(const std::string &value) { return lower_extension(value) == ".npy"; }

ModelRequest absolute(ModelRequest request) {
  if (names_model_file(request.model))
    request.model = absolute_path(request.model);
  request.weights = absolute_path(request.weights);
  request.labels = absolute_path(request.labels);
  for (auto &[name, value] : request.set)
    if (names_array(value))
      value = absolute_path(value);
  return request;
}

Model load_model(const ModelRequest &request) {
  if (!request.input_range.empty() && request.input_range != "raw")
    throw UserError(fmt::format("--input-range '{}': the only other range is 'raw'", request.input_range));
  Model model;
  Sidecar sidecar;
  Graph &graph = model.graph;
  const bool is_file = names_model_file(request.model);
  FileKind kind = FileKind::other;
  if (is_file) {
    if (!request.weights.empty())
      throw UserError(
          fmt::format("--weights {}: goes with a net of the zoo; {} has its own", request.weights, request.model));
    model.weights = request.model;
    kind = kind_of(model.weights);
    OnnxNet net = kind == FileKind::onnx ? load_onnx(model.weights, input_choice(request))
                                         : OnnxNet{load_keras_model(model.weights, input_choice(request)), nullptr};
    graph = std::move(net.graph);
    model.reread = std::move(net.reread);
    if (const fs::path file = sidecar_file(model.weights); !file.empty())
      sidecar = read_sidecar(file);
  } else {
    if (!request.input_name.empty() || !request.set.empty())
      throw UserError(fmt::format("{} goes with a model's file; a net of the zoo has one input",
                                  request.set.empty() ? "--input-name" : "--set"));
    model.weights = request.weights.empty() ? zoo_weights(request.model) : fs::path(request.weights);
    graph = load_zoo(request.model, model.weights);
  }

  if (const Size size = request.size.given() ? request.size : sidecar.size; size.given()) {
    if (model.reread)
      graph = model.reread(size);
    graph.input = graph.input_of(size);
  }

  if (request.input_range == "raw")
    graph.preprocessing = {};
  else if (request.preprocessing)
    graph.preprocessing = *request.preprocessing;
  else if (sidecar.preprocessing)
    graph.preprocessing = *sidecar.preprocessing;
  else if (is_file)
    graph.preprocessing = usual_preprocessing(graph, request.model, kind != FileKind::onnx, model.note);
  for (const std::string &note : graph.notes)
    model.note += fmt::format("{}{}: {}", model.note.empty() ? "" : "\n", request.model, note);
  if (!request.rgb.empty() && graph.input.c > 3)
    model.note +=
        fmt::format("{}{}: a photo's red, green and blue are channels {} of the net's input, the others are 0",
                    model.note.empty() ? "" : "\n", request.model, fmt::join(request.rgb, ", "));
  const std::string said_by = request.preprocessing   ? "--preprocess"
                              : sidecar.preprocessing ? path_text(sidecar_file(model.weights))
                                                      : request.model;
  graph.preprocessing = of_channels(std::move(graph.preprocessing), graph.input.c, said_by);
  model.rgb = rgb_planes(request.rgb, graph.input.c);
  if (is_file)
    graph.name = path_text(model.weights.filename());

  const std::int64_t classes = classes_of(graph);
  model.labels_file = request.labels.empty() ? sidecar.labels : fs::path(request.labels);
  if (model.labels_file.empty())
    model.labels = usual_labels(classes);
  else if (classes > 0)
    model.labels = read_labels(model.labels_file, classes, graph.name);
  else
    throw UserError(
        fmt::format("{}: {} has no classes that could have names", path_text(model.labels_file), graph.name));
  if (model.reread)
    model.reread = [read = std::move(model.reread), base = graph](Size size) {
      Graph sized = read(size);
      sized.name = base.name;
      sized.preprocessing = base.preprocessing;
      make_variant(base, sized);
      return sized;
    };
  return model;
}

} // namespace convscope
