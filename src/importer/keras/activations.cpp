// Activations: as arguments of other layers, and as layers.
#include <cmath>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

NodeId unary(Layer &layer, NodeId x, Function function, double a = 1, double b = 0) {
  return layer.add(Unary{function, static_cast<float>(a), static_cast<float>(b)}, x);
}

// Keras's: max where x >= max; x where threshold <= x; else slope * (x - threshold).
NodeId relu(Layer &layer, NodeId x, double slope, double threshold, double max) {
  if (slope < 0 || max < 0)
    layer.fail("has a ReLU with a negative slope or maximum");
  if (slope == 0 && threshold == 0)
    return layer.add(Relu{static_cast<float>(max)}, x);
  NodeId y = threshold == 0 ? -1 : unary(layer, x, Function::thresholded, threshold);
  if (threshold == 0) {
    y = unary(layer, x, Function::leaky_relu, slope);
  } else if (slope != 0) {
    // Below: -slope * relu(threshold - x)
    NodeId below = unary(layer, x, Function::linear, -1, threshold);
    below = unary(layer, layer.add(Relu{}, below), Function::linear, -slope, 0);
    y = layer.combine(Arithmetic::add, y, below);
  }
  return std::isinf(max) ? y : unary(layer, y, Function::clip, -largest, max);
}

NodeId relu_of(Layer &layer, NodeId x, const Arguments &args) {
  return relu(layer, x, args.number("negative_slope", args.number("alpha", 0)), args.number("threshold", 0),
              args.find("max_value") ? args.number("max_value", 0) : double{infinity});
}

NodeId softmax(Layer &layer, Value value, int axis, bool log) {
  return layer.add(Softmax{layer.axis(axis, value.rank), log}, value.node);
}

// Without arguments, as names in a file stand for.
NodeId by_name(Layer &layer, Value value, const std::string &name, const Arguments &args) {
  const NodeId x = value.node;
  if (name == "linear")
    return x;
  if (name == "relu")
    return relu_of(layer, x, args);
  if (name == "relu6")
    return layer.add(Relu{6}, x);
  if (name == "softmax" || name == "log_softmax")
    return softmax(layer, value, args.integer("axis", -1), name == "log_softmax");
  if (name == "leaky_relu")
    return unary(layer, x, Function::leaky_relu, args.number("negative_slope", args.number("alpha", 0.2)));
  if (name == "elu")
    return unary(layer, x, Function::elu, args.number("alpha", 1));
  if (name == "selu")
    return unary(layer, x, Function::selu, 1.6732632423543772, 1.0507009873554805);
  if (name == "celu")
    return unary(layer, x, Function::celu, args.number("alpha", 1));
  if (name == "gelu")
    return unary(layer, x, args.flag("approximate", false) ? Function::gelu_tanh : Function::gelu);
  if (name == "hard_sigmoid")
    return layer.builder.keras_version < 3 ? unary(layer, x, Function::hard_sigmoid, 0.2, 0.5)
                                           : unary(layer, x, Function::hard_sigmoid, 1.0 / 6, 0.5);
  if (name == "hard_silu" || name == "hard_swish")
    return unary(layer, x, Function::hard_swish, 1.0 / 6, 0.5);
  if (name == "hard_tanh")
    return unary(layer, x, Function::clip, -1, 1);
  if (name == "tanh_shrink")
    return layer.combine(Arithmetic::subtract, x, unary(layer, x, Function::tanh));
  if (name == "log_sigmoid") // -softplus(-x)
    return unary(layer, unary(layer, unary(layer, x, Function::linear, -1), Function::softplus), Function::linear, -1);
  if (name == "squareplus") { // (x + sqrt(x^2 + b)) / 2
    NodeId root = unary(layer, layer.combine(Arithmetic::multiply, x, x), Function::linear, 1, args.number("b", 4));
    root = unary(layer, root, Function::sqrt);
    return unary(layer, layer.combine(Arithmetic::add, x, root), Function::linear, 0.5);
  }
  static const std::unordered_map<std::string, Function> plain{
      {"sigmoid", Function::sigmoid},   {"silu", Function::silu},         {"swish", Function::silu},
      {"mish", Function::mish},         {"tanh", Function::tanh},         {"softplus", Function::softplus},
      {"softsign", Function::softsign}, {"exponential", Function::exp},   {"exp", Function::exp},
      {"erf", Function::erf},           {"soft_sign", Function::softsign}};
  if (const auto found = plain.find(name); found != plain.end())
    return unary(layer, x, found->second);
  layer.unsupported(fmt::format("activation '{}' is not supported", name));
}

// The part behind the last '>', '.' or ':': "keras_hub>gelu".
std::string bare(const std::string &name) { return name.substr(name.find_last_of(">.:") + 1); }

const Json no_arguments = Json::object();

NodeId activation_layer(Layer &layer, Value value, const std::string &kind, const Arguments &args) {
  const NodeId x = value.node;
  if (kind == "ReLU")
    return relu_of(layer, x, args);
  if (kind == "LeakyReLU")
    return unary(layer, x, Function::leaky_relu, args.number("negative_slope", args.number("alpha", 0.3)));
  if (kind == "ThresholdedReLU")
    return unary(layer, x, Function::thresholded, args.number("theta", 1));
  if (kind == "ELU")
    return unary(layer, x, Function::elu, args.number("alpha", 1));
  if (kind == "Softmax") {
    if (const auto axes = args.integers("axis"); axes && axes->size() > 1)
      layer.unsupported("a softmax over several axes is not supported");
    return softmax(layer, value, args.integers("axis").value_or(std::vector<int>{-1}).at(0), false);
  }
  layer.unsupported(fmt::format("activation '{}' is not supported", kind));
}

bool is_activation_layer(const std::string &kind) {
  return kind == "ReLU" || kind == "LeakyReLU" || kind == "ThresholdedReLU" || kind == "ELU" || kind == "Softmax";
}

Value layer_of_one_activation(Layer &layer) {
  const Value from = layer.input();
  return {activation_layer(layer, from, layer.config.kind, layer.args), from.rank};
}

Value activation(Layer &layer) {
  const Value from = layer.input();
  return {activate(layer, from, layer.args.find("activation")), from.rank};
}

// Slopes of each channel, or of each value where they are shared along no axis.
Value prelu(Layer &layer) {
  const Value from = layer.input();
  const Shape shape = layer.input_shape();
  std::vector<std::int64_t> keras;
  Shape ours{1, 1, 1};
  const std::vector<int> shared = layer.args.integers("shared_axes").value_or(std::vector<int>{});
  for (int axis = 1; axis < from.rank; ++axis) {
    const bool one = std::find(shared.begin(), shared.end(), axis) != shared.end();
    const Axis side = layer.axis(axis, from.rank);
    ours.side(side) = one ? 1 : shape.side(side);
    keras.push_back(ours.side(side));
  }
  std::vector<float> alpha = layer.weights.take("alpha", keras);
  if (ours.h == 1 && ours.w == 1) {
    alpha.resize(static_cast<std::size_t>(shape.c), alpha[0]);
    return {layer.add(PRelu{std::move(alpha)}, from.node), from.rank};
  }
  // In Keras's order the last axis runs fastest: c, then w, then h, or with channels first as ours.
  std::vector<float> slopes(alpha.size());
  for (int c = 0, i = 0; c < ours.c; ++c)
    for (int h = 0; h < ours.h; ++h)
      for (int w = 0; w < ours.w; ++w, ++i)
        slopes[static_cast<std::size_t>(i)] = layer.channels_first()
                                                  ? alpha[static_cast<std::size_t>(i)]
                                                  : alpha[(static_cast<std::size_t>(h) * ours.w + w) * ours.c + c];
  const NodeId below =
      unary(layer, layer.add(Relu{}, unary(layer, from.node, Function::linear, -1)), Function::linear, -1);
  const NodeId scaled = layer.combine(Arithmetic::multiply, below, layer.constant(ours, std::move(slopes)));
  return {layer.combine(Arithmetic::add, layer.add(Relu{}, from.node), scaled), from.rank};
}

} // namespace

NodeId activate(Layer &layer, Value value, const Json *activation) {
  if (!activation || activation->is_null())
    return value.node;
  if (activation->is_string())
    return by_name(layer, value, bare(activation->get<std::string>()), Arguments("", no_arguments));
  // {"class_name": "function", "config": "relu6"} or {"class_name": "LeakyReLU", "config": {...}}
  const auto kind = activation->is_object() ? activation->find("class_name") : activation->end();
  const auto config = activation->is_object() ? activation->find("config") : activation->end();
  if (!activation->is_object() || kind == activation->end() || !kind->is_string())
    layer.fail("its 'activation' can't be read");
  if (config != activation->end() && config->is_string())
    return by_name(layer, value, bare(config->get<std::string>()), Arguments("", no_arguments));
  const std::string name = bare(kind->get<std::string>());
  const Arguments args(fmt::format("the activation of layer '{}'", layer.config.name),
                       config != activation->end() && config->is_object() ? *config : no_arguments);
  if (name == "Activation")
    return activate(layer, value, args.find("activation"));
  return is_activation_layer(name) ? activation_layer(layer, value, name, args)
                                   : by_name(layer, value, snake_case(name), args);
}

const Handlers &activation_layers() {
  static const Handlers handlers{{"Activation", activation},
                                 {"PReLU", prelu},
                                 {"ReLU", layer_of_one_activation},
                                 {"LeakyReLU", layer_of_one_activation},
                                 {"ThresholdedReLU", layer_of_one_activation},
                                 {"ELU", layer_of_one_activation},
                                 {"Softmax", layer_of_one_activation}};
  return handlers;
}

} // namespace convscope::keras
