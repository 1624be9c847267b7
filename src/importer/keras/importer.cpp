#include "importer/keras/importer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "importer/keras/applications.h"
#include "importer/keras/call_order.h"
#include "importer/keras/layer.h"
#include "importer/keras/weights.h"

namespace convscope::keras {

namespace {

constexpr int most_nodes = 100'000;
constexpr int largest_input = 1 << 14;

Handler handler_of(const LayerConfig &layer) {
  if (is_operation(layer))
    return import_operation;
  for (const Handlers *handlers : {&convolution_layers(), &pooling_layers(), &normalization_layers(),
                                   &activation_layers(), &merging_layers(), &shape_layers(), &image_layers()})
    if (const auto found = handlers->find(layer.kind); found != handlers->end())
      return found->second;
  return nullptr;
}

// Whether some layer says that channels come first. Flatten does not tell: it has always been written both ways.
bool says_channels_first(const ModelConfig &model) {
  return std::any_of(model.layers.begin(), model.layers.end(), [](const LayerConfig &layer) {
    if (layer.model)
      return says_channels_first(*layer.model);
    const auto format = layer.arguments.find("data_format");
    return layer.kind != "Flatten" && layer.arguments.is_object() && format != layer.arguments.end() &&
           *format == "channels_first";
  });
}

class Importer {
public:
  // `input`: the model's own, of which a grey one becomes coloured.
  Importer(const ModelFile &file, const Hdf5File &weights, Shape input)
      : file_(file), weights_(weights), grey_(input.c == 1),
        net_(file.name, telling_name(file.model), {3, input.h, input.w}),
        budget_(8 * file.bytes + (std::int64_t{64} << 20)) {
    net_.channels_first = says_channels_first(file.model);
    net_.keras_version = file.keras_version;
  }

  Graph run();

private:
  // The model's outputs for these inputs, one for each of its InputLayers.
  std::vector<Value> model(const ModelConfig &model, const ModelWeights &weights, const std::string &prefix,
                           const std::vector<Value> &inputs);
  Value layer(const LayerConfig &config, std::size_t call, const ModelWeights &weights, const std::string &prefix,
              const std::vector<Value> &inputs);
  std::vector<Value> graph_input(const ModelConfig &model, bool grey);
  void finish_layer(const LayerConfig &config, const std::string &name, NodeId first, Value &value);
  void note_classifier(Value output);

  const ModelFile &file_;
  const Hdf5File &weights_;
  bool grey_; // the model takes pictures of one channel
  GraphBuilder net_;
  std::int64_t budget_; // bytes of weights that may still be read
  std::set<std::string> names_;
};

std::string quoted(const std::string &file, const std::string &layer) {
  return fmt::format("{}: layer '{}'", file, layer);
}

// The nodes that a layer added get their names: the last one is the layer, those before are inner steps of it.
void Importer::finish_layer(const LayerConfig &config, const std::string &name, NodeId first, Value &value) {
  std::vector<Node> &nodes = net_.graph.nodes;
  if (value.node != static_cast<NodeId>(nodes.size()) - 1 || value.node < first)
    value.node = net_.add({config.name, config.kind, Identity{}, {value.node}, true, 0});
  std::map<std::string, int> parts;
  for (NodeId id = first; id < value.node; ++id) {
    Node &inner = nodes[static_cast<std::size_t>(id)];
    std::string part(op_name(inner.op));
    std::transform(part.begin(), part.end(), part.begin(), [](unsigned char c) { return std::tolower(c); });
    const int number = ++parts[part];
    inner.name = fmt::format("{}/{}{}", name, part, number == 1 ? "" : std::to_string(number));
    if (!names_.insert(inner.name).second)
      throw UserError(fmt::format("{}: has two layers named '{}'", file_.name, inner.name));
  }
  Node &last = nodes[static_cast<std::size_t>(value.node)];
  last.name = name;
  last.layer = true;
  if (!names_.insert(name).second)
    throw UserError(fmt::format("{}: has two layers named '{}'", file_.name, name));
}

Value Importer::layer(const LayerConfig &config, std::size_t call, const ModelWeights &weights,
                      const std::string &prefix, const std::vector<Value> &inputs) {
  static const Call none;
  const std::string name = prefix + config.name + (call == 0 ? "" : fmt::format("/{}", call + 1));
  const auto first = static_cast<NodeId>(net_.graph.nodes.size());
  if (first > most_nodes)
    throw UserError(fmt::format("{}: has more than {} layers", file_.name, most_nodes));
  const Handler handler = handler_of(config);
  const auto unknown =
      std::find_if(inputs.begin(), inputs.end(), [&](const Value &value) { return net_.shape(value.node).c == 0; });
  Value value;
  std::int64_t parameters = 0;
  try {
    if (unknown != inputs.end())
      throw NotSupported{fmt::format("it comes after {}, which is not supported",
                                     net_.graph.nodes[static_cast<std::size_t>(unknown->node)].name)};
    if (!handler)
      throw NotSupported{fmt::format("layers of the class {} are not supported", config.kind)};
    LayerWeights tensors(weights_, name, weights.tensors(config), budget_);
    Layer layer(net_, config, call < config.calls.size() ? config.calls[call] : none,
                Arguments(quoted(file_.name, name), config.arguments), std::move(tensors));
    layer.inputs = inputs;
    const Json *type = layer.args.find("dtype");
    if (type && type->is_object() && type->contains("class_name") && (*type)["class_name"].is_string() &&
        (*type)["class_name"].get<std::string>().starts_with("Quantized"))
      throw NotSupported{"its weights are quantized"};
    value = handler(layer);
    parameters = layer.weights.taken();
    if (parameters > 0 && layer.weights.left() > 0)
      layer.fail("has more tensors in the file than it needs");
  } catch (const NotSupported &problem) {
    net_.truncate(first);
    std::vector<NodeId> from;
    for (const Value &input : inputs)
      from.push_back(input.node);
    value.rank = inputs.empty() ? 4 : inputs.front().rank;
    value.node = net_.add({name, config.kind, Unsupported{problem.reason}, std::move(from), true, 0});
  }
  finish_layer(config, name, first, value);
  net_.graph.nodes[static_cast<std::size_t>(value.node)].parameters = call == 0 ? parameters : 0;
  return value;
}

std::vector<Value> Importer::model(const ModelConfig &model, const ModelWeights &weights, const std::string &prefix,
                                   const std::vector<Value> &inputs) {
  std::unordered_map<std::string, std::vector<std::vector<Value>>> outputs; // of each layer, by call
  for (const CallStep &step : call_order(file_.name, model)) {
    const LayerConfig &config = model.layers[step.layer];
    std::vector<std::vector<Value>> &own = outputs[config.name];
    own.resize(std::max(own.size(), step.call + 1));
    if (config.kind == "InputLayer") {
      const auto position = std::find(model.inputs.begin(), model.inputs.end(), config.name) - model.inputs.begin();
      if (static_cast<std::size_t>(position) >= inputs.size())
        throw UserError(
            fmt::format("{}: model '{}' is called without its input '{}'", file_.name, model.name, config.name));
      own[step.call] = {inputs[static_cast<std::size_t>(position)]};
      continue;
    }
    std::vector<Value> from;
    for (const Operand &operand : config.calls[step.call])
      for (const TensorRef &tensor : operand.tensors) {
        const std::vector<std::vector<Value>> &calls = outputs.at(tensor.layer);
        const std::vector<Value> &values =
            calls[std::min<std::size_t>(static_cast<std::size_t>(tensor.call), calls.size() - 1)];
        if (static_cast<std::size_t>(tensor.output) >= values.size())
          throw UserError(fmt::format("{}: layer '{}' reads an output of '{}' that is not there", file_.name,
                                      config.name, tensor.layer));
        from.push_back(values[static_cast<std::size_t>(tensor.output)]);
      }
    if (config.model) {
      const std::string inner = prefix + config.name + (step.call == 0 ? "" : fmt::format("/{}", step.call + 1));
      own[step.call] = this->model(*config.model, weights.nested(config), inner + "/", from);
      for (const Value &value : own[step.call])
        net_.graph.nodes[static_cast<std::size_t>(value.node)].aliases.push_back(inner);
    } else {
      own[step.call] = {layer(config, step.call, weights, prefix, from)};
    }
  }
  std::vector<Value> result;
  for (const TensorRef &output : model.outputs) {
    const auto found = outputs.find(output.layer);
    if (found == outputs.end())
      throw UserError(fmt::format("{}: the output of model '{}' is a layer '{}' that is not there", file_.name,
                                  model.name, output.layer));
    const auto &calls = found->second;
    const auto &values = calls[std::min<std::size_t>(static_cast<std::size_t>(output.call), calls.size() - 1)];
    if (static_cast<std::size_t>(output.output) >= values.size())
      throw UserError(fmt::format("{}: the output of model '{}' is not there", file_.name, model.name));
    result.push_back(values[static_cast<std::size_t>(output.output)]);
  }
  return result;
}

const LayerConfig *input_layer(const ModelConfig &model, const std::string &name) {
  for (const LayerConfig &layer : model.layers)
    if (layer.name == name && layer.kind == "InputLayer")
      return &layer;
  return nullptr;
}

// Of the first input; the usual size where the model leaves it open.
Shape input_shape(const ModelFile &file) {
  const ModelConfig *model = &file.model;
  const LayerConfig *input = input_layer(*model, model->inputs.front());
  if (!input)
    throw UserError(fmt::format("{}: model '{}' has no input layer", file.name, model->name));
  std::vector<int> sides = batch_shape(Arguments(quoted(file.name, input->name), input->arguments));
  // A Sequential model that starts with another model has the latter's input.
  for (const ModelConfig *inner = model; sides.empty() && inner->layers.size() > 1 && inner->layers[1].model;) {
    inner = inner->layers[1].model.get();
    if (const LayerConfig *own = input_layer(*inner, inner->inputs.front()))
      sides = batch_shape(Arguments(quoted(file.name, own->name), own->arguments));
  }
  if (sides.size() != 4)
    throw UserError(fmt::format("{}: its input is not a picture (it has {} axes; pictures have 4: batch, height, "
                                "width, channels)",
                                file.name, sides.size()));
  const bool first = says_channels_first(*model);
  const int usual = application_size(telling_name(*model));
  Shape shape{sides[first ? 1 : 3], sides[first ? 2 : 1], sides[first ? 3 : 2]};
  if (shape.c == -1)
    shape.c = 3;
  shape.h = shape.h == -1 ? usual : shape.h;
  shape.w = shape.w == -1 ? usual : shape.w;
  if (shape.h < 1 || shape.w < 1 || shape.h > largest_input || shape.w > largest_input)
    throw UserError(fmt::format("{}: its input has sides that are no numbers from 1 to {}", file.name, largest_input));
  if (shape.c != 3 && shape.c != 1)
    throw UserError(
        fmt::format("{}: its input has {} channels; pictures have 3, or 1 where they are grey", file.name, shape.c));
  return shape;
}

// The first input is the picture; a net with others still works where these do not reach. Pictures are in colour: a
// net for grey ones gets their luma.
std::vector<Value> Importer::graph_input(const ModelConfig &model, bool grey) {
  std::vector<Value> inputs;
  for (const std::string &name : model.inputs) {
    Node node{name, "InputLayer", Input{}, {}, true, 0};
    if (!inputs.empty())
      node.op = Unsupported{"the model has more than one input, of which only the first is the picture"};
    else if (grey)
      node.name += "/rgb";
    if (!names_.insert(name).second)
      throw UserError(fmt::format("{}: has two inputs named '{}'", file_.name, name));
    NodeId id = net_.add(std::move(node));
    if (inputs.empty() && grey) {
      Conv luma;
      luma.out_channels = 1;
      luma.weights = {0.299F, 0.587F, 0.114F};
      id = net_.add({name, "InputLayer", std::move(luma), {id}, true, 0});
    }
    inputs.push_back({id, 4});
  }
  return inputs;
}

// From the last layer back over softmax to the values before it.
void Importer::note_classifier(Value output) {
  Graph &graph = net_.graph;
  const auto op = [&](NodeId node) -> const Op & { return graph.nodes[static_cast<std::size_t>(node)].op; };
  const auto from = [&](NodeId node) { return graph.nodes[static_cast<std::size_t>(node)].inputs.front(); };
  const auto renames = [&](NodeId node) {
    return std::holds_alternative<Identity>(op(node)) || std::holds_alternative<Reshape>(op(node)) ||
           std::holds_alternative<Flatten>(op(node)) || std::holds_alternative<Transpose>(op(node));
  };
  const Shape shape = net_.shape(output.node);
  if (shape.c < 2 || shape.h != 1 || shape.w != 1)
    return;
  NodeId node = output.node;
  while (renames(node) && node > 0)
    node = from(node);
  if (const auto *softmax = std::get_if<Softmax>(&op(node)); softmax && softmax->axis == Axis::c && !softmax->log) {
    graph.probabilities = node;
    graph.logits = from(node);
  } else if (std::holds_alternative<Dense>(op(node)) || std::holds_alternative<Conv>(op(node))) {
    graph.logits = output.node;
  }
}

Graph Importer::run() {
  const ModelWeights weights(weights_, file_.weights_root, file_.model);
  const std::vector<Value> inputs = graph_input(file_.model, grey_);
  const std::vector<Value> outputs = model(file_.model, weights, "", inputs);
  if (outputs.size() == 1)
    note_classifier(outputs.front());
  return std::move(net_.graph);
}

} // namespace

Graph import_model(const ModelFile &file, const Hdf5File &weights) {
  const Shape input = input_shape(file);
  Graph graph = Importer(file, weights, input).run();
  graph.input = {3, input.h, input.w};
  graph.preprocessing = own_preprocessing(graph);
  return graph;
}

} // namespace convscope::keras
