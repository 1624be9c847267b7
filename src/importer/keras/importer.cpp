#include "importer/keras/importer.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "graph/support.h"
#include "importer/heads.h"
#include "importer/keras/applications.h"
#include "importer/keras/call_order.h"
#include "importer/keras/layer.h"
#include "importer/keras/picture.h"
#include "importer/keras/weights.h"
#include "importer/preprocessing.h"

namespace convscope::keras {

namespace {

constexpr int most_nodes = 100'000;

// Classes that are in no Keras, but that many nets bring under these names, always for the same.
bool is_known_abroad(const std::string &kind) {
  constexpr std::string_view kinds[] = {"DropPath",   "StochasticDepth",  "FixedDropout",
                                        "LayerScale", "CustomScaleLayer", "GlobalResponseNormalization"};
  return std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

Handler handler_of(const LayerConfig &layer) {
  if (is_operation(layer))
    return import_operation;
  if (layer.foreign && !is_known_abroad(layer.kind))
    throw NotSupported{
        fmt::format("its class '{}' is none of Keras's, and the file does not hold its code", layer.kind)};
  for (const Handlers *handlers : {&convolution_layers(), &pooling_layers(), &normalization_layers(),
                                   &activation_layers(), &merging_layers(), &shape_layers(), &image_layers()})
    if (const auto found = handlers->find(layer.kind); found != handlers->end())
      return found->second;
  throw NotSupported{fmt::format("layers of the class {} are not supported", layer.kind)};
}

class Importer {
public:
  // A picture of one channel becomes coloured.
  Importer(const ModelFile &file, const Hdf5File &weights, const Picture &picture)
      : file_(file), weights_(weights), picture_(picture),
        net_(file.name, telling_name(file.model), {3, picture.shape.h, picture.shape.w}),
        budget_(8 * file.bytes + (std::int64_t{64} << 20)) {
    net_.channels_first = says_channels_first(file.model);
    net_.keras_version = file.keras_version;
  }

  Graph run();

private:
  using Values = std::vector<Value>;
  using Outputs = std::unordered_map<std::string, std::vector<Values>>; // of each layer, by call
  // The model's outputs for these inputs, one for each of its InputLayers.
  Values model(const ModelConfig &model, const ModelWeights &weights, const std::string &prefix, const Values &inputs);
  // `problem`: why it can't be run, else "".
  Values layer(const LayerConfig &config, std::size_t call, const std::string &name, const std::string &problem,
               const ModelWeights &weights, const Values &inputs);
  Values operands(const Call &call, const Outputs &outputs) const;
  static Value output(const std::vector<Values> &calls, const TensorRef &tensor);
  Values run_handler(const LayerConfig &config, std::size_t call, const std::string &name, const ModelWeights &weights,
                     const Values &inputs, std::int64_t &parameters);
  Values graph_inputs(const ModelConfig &model);
  Value unsupported(const std::string &name, const std::string &kind, const std::string &reason, const Values &inputs);
  void finish_layer(const LayerConfig &config, const std::string &name, NodeId first, Values &values);
  std::string take_name(const std::string &wanted, NodeId node, bool layer);
  void check_something_runs() const;

  const ModelFile &file_;
  const Hdf5File &weights_;
  Picture picture_;
  GraphBuilder net_;
  std::int64_t budget_;                 // bytes of weights that may still be read
  std::map<std::string, NodeId> names_; // of all nodes
};

std::string quoted(const std::string &file, const std::string &layer) {
  return fmt::format("{}: layer '{}'", file, layer);
}

// An error without the file and the layer that it begins with: "its 'filters' is 0", "it has no kernel in the file".
std::string reason_of(const UserError &error, const std::string &file, const std::string &layer) {
  std::string text = error.what();
  for (const std::string &start : {quoted(file, layer) + ": ", quoted(file, layer) + " ", file + ": "})
    if (text.starts_with(start)) {
      text = text.substr(start.size());
      const bool whole = text.starts_with("its ") || text.starts_with("the ") || start == file + ": ";
      return printable(whole ? text : "it " + text);
    }
  return printable(text);
}

// The name, or one with a number where another node has it. Inner steps give way to the file's own layers.
std::string Importer::take_name(const std::string &wanted, NodeId node, bool layer) {
  const auto other = names_.find(wanted);
  std::string name = wanted;
  for (int number = 2; names_.contains(name); ++number)
    name = fmt::format("{}{}{}", wanted, layer ? "#" : "", number);
  if (other != names_.end() && layer && !net_.graph.nodes[static_cast<std::size_t>(other->second)].layer) {
    std::swap(names_[name], other->second);
    net_.graph.nodes[static_cast<std::size_t>(names_[name])].name = name;
    name = wanted;
  }
  names_[name] = node;
  return name;
}

// The nodes that a layer added get their names: those of its outputs are the layer, those before are inner steps of it.
void Importer::finish_layer(const LayerConfig &config, const std::string &name, NodeId first, Values &values) {
  std::vector<Node> &nodes = net_.graph.nodes;
  const bool own =
      values.size() == 1 && values[0].node == static_cast<NodeId>(nodes.size()) - 1 && values[0].node >= first;
  if (!own) // outputs that are inputs, or inner steps, or several
    for (Value &value : values)
      value.node = net_.add({config.name, config.kind, Identity{}, {value.node}, true, 0});
  const auto end = static_cast<NodeId>(nodes.size() - values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    Node &last = nodes[static_cast<std::size_t>(end) + i];
    last.layer = true;
    last.name = take_name(i == 0 ? name : fmt::format("{}[{}]", name, i), end + static_cast<NodeId>(i), true);
  }
  std::map<std::string, int> parts;
  for (NodeId id = first; id < end; ++id) {
    Node &inner = nodes[static_cast<std::size_t>(id)];
    const std::string part = lower(op_name(inner.op));
    const int number = ++parts[part];
    inner.name = take_name(fmt::format("{}/{}{}", name, part, number == 1 ? "" : std::to_string(number)), id, false);
  }
}

Value Importer::unsupported(const std::string &name, const std::string &kind, const std::string &reason,
                            const Values &inputs) {
  std::vector<NodeId> from;
  for (const Value &input : inputs)
    from.push_back(input.node);
  return {net_.add({name, kind, Unsupported{reason}, std::move(from), true, 0}),
          inputs.empty() ? 4 : inputs.front().rank};
}

// UserError and NotSupported of what can't be taken over.
std::vector<Value> Importer::run_handler(const LayerConfig &config, std::size_t call, const std::string &name,
                                         const ModelWeights &weights, const Values &inputs, std::int64_t &parameters) {
  static const Call none;
  if (!config.problem.empty())
    throw NotSupported{config.problem};
  const auto unknown =
      std::find_if(inputs.begin(), inputs.end(), [&](const Value &value) { return net_.shape(value.node).c == 0; });
  if (unknown != inputs.end())
    throw NotSupported{fmt::format("it comes after {}, which is not supported",
                                   net_.graph.nodes[static_cast<std::size_t>(unknown->node)].name)};
  const Handler handler = handler_of(config);
  LayerWeights tensors(weights_, name, weights.tensors(config), budget_);
  Layer layer(net_, config, call < config.calls.size() ? config.calls[call] : none,
              Arguments(quoted(file_.name, name), config.arguments), std::move(tensors));
  layer.inputs = inputs;
  const Json *type = layer.args.find("dtype");
  if (type && type->is_object() && type->contains("class_name") && (*type)["class_name"].is_string() &&
      (*type)["class_name"].get<std::string>().starts_with("Quantized"))
    throw NotSupported{"its weights are quantized"};
  const Value value = handler(layer);
  parameters = layer.weights.taken();
  if (parameters > 0 && layer.weights.left() > 0)
    throw NotSupported{"it has more tensors in the file than Keras's layers of its class have"};
  return layer.outputs.empty() ? Values{value} : layer.outputs;
}

std::vector<Value> Importer::layer(const LayerConfig &config, std::size_t call, const std::string &name,
                                   const std::string &problem, const ModelWeights &weights, const Values &inputs) {
  const auto first = static_cast<NodeId>(net_.graph.nodes.size());
  if (first > most_nodes)
    throw UserError(fmt::format("{}: has more than {} layers", file_.name, most_nodes));
  Values values;
  std::int64_t parameters = 0;
  std::string reason = problem;
  try {
    if (reason.empty())
      values = run_handler(config, call, name, weights, inputs, parameters);
  } catch (const NotSupported &what) {
    reason = what.reason;
  } catch (const DamagedFile &) {
    throw;
  } catch (const UserError &error) {
    reason = reason_of(error, file_.name, name);
  }
  if (!reason.empty()) {
    net_.truncate(first);
    values = {unsupported(name, config.kind, reason, inputs)};
    parameters = 0;
  }
  finish_layer(config, name, first, values);
  net_.graph.nodes[static_cast<std::size_t>(values.front().node)].parameters = call == 0 ? parameters : 0;
  return values;
}

// NotSupported where one is not there.
std::vector<Value> Importer::operands(const Call &call, const Outputs &outputs) const {
  Values from;
  for (const Operand &operand : call)
    for (const TensorRef &tensor : operand.tensors) {
      const auto calls = outputs.find(tensor.layer);
      if (calls == outputs.end() || calls->second.empty())
        throw NotSupported{fmt::format("it reads a layer '{}' that is not there", tensor.layer)};
      from.push_back(output(calls->second, tensor));
      if (from.back().node < 0)
        throw NotSupported{fmt::format("it reads an output of '{}' that is not there", tensor.layer)};
    }
  return from;
}

// A node of -1 where it is not there. Files of nested models count calls from where they were nested.
Value Importer::output(const std::vector<Values> &calls, const TensorRef &tensor) {
  const Values &values = calls[std::min<std::size_t>(static_cast<std::size_t>(tensor.call), calls.size() - 1)];
  const auto index = static_cast<std::size_t>(tensor.output);
  return index < values.size() ? values[index] : Value{};
}

std::vector<Value> Importer::model(const ModelConfig &model, const ModelWeights &weights, const std::string &prefix,
                                   const Values &inputs) {
  Outputs outputs;
  for (const CallStep &step : call_order(file_.name, model)) {
    const LayerConfig &config = model.layers[step.layer];
    std::vector<Values> &own = outputs[config.name];
    own.resize(std::max(own.size(), step.call + 1));
    if (config.kind == "InputLayer") {
      const auto at = std::find(model.inputs.begin(), model.inputs.end(), config.name) - model.inputs.begin();
      if (static_cast<std::size_t>(at) < inputs.size())
        own[step.call] = {inputs[static_cast<std::size_t>(at)]};
      continue;
    }
    const std::string name = prefix + config.name + (step.call == 0 ? "" : fmt::format("/{}", step.call + 1));
    Values from;
    std::string problem;
    try {
      from = operands(config.calls[step.call], outputs);
    } catch (const NotSupported &missing) {
      problem = missing.reason;
    }
    if (config.model && problem.empty()) {
      own[step.call] = this->model(*config.model, weights.nested(config), name + "/", from);
      for (const Value &value : own[step.call])
        if (value.node >= 0)
          net_.graph.nodes[static_cast<std::size_t>(value.node)].aliases.push_back(name);
    } else {
      own[step.call] = layer(config, step.call, name, problem, weights, from);
    }
  }
  Values result;
  for (const TensorRef &tensor : model.outputs) {
    const auto found = outputs.find(tensor.layer);
    result.push_back(found == outputs.end() || found->second.empty() ? Value{} : output(found->second, tensor));
  }
  return result;
}

// The picture is the graph's input; a net with others still works where these do not reach.
std::vector<Value> Importer::graph_inputs(const ModelConfig &model) {
  Values inputs(model.inputs.size());
  const std::string &name = model.inputs[picture_.input];
  inputs[picture_.input].node = net_.add({name, "InputLayer", Input{}, {}, true, 0});
  take_name(net_.graph.nodes[0].name, 0, true);
  for (const auto &[given, value] : file_.inputs.values)
    if (given == name || std::find(model.inputs.begin(), model.inputs.end(), given) == model.inputs.end())
      throw UserError(given == name ? fmt::format("{}: --set {}: this is the picture", file_.name, given)
                                    : fmt::format("{}: --set: it has no input '{}'; there are '{}'", file_.name, given,
                                                  fmt::join(model.inputs, "', '")));
  std::vector<std::string> assumed;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (i != picture_.input) {
      std::string told;
      if (std::optional<Constant> value = further_input(file_, i, picture_, told)) {
        const bool map = value->shape.h > 1 || value->shape.w > 1;
        inputs[i] = {net_.add({model.inputs[i], "InputLayer", std::move(*value), {}, true, 0}), map ? 4 : 2};
      } else {
        inputs[i] = unsupported(model.inputs[i], "InputLayer", "it is an input besides the picture", {});
      }
      if (!told.empty())
        assumed.push_back(told);
      Node &node = net_.graph.nodes[static_cast<std::size_t>(inputs[i].node)];
      node.name = take_name(node.name, inputs[i].node, true);
    }
  if (!assumed.empty())
    net_.graph.notes.push_back(printable(fmt::format("its input {}; --set changes that", fmt::join(assumed, ", "))));
  return inputs;
}

// UserError where no layer can be run.
void Importer::check_something_runs() const {
  const Graph &graph = net_.graph;
  const std::vector<bool> runs = runnable_nodes(graph);
  for (std::size_t id = 0; id < runs.size(); ++id)
    if (runs[id] && graph.nodes[id].layer && graph.nodes[id].kind != "InputLayer")
      return;
  for (const Node &node : graph.nodes)
    if (const auto *op = std::get_if<Unsupported>(&node.op); op && node.kind != "InputLayer")
      throw UserError(fmt::format("{}: nothing of it can be shown: layer '{}' can't be run: {}", file_.name, node.name,
                                  op->reason));
}

// What gives a value for each class where no softmax tells: the last layer has weights.
bool gives_scores(const Graph &graph, NodeId node) {
  const auto &at = graph.nodes[static_cast<std::size_t>(node)];
  if (is_view(at.op) || std::holds_alternative<Transpose>(at.op))
    return !at.inputs.empty() && gives_scores(graph, at.inputs[0]);
  return std::holds_alternative<Dense>(at.op) || std::holds_alternative<Conv>(at.op);
}

Graph Importer::run() {
  const ModelWeights weights(weights_, file_.weights_root, file_.model);
  const Values inputs = graph_inputs(file_.model);
  const Values outputs = model(file_.model, weights, "", inputs);
  check_something_runs();
  std::vector<NodeId> ends;
  for (const Value &value : outputs)
    if (value.node >= 0)
      ends.push_back(value.node);
  Graph graph = std::move(net_.graph);
  graph.input = picture_.shape;
  find_classifier(graph, ends, graph.input, gives_scores);
  graph.preprocessing = picture_.whole ? of_channels(*named_preprocessing("raw255"), graph.input.c, file_.name)
                                       : raw_preprocessing(graph.input.c);
  return graph;
}

} // namespace

Graph import_model(const ModelFile &file, const Hdf5File &weights) {
  return Importer(file, weights, find_picture(file)).run();
}

} // namespace convscope::keras
