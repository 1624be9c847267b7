#include "microscope/survey.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "graph/names.h"
#include "graph/ops.h"
#include "graph/readers.h"
#include "graph/shapes.h"
#include "graph/support.h"
#include "microscope/names.h"
#include "session/input_size.h"

namespace convscope {

namespace {

const Node &node_of(const Graph &graph, NodeId id) { return graph.nodes[static_cast<std::size_t>(id)]; }

bool mixes_channels(const Op &op) { return is_any<Conv, ConvTranspose, Dense, Add, Concat>(op); }

// Each channel by itself, at its place: what such an op gives is the layer before it, looked at again.
bool by_channel(const Op &op) { return is_any<ScaleShift, Relu, PRelu, Unary, Normalize, Identity>(op); }

// Down the chain of single readers, the last that is a layer; -1 where none is.
NodeId end_of_chain(const Graph &graph, const Readers &read_by, NodeId id) {
  NodeId end = node_of(graph, id).layer ? id : -1;
  for (NodeId next = read_by.only(id); next >= 0 && by_channel(node_of(graph, next).op); next = read_by.only(next))
    if (node_of(graph, next).layer)
      end = next;
  return end;
}

// Whether it can't be below 0, whatever the picture.
bool never_negative(const Graph &graph, NodeId id) {
  const Node &node = node_of(graph, id);
  if (const auto *unary = std::get_if<Unary>(&node.op)) {
    const Function f = unary->function;
    return f == Function::sigmoid || f == Function::hard_sigmoid || f == Function::softplus || f == Function::exp ||
           f == Function::sqrt || f == Function::abs || (f == Function::clip && unary->a >= 0);
  }
  if (is_any<Relu, Softmax>(node.op))
    return true;
  const bool keeps = is_any<MaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, Concat, Add, Identity, Flatten, Reshape,
                            Slice, Resize, ChannelShuffle, ZeroPad>(node.op);
  return keeps && !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), [&](NodeId input) {
           return never_negative(graph, input);
         });
}

std::string negative_of(const Graph &graph, NodeId id) {
  while (never_negative(graph, id)) {
    const Node &node = node_of(graph, id);
    if (!is_any<Relu, Unary, Identity>(node.op))
      return "";
    id = node.inputs.front();
  }
  return node_of(graph, id).name;
}

std::vector<NodeId> wanted_layers(const Graph &graph, const std::vector<std::string> &texts) {
  std::vector<NodeId> layers;
  for (const std::string &text : texts) {
    const std::vector<NodeId> named = find_layers(graph, text, "--layers");
    layers.insert(layers.end(), named.begin(), named.end());
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  return layers;
}

} // namespace

std::vector<NodeId> telling_layers(const Graph &graph) {
  const Readers read_by = readers(graph);
  std::vector<NodeId> ends(graph.nodes.size(), -1);
  std::vector<NodeId> layers;
  for (std::size_t id = 0; id < graph.nodes.size(); ++id)
    if (mixes_channels(graph.nodes[id].op))
      ends[id] = end_of_chain(graph, read_by, static_cast<NodeId>(id));
  const auto in_concat = [&](NodeId end) {
    const NodeId next = read_by.only(end);
    const auto *concat = next < 0 ? nullptr : std::get_if<Concat>(&node_of(graph, next).op);
    return concat && concat->axis == Axis::c && ends[static_cast<std::size_t>(next)] >= 0;
  };
  for (const NodeId end : ends)
    if (end >= 0 && !in_concat(end))
      layers.push_back(end);
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  return layers;
}

std::vector<Shape> node_shapes(const Model &model) {
  const Graph &graph = model.graph;
  std::vector<Shape> shapes(graph.nodes.size());
  const std::vector<bool> runs = runnable_nodes(graph);
  for (std::size_t id = graph.nodes.size(); id-- > 0;) {
    if (!runs[id] || shapes[id].c > 0)
      continue;
    try {
      const std::vector<Shape> before = infer_shapes(graph, graph.input, static_cast<NodeId>(id));
      for (std::size_t i = 0; i <= id; ++i)
        if (before[i].c > 0)
          shapes[i] = before[i];
    } catch (const UserError &) {
    }
  }
  return shapes;
}

std::vector<SurveyLayer> named_layers(const Model &model) {
  const Graph &graph = model.graph;
  const std::vector<Shape> shapes = node_shapes(model);
  std::vector<SurveyLayer> layers;
  std::vector<std::string> names;
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    if (!node.layer)
      continue;
    layers.push_back({static_cast<NodeId>(id),
                      node.name,
                      node.kind,
                      "",
                      shapes[id],
                      {},
                      negative_of(graph, static_cast<NodeId>(id))});
    names.push_back(node.name);
  }
  const std::vector<std::string> folders = folder_names(names);
  for (std::size_t i = 0; i < layers.size(); ++i)
    layers[i].folder = folders[i];
  return layers;
}

std::vector<NodeId> Survey::nodes() const {
  std::vector<NodeId> ids;
  for (const SurveyLayer &layer : layers)
    ids.push_back(layer.node);
  return ids;
}

Survey survey(const Model &model, const SurveyRequest &request) {
  const Graph &graph = model.graph;
  const bool chosen = !request.layers.empty();
  const std::vector<NodeId> wanted = chosen ? wanted_layers(graph, request.layers) : telling_layers(graph);
  Survey survey;
  int most = 0;
  for (SurveyLayer layer : named_layers(model)) {
    if (!std::binary_search(wanted.begin(), wanted.end(), layer.node))
      continue;
    if (!chosen && layer.shape.h * layer.shape.w <= 1)
      continue; // a vector, or what can't be run
    try {
      const Size input = input_size_for(model, {layer.node}, request.recipe, request.image);
      const Shape shape = shape_at(model, layer.node, net_size(input, request.recipe, request.image));
      most = std::max(most, shape.c);
      if (layer.shape.c == 0)
        layer.shape = shape;
      for (int unit = 0; unit < shape.c; ++unit)
        if (request.channels.empty() || std::binary_search(request.channels.begin(), request.channels.end(), unit))
          layer.units.push_back(unit);
      if (!layer.units.empty())
        survey.layers.push_back(std::move(layer));
    } catch (const UserError &error) {
      if (chosen)
        throw;
      survey.left_out.push_back(fmt::format("{}: {}", layer.name, error.what()));
    }
  }
  if (survey.layers.empty() && most > 0)
    throw UserError(
        fmt::format("--channels: none of the layers has them: the largest has {}, 0 to {}", most, most - 1));
  if (survey.layers.empty())
    throw UserError(fmt::format("{}: no layer has maps that a picture can be made of{}", graph.name,
                                survey.left_out.empty() ? "" : "; " + survey.left_out.front()));
  return survey;
}

const std::vector<ViewForm> &view_forms() {
  static const std::vector<ViewForm> forms{{View::channel, "", "{}:{}"},
                                           {View::negative, "-negative", "-{}:{}"},
                                           {View::neuron, "-neuron", "{}:{}@center"},
                                           {View::face, "-face", "{0}:{1} - {2:.0f}*diversity({0})"}};
  return forms;
}

const ViewForm &form_of(View view) { return view_forms()[static_cast<std::size_t>(view)]; }

std::string objective_text(View view, const std::string &layer, int channel, double difference) {
  return fmt::format(fmt::runtime(form_of(view).format), layer, channel, difference);
}

std::string work_hash(const std::string &settings_json) {
  nlohmann::json json = nlohmann::json::parse(settings_json); // whose keys are sorted
  for (const char *key : {"convscope", "device", "driver", "model", "batch", "labels"})
    json.erase(key);
  for (const char *key : {"weights", "photo"})
    if (json.contains(key))
      json[key].erase("file");
  return hash_text(json.dump());
}

} // namespace convscope
