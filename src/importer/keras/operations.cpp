// Functions that a model calls between its layers: keras.ops' classes (Add, Mean, GetItem) and TensorFlow's functions
// (TFOpLambda of Keras 2: tf.math.multiply). Those with arguments that a Graph has a place for.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "importer/keras/operations.h"

namespace convscope::keras {

namespace {

// The function's name without its module, as both worlds spell it: "math.reduce_mean", "Mean" -> "mean".
std::string function_name(const Layer &layer) {
  std::string name = layer.config.operation ? snake_case(layer.config.kind) : layer.args.text("function", "");
  name = name.substr(name.find_last_of('.') + 1);
  if (name.starts_with("reduce_"))
    name = name.substr(7);
  static const std::unordered_map<std::string, std::string> synonyms{
      {"truediv", "divide"},     {"true_divide", "divide"}, {"realdiv", "divide"},
      {"div", "divide"},         {"sub", "subtract"},       {"mul", "multiply"},
      {"pow", "power"},          {"concat", "concatenate"}, {"neg", "negative"},
      {"absolute", "abs"},       {"amax", "max"},           {"amin", "min"},
      {"clip_by_value", "clip"}, {"get_item", "getitem"},   {"__add__", "add"},
      {"add_v2", "add"},         {"reverse", "flip"},       {"convert_to_tensor", "identity"}};
  const auto found = synonyms.find(name);
  return found == synonyms.end() ? name : found->second;
}

std::optional<double> scalar(const Json *value) {
  if (!value || !value->is_number())
    return std::nullopt;
  return value->get<double>();
}

NodeId linear(Layer &layer, NodeId x, double a, double b) {
  return layer.add(Unary{Function::linear, static_cast<float>(a), static_cast<float>(b)}, x);
}

// x (op) number, or number (op) x
NodeId with_number(Layer &layer, Arithmetic arithmetic, NodeId x, double number, bool number_first) {
  const auto n = static_cast<float>(number);
  switch (arithmetic) {
  case Arithmetic::add:
    return linear(layer, x, 1, number);
  case Arithmetic::subtract:
    return number_first ? linear(layer, x, -1, number) : linear(layer, x, 1, -number);
  case Arithmetic::multiply:
    return linear(layer, x, number, 0);
  case Arithmetic::divide:
    if (number_first)
      return linear(layer, layer.add(Unary{Function::reciprocal}, x), number, 0);
    if (number == 0)
      layer.fail("divides by zero");
    return linear(layer, x, 1 / number, 0);
  case Arithmetic::maximum:
    return layer.add(Unary{Function::clip, n, largest}, x);
  case Arithmetic::minimum:
    return layer.add(Unary{Function::clip, -largest, n}, x);
  case Arithmetic::power:
    break;
  }
  if (number_first)
    layer.unsupported("a power with a constant base is not supported");
  return layer.add(Unary{Function::power, n}, x);
}

// A list of numbers along the last axis, which is that of the channels.
NodeId with_list(Layer &layer, Arithmetic arithmetic, NodeId x, const Json &list, bool list_first) {
  std::vector<float> values;
  for (const Json &item : list)
    if (const auto number = scalar(&item))
      values.push_back(static_cast<float>(*number));
  const int c = layer.shape(x).c;
  if (layer.channels_first() || values.size() != list.size() || static_cast<int>(values.size()) != c)
    layer.unsupported("a constant of this shape is not supported");
  const NodeId node = layer.constant({c, 1, 1}, std::move(values));
  return list_first ? layer.combine(arithmetic, node, x) : layer.combine(arithmetic, x, node);
}

Value binary(Layer &layer, Arithmetic arithmetic) {
  if (layer.inputs.size() == 2) {
    const Value a = layer.inputs[0], b = layer.inputs[1];
    if (a.rank != b.rank)
      layer.unsupported("it combines tensors of different ranks");
    const bool sum = arithmetic == Arithmetic::add && layer.shape(a.node) == layer.shape(b.node);
    return {sum ? layer.add(Add{}, {a.node, b.node}) : layer.combine(arithmetic, a.node, b.node), a.rank};
  }
  const Value x = layer.input();
  const bool constant_first = layer.call.front().tensors.empty();
  for (const Operand &operand : layer.call) {
    if (!operand.tensors.empty() || operand.key == "name")
      continue;
    const Json &value = unwrapped(operand.constant);
    if (const auto number = scalar(&value))
      return {with_number(layer, arithmetic, x.node, *number, constant_first), x.rank};
    if (value.is_array())
      return {with_list(layer, arithmetic, x.node, value, constant_first), x.rank};
  }
  layer.unsupported("its operands are not supported");
}

// Whole numbers would be rounded; floats of another width are the same here.
Value cast(Layer &layer) {
  std::string type = "float32";
  if (const Json *own = layer.args.find("dtype"); layer.config.operation && own && own->is_string())
    type = own->get<std::string>();
  for (const Operand &operand : layer.call)
    if (const Json &value = unwrapped(operand.constant);
        operand.tensors.empty() && value.is_string() && operand.key != "name")
      type = value.get<std::string>();
  if (!type.starts_with("float") && !type.starts_with("bfloat"))
    layer.unsupported(fmt::format("makes '{}', which is no float", type));
  return layer.input();
}

Value reduce(Layer &layer, Reduction reduction) {
  const Value x = layer.input();
  Axes axes;
  const std::vector<int> listed = axes_of(layer);
  for (const int index : listed) {
    const Axis axis = layer.axis(index, x.rank);
    (axis == Axis::c ? axes.c : axis == Axis::h ? axes.h : axes.w) = true;
  }
  if (listed.empty())
    layer.unsupported("it reduces the batch, too");
  const Json *keeps = constant(layer, "keepdims", 2);
  const bool keep = keeps && keeps->is_boolean() && keeps->get<bool>();
  const bool pixels = x.rank == 4 && axes.h && axes.w && !axes.c;
  const NodeId node = pixels && reduction == Reduction::mean ? layer.add(GlobalAvgPool{}, x.node)
                                                             : layer.add(Reduce{reduction, axes}, x.node);
  std::vector<int> left; // of the axes
  for (int axis = 1; axis < x.rank; ++axis)
    if (const Axis side = layer.axis(axis, x.rank); keep || !(side == Axis::c   ? axes.c
                                                              : side == Axis::h ? axes.h
                                                                                : axes.w))
      left.push_back(axis);
  return rearranged(layer, {node, x.rank}, left);
}

Value clip(Layer &layer) {
  const Value x = layer.input();
  const auto bound_of = [&](const char *keras, const char *tensorflow, std::size_t position) {
    const auto value = scalar(constant(layer, keras, position));
    return value ? value : scalar(constant(layer, tensorflow, position));
  };
  const auto low = bound_of("x_min", "clip_value_min", 1), high = bound_of("x_max", "clip_value_max", 2);
  if (!low || !high)
    layer.unsupported("its bounds are not supported");
  return {layer.add(Unary{Function::clip, static_cast<float>(*low), static_cast<float>(*high)}, x.node), x.rank};
}

Value concatenate_operation(Layer &layer) {
  const std::vector<NodeId> nodes = joined_nodes(layer);
  const int rank = layer.input().rank;
  const std::vector<int> axes = axes_of(layer);
  return {layer.add(Concat{layer.axis(axes.empty() ? -1 : axes[0], rank)}, nodes), rank};
}

Value depth_to_space(Layer &layer, bool back) {
  layer.need_rank(4);
  const Json *value = constant(layer, "block_size", 1);
  const int block = value ? as_integer(*value).value_or(0) : 0;
  if (block < 1 || block > 1024 || layer.channels_first())
    layer.unsupported("its block size is not supported");
  const NodeId x = layer.input().node;
  return {back ? layer.add(SpaceToDepth{block}, x) : layer.add(DepthToSpace{block, true}, x), 4};
}

// keras.ops.image.resize and tf.image.resize; that of TensorFlow 1 has other centres.
Value resize(Layer &layer) {
  layer.need_rank(4);
  const Json *size = constant(layer, "size", 1);
  const Json *name = constant(layer, layer.config.operation ? "interpolation" : "method", 2);
  if (!layer.config.operation && layer.args.text("function", "") != "image.resize")
    layer.unsupported("its centres are those of TensorFlow 1");
  for (const char *key : {"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "preserve_aspect_ratio"})
    if (const Json *flag = constant(layer, key, SIZE_MAX); flag && *flag != false)
      layer.unsupported(fmt::format("its '{}' is not supported", key));
  const auto side = [&](std::size_t i) {
    return size && size->is_array() && size->size() == 2 ? as_integer((*size)[i]).value_or(0) : 0;
  };
  Resize op = resize_filter(layer, name && name->is_string() ? name->get<std::string>() : "bilinear");
  op.out_h = side(0);
  op.out_w = side(1);
  if (op.out_h < 1 || op.out_w < 1 || op.out_h > 1 << 16 || op.out_w > 1 << 16)
    layer.unsupported("its size is not two numbers");
  return {layer.add(op, layer.input().node), 4};
}

const Handlers &functions() {
  static const auto unary = [](Function function, double a = 1, double b = 0) {
    return Unary{function, static_cast<float>(a), static_cast<float>(b)};
  };
  static const Handlers all{{"add", [](Layer &layer) { return binary(layer, Arithmetic::add); }},
                            {"bias_add", [](Layer &layer) { return binary(layer, Arithmetic::add); }},
                            {"subtract", [](Layer &layer) { return binary(layer, Arithmetic::subtract); }},
                            {"multiply", [](Layer &layer) { return binary(layer, Arithmetic::multiply); }},
                            {"divide", [](Layer &layer) { return binary(layer, Arithmetic::divide); }},
                            {"maximum", [](Layer &layer) { return binary(layer, Arithmetic::maximum); }},
                            {"minimum", [](Layer &layer) { return binary(layer, Arithmetic::minimum); }},
                            {"power", [](Layer &layer) { return binary(layer, Arithmetic::power); }},
                            {"mean", [](Layer &layer) { return reduce(layer, Reduction::mean); }},
                            {"sum", [](Layer &layer) { return reduce(layer, Reduction::sum); }},
                            {"max", [](Layer &layer) { return reduce(layer, Reduction::max); }},
                            {"min", [](Layer &layer) { return reduce(layer, Reduction::min); }},
                            {"clip", clip},
                            {"resize", resize},
                            {"concatenate", concatenate_operation},
                            {"depth_to_space", [](Layer &layer) { return depth_to_space(layer, false); }},
                            {"space_to_depth", [](Layer &layer) { return depth_to_space(layer, true); }},
                            {"negative",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::linear, -1), l.input().node), l.input().rank};
                             }},
                            {"abs",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::abs), l.input().node), l.input().rank};
                             }},
                            {"sqrt",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::sqrt), l.input().node), l.input().rank};
                             }},
                            {"rsqrt",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::power, -0.5), l.input().node), l.input().rank};
                             }},
                            {"square",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::power, 2), l.input().node), l.input().rank};
                             }},
                            {"log",
                             [](Layer &l) {
                               return Value{l.add(unary(Function::log), l.input().node), l.input().rank};
                             }},
                            {"cast", cast},
                            {"identity", [](Layer &layer) { return layer.input(); }},
                            {"stop_gradient", [](Layer &layer) { return layer.input(); }}};
  return all;
}

// What an activation that is called as a function takes besides the tensor, in Keras's and TensorFlow's order.
std::span<const std::string> parameters_of(const std::string &activation) {
  static const std::unordered_map<std::string, std::vector<std::string>> all{
      {"relu", {"alpha", "max_value", "threshold", "negative_slope"}},
      {"leaky_relu", {"alpha", "negative_slope"}},
      {"softmax", {"axis"}},
      {"log_softmax", {"axis"}},
      {"elu", {"alpha"}},
      {"celu", {"alpha"}},
      {"gelu", {"approximate"}},
      {"squareplus", {"b"}}};
  const auto found = all.find(activation);
  return found == all.end() ? std::span<const std::string>() : std::span(found->second);
}

// Arguments of the call, which Keras 2 writes there alone, beside those of the configuration.
Json activation_arguments(const Layer &layer, const std::string &name) {
  Json all = layer.config.arguments.is_object() ? layer.config.arguments : Json::object();
  const auto known = parameters_of(name);
  for (std::size_t i = 0; i < layer.call.size(); ++i) {
    const Operand &operand = layer.call[i];
    const Json &value = unwrapped(operand.constant);
    if (!operand.tensors.empty() || operand.key == "name" || value.is_null())
      continue;
    const bool by_place = operand.key.empty() && i > 0 && i <= known.size();
    const std::string key = by_place ? known[i - 1] : operand.key;
    if (key == "beta" && value == 1) // of silu
      continue;
    if (std::find(known.begin(), known.end(), key) == known.end())
      layer.unsupported(fmt::format("the argument '{}' of '{}' is not supported", key, name));
    all[key] = value;
  }
  return all;
}

} // namespace

bool is_operation(const LayerConfig &config) {
  return config.operation || config.kind == "TFOpLambda" || config.kind == "SlicingOpLambda";
}

Value import_operation(Layer &layer) {
  const std::string name = function_name(layer);
  for (const Handlers *handlers : {&functions(), &moving_functions()})
    if (const auto found = handlers->find(name); found != handlers->end())
      return found->second(layer);
  const Value x = layer.input();
  if (layer.inputs.size() != 1)
    layer.unsupported(fmt::format("the operation '{}' is not supported", name));
  const Json arguments = activation_arguments(layer, name);
  try {
    const Json activation = {{"class_name", name}, {"config", arguments}};
    return {activate(layer, x, &activation), x.rank};
  } catch (const NotSupported &) {
    layer.unsupported(fmt::format("the operation '{}' is not supported", name));
  }
}

} // namespace convscope::keras
