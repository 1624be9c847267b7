// Layers that make one tensor of several.
#include <algorithm>

#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

// Keras lets tensors of fewer axes take part: (n, c) reads as (n, 1, 1, c), which is how vectors are here.
int common_rank(Layer &layer) {
  if (layer.inputs.size() < 2)
    layer.fail(fmt::format("combines {} tensors", layer.inputs.size()));
  int rank = layer.input().rank;
  for (const Value &value : layer.inputs)
    rank = std::max(rank, value.rank);
  for (const Value &value : layer.inputs)
    if (value.rank != rank && (layer.channels_first() || value.rank != 2))
      layer.unsupported("it combines tensors of different ranks");
  return rank;
}

NodeId sum_of(Layer &layer) {
  std::vector<NodeId> nodes;
  bool alike = true;
  for (const Value &value : layer.inputs) {
    nodes.push_back(value.node);
    alike = alike && layer.shape(value.node) == layer.input_shape();
  }
  if (nodes.size() > 1 && alike)
    return layer.add(Add{}, nodes);
  NodeId sum = nodes[0];
  for (std::size_t i = 1; i < nodes.size(); ++i)
    sum = layer.combine(Arithmetic::add, sum, nodes[i]);
  return sum;
}

Value add(Layer &layer) {
  const int rank = common_rank(layer);
  return {sum_of(layer), rank};
}

Value average(Layer &layer) {
  const int rank = common_rank(layer);
  const Unary divide{Function::linear, 1.0F / static_cast<float>(layer.inputs.size()), 0};
  return {layer.add(divide, sum_of(layer)), rank};
}

template <Arithmetic arithmetic> Value chain(Layer &layer) {
  const int rank = common_rank(layer);
  NodeId result = layer.input().node;
  for (std::size_t i = 1; i < layer.inputs.size(); ++i)
    result = layer.combine(arithmetic, result, layer.inputs[i].node);
  return {result, rank};
}

Value subtract(Layer &layer) {
  if (layer.inputs.size() != 2)
    layer.fail(fmt::format("subtracts {} tensors", layer.inputs.size()));
  return chain<Arithmetic::subtract>(layer);
}

} // namespace

std::vector<NodeId> joined_nodes(Layer &layer) {
  std::vector<NodeId> nodes;
  for (const Value &value : layer.inputs) {
    if (value.rank != layer.input().rank)
      layer.fail("joins tensors of different ranks");
    nodes.push_back(value.node);
  }
  return nodes;
}

namespace {

Value concatenate(Layer &layer) {
  const std::vector<NodeId> nodes = joined_nodes(layer);
  const int rank = layer.input().rank;
  return {layer.add(Concat{layer.axis(layer.args.integer("axis", -1), rank)}, nodes), rank};
}

// InceptionResNetV2's x + scale * y; Keras 2 wrote it as a Lambda with that argument, of which nothing else is known.
Value scaled_sum(Layer &layer, double scale) {
  if (layer.inputs.size() != 2)
    layer.unsupported("it is not the scaled sum of two tensors");
  const NodeId scaled = layer.add(Unary{Function::linear, static_cast<float>(scale), 0}, layer.inputs[1].node);
  return {layer.add(Add{}, {layer.inputs[0].node, scaled}), layer.input().rank};
}

Value custom_scale(Layer &layer) { return scaled_sum(layer, layer.args.number("scale", 1)); }

Value lambda(Layer &layer) {
  const Json *arguments = layer.args.find("arguments");
  const bool scales = arguments && arguments->is_object() && arguments->size() == 1 && arguments->contains("scale") &&
                      (*arguments)["scale"].is_number() && layer.inputs.size() == 2;
  if (!scales)
    layer.unsupported("a Lambda layer's code is not read");
  return scaled_sum(layer, (*arguments)["scale"].get<double>());
}

} // namespace

const Handlers &merging_layers() {
  static const Handlers handlers{{"Add", add},
                                 {"Average", average},
                                 {"Subtract", subtract},
                                 {"Multiply", chain<Arithmetic::multiply>},
                                 {"Maximum", chain<Arithmetic::maximum>},
                                 {"Minimum", chain<Arithmetic::minimum>},
                                 {"Concatenate", concatenate},
                                 {"CustomScaleLayer", custom_scale},
                                 {"Lambda", lambda}};
  return handlers;
}

} // namespace convscope::keras
