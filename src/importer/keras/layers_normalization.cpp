// Batch, layer, group and unit normalization, scalings of the input and of channels.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

Value batch_norm(Layer &layer) {
  const Value from = layer.input();
  const auto axes = layer.args.integers("axis").value_or(std::vector<int>{-1});
  if (axes.size() != 1 || layer.axis(axes[0], from.rank) != Axis::c)
    layer.unsupported("it normalizes along another axis than the channels");
  const double epsilon = layer.args.number("epsilon", 1e-3);
  const int c = layer.channels();
  std::vector<float> gamma, beta;
  if (layer.args.flag("scale", true))
    gamma = layer.weights.take("gamma", {c});
  if (layer.args.flag("center", true))
    beta = layer.weights.take("beta", {c});
  const std::vector<float> mean = layer.weights.take("moving mean", {c});
  const std::vector<float> variance = layer.weights.take("moving variance", {c});
  while (layer.args.flag("renorm", false) && layer.weights.left() > 0)
    layer.weights.skip(); // what training alone needs of it
  ScaleShift op;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double deviation = std::sqrt(variance[i] + epsilon);
    if (!(deviation > 0))
      layer.fail(fmt::format("has a moving variance of {}", variance[i]));
    op.scale.push_back((gamma.empty() ? 1.0 : gamma[i]) / deviation);
    op.shift.push_back((beta.empty() ? 0.0 : beta[i]) - mean[i] * op.scale.back());
  }
  return {layer.add(std::move(op), from.node), from.rank};
}

// gamma and beta of a layer or group normalization, which may be off.
struct Affine {
  std::vector<float> gamma, beta;
};
Affine affine(Layer &layer, const std::vector<std::int64_t> &shape) {
  Affine result;
  if (layer.args.flag("scale", true))
    result.gamma = layer.weights.take("gamma", shape);
  if (layer.args.flag("center", true))
    result.beta = layer.weights.take("beta", shape);
  return result;
}

NodeId apply(Layer &layer, const Affine &affine, NodeId node) {
  if (affine.gamma.empty() && affine.beta.empty())
    return node;
  const auto c = static_cast<std::size_t>(layer.shape(node).c);
  ScaleShift op{std::vector<double>(c, 1), std::vector<double>(c, 0)};
  std::copy(affine.gamma.begin(), affine.gamma.end(), op.scale.begin());
  std::copy(affine.beta.begin(), affine.beta.end(), op.shift.begin());
  return layer.add(std::move(op), node);
}

// Weights that Keras holds for each of these axes (in that order) as a map to be combined with ours.
NodeId map_of(Layer &layer, const std::vector<Axis> &axes, const std::vector<float> &values) {
  Shape shape{1, 1, 1};
  for (const Axis axis : axes)
    shape.side(axis) = layer.input_shape().side(axis);
  std::vector<float> ours(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    Shape at{0, 0, 0};
    std::size_t rest = i;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      const auto side = static_cast<std::size_t>(shape.side(*axis));
      at.side(*axis) = static_cast<int>(rest % side);
      rest /= side;
    }
    ours[(static_cast<std::size_t>(at.c) * shape.h + at.h) * shape.w + at.w] = values[i];
  }
  return layer.constant(shape, std::move(ours));
}

Value layer_norm(Layer &layer) {
  const Value from = layer.input();
  if (layer.args.flag("rms_scaling", false))
    layer.unsupported("its 'rms_scaling' is not supported");
  Normalize op;
  op.epsilon = layer.args.number("epsilon", 1e-3);
  std::vector<Axis> axes;
  std::vector<std::int64_t> shape;
  for (const int index : layer.args.integers("axis").value_or(std::vector<int>{-1})) {
    const Axis axis = layer.axis(index, from.rank);
    if (std::find(axes.begin(), axes.end(), axis) != axes.end())
      layer.fail("has an axis twice");
    axes.push_back(axis);
    shape.push_back(layer.input_shape().side(axis));
    (axis == Axis::c ? op.axes.c : axis == Axis::h ? op.axes.h : op.axes.w) = true;
  }
  const Affine scaling = affine(layer, shape);
  NodeId node = layer.add(op, from.node);
  if (axes.size() == 1 && axes[0] == Axis::c)
    return {apply(layer, scaling, node), from.rank};
  if (!scaling.gamma.empty())
    node = layer.combine(Arithmetic::multiply, node, map_of(layer, axes, scaling.gamma));
  if (!scaling.beta.empty())
    node = layer.combine(Arithmetic::add, node, map_of(layer, axes, scaling.beta));
  return {node, from.rank};
}

Value group_norm(Layer &layer) {
  const Value from = layer.input();
  if (layer.axis(layer.args.integer("axis", -1), from.rank) != Axis::c)
    layer.unsupported("it normalizes groups along another axis than the channels");
  Normalize op;
  op.axes = {true, true, true};
  op.epsilon = layer.args.number("epsilon", 1e-3);
  op.groups = layer.args.integer("groups", 32);
  if (op.groups == -1)
    op.groups = layer.channels();
  if (op.groups < 1)
    layer.fail(fmt::format("its 'groups' is {}", op.groups));
  const Affine scaling = affine(layer, {layer.channels()});
  return {apply(layer, scaling, layer.add(op, from.node)), from.rank};
}

// x / sqrt(max(sum of squares, 1e-12))
Value unit_norm(Layer &layer) {
  const Value from = layer.input();
  Reduce sum{Reduction::sum_square, {}};
  for (const int index : layer.args.integers("axis").value_or(std::vector<int>{-1})) {
    const Axis axis = layer.axis(index, from.rank);
    (axis == Axis::c ? sum.axes.c : axis == Axis::h ? sum.axes.h : sum.axes.w) = true;
  }
  NodeId length = layer.add(sum, from.node);
  length = layer.add(Unary{Function::clip, 1e-12F, largest}, length);
  length = layer.add(Unary{Function::power, -0.5F}, length);
  return {layer.combine(Arithmetic::multiply, from.node, length), from.rank};
}

// One number for all channels, or one for each.
std::vector<double> per_channel(const Layer &layer, std::vector<double> values, const char *key) {
  const auto c = static_cast<std::size_t>(layer.channels());
  if (values.size() == 1)
    values.resize(c, values[0]);
  if (values.size() != c)
    layer.unsupported(fmt::format("its '{}' has {} values for {} channels", key, values.size(), c));
  return values;
}

// Statistics of the input, given as arguments or learned by adapt().
Value normalization(Layer &layer) {
  const Value from = layer.input();
  for (const int index : layer.args.integers("axis").value_or(std::vector<int>{}))
    if (layer.axis(index, from.rank) != Axis::c)
      layer.unsupported("it normalizes along another axis than the channels");
  std::vector<double> mean, variance;
  if (const auto given = layer.args.numbers("mean")) {
    mean = *given;
    variance = layer.args.numbers("variance").value_or(std::vector<double>{1});
  } else {
    const auto learned = [&](const char *what) {
      std::vector<std::int64_t> shape = layer.weights.shape(what);
      const std::vector<float> values = layer.weights.take(what, shape);
      return std::vector<double>(values.begin(), values.end());
    };
    mean = learned("mean");
    variance = learned("variance");
    if (layer.weights.left() > 0 && layer.weights.shape("count").empty())
      layer.weights.skip(); // how many values it learned from
  }
  mean = per_channel(layer, std::move(mean), "mean");
  variance = per_channel(layer, std::move(variance), "variance");
  const bool invert = layer.args.flag("invert", false);
  ScaleShift op;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    if (variance[c] < 0)
      layer.fail("has a negative variance");
    const double deviation = std::max(std::sqrt(variance[c]), 1e-7);
    op.scale.push_back(invert ? deviation : 1 / deviation);
    op.shift.push_back(invert ? mean[c] : -mean[c] / deviation);
  }
  return {layer.add(std::move(op), from.node), from.rank};
}

Value rescaling(Layer &layer) {
  const Value from = layer.input();
  std::vector<double> scale = layer.args.numbers("scale").value_or(std::vector<double>{1});
  std::vector<double> offset = layer.args.numbers("offset").value_or(std::vector<double>{0});
  return {layer.scale_shift(per_channel(layer, std::move(scale), "scale"),
                            per_channel(layer, std::move(offset), "offset"), from.node),
          from.rank};
}

// ConvNeXt's: a factor for each channel.
Value layer_scale(Layer &layer) {
  const Value from = layer.input();
  const std::vector<float> gamma = layer.weights.take("gamma", {layer.channels()});
  return {layer.scale_shift({gamma.begin(), gamma.end()}, std::vector<double>(gamma.size(), 0), from.node), from.rank};
}

// ConvNeXt V2's: y = gamma (x n) + beta + x, where n is each channel's length over the mean of all channels' lengths.
Value global_response_norm(Layer &layer) {
  const Value from = layer.input();
  layer.need_rank(4);
  const int c = layer.channels();
  const std::vector<float> gamma = layer.weights.take("gamma", {1, 1, 1, c});
  const std::vector<float> beta = layer.weights.take("beta", {1, 1, 1, c});
  const NodeId length = layer.add(Reduce{Reduction::l2, {false, true, true}}, from.node);
  NodeId mean = layer.add(Reduce{Reduction::mean, {true, false, false}}, length);
  mean = layer.add(Unary{Function::linear, 1, static_cast<float>(layer.args.number("epsilon", 1e-6))}, mean);
  NodeId node = layer.combine(Arithmetic::multiply, from.node, layer.combine(Arithmetic::divide, length, mean));
  node = layer.scale_shift({gamma.begin(), gamma.end()}, {beta.begin(), beta.end()}, node);
  return {layer.add(Add{}, {node, from.node}), 4};
}

} // namespace

const Handlers &normalization_layers() {
  static const Handlers handlers{{"BatchNormalization", batch_norm},
                                 {"BatchNormalizationV1", batch_norm},
                                 {"BatchNormalizationV2", batch_norm},
                                 {"SyncBatchNormalization", batch_norm},
                                 {"LayerNormalization", layer_norm},
                                 {"GroupNormalization", group_norm},
                                 {"UnitNormalization", unit_norm},
                                 {"Normalization", normalization},
                                 {"Rescaling", rescaling},
                                 {"LayerScale", layer_scale},
                                 {"GlobalResponseNormalization", global_response_norm}};
  return handlers;
}

} // namespace convscope::keras
