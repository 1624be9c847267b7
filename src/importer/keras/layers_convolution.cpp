// Convolutions and Dense.
#include <optional>

#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

Window kernel_window(const Layer &layer, const char *default_padding = "valid") {
  layer.check_data_format();
  layer.need_rank(4);
  Window window;
  const auto [kernel_h, kernel_w] = layer.args.pair("kernel_size", {1, 1});
  const auto [stride_h, stride_w] = layer.args.pair("strides", {1, 1});
  const auto [dilation_h, dilation_w] = layer.args.pair("dilation_rate", {1, 1});
  window = {kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, {}};
  window.same = layer.pads_same(default_padding);
  return window;
}

std::vector<float> bias(Layer &layer, int channels) {
  return layer.args.flag("use_bias", true) ? layer.weights.take("bias", {channels}) : std::vector<float>{};
}

// A kernel of Keras's (h, w, in, out) as (out, in, h, w).
std::vector<float> kernel(Layer &layer, const char *name, const Window &window, int in, int out) {
  return layer.weights.take_transposed(name, {window.kernel_h, window.kernel_w, in, out}, static_cast<std::size_t>(out),
                                       {in, window.kernel_h, window.kernel_w});
}

int positive(const Layer &layer, const char *key, int usual) {
  const int value = layer.args.integer(key, usual);
  if (value < 1)
    layer.fail(fmt::format("its '{}' is {}", key, value));
  return value;
}

Value activated(Layer &layer, Value value) {
  return {activate(layer, value, layer.args.find("activation")), value.rank};
}

Value conv(Layer &layer) {
  Conv op;
  op.window = kernel_window(layer);
  op.out_channels = positive(layer, "filters", 0);
  op.groups = positive(layer, "groups", 1);
  if (layer.channels() % op.groups != 0 || op.out_channels % op.groups != 0)
    layer.fail(
        fmt::format("can't divide {} and {} channels into {} groups", layer.channels(), op.out_channels, op.groups));
  op.weights = kernel(layer, "kernel", op.window, layer.channels() / op.groups, op.out_channels);
  op.bias = bias(layer, op.out_channels);
  return activated(layer, {layer.add(std::move(op), layer.input().node), 4});
}

// Keras's (h, w, in, multiplier): channel in * multiplier + m has its own kernel.
Conv depthwise(Layer &layer, const char *name) {
  Conv op;
  op.window = kernel_window(layer);
  const std::int64_t multiplier = positive(layer, "depth_multiplier", 1), in = layer.channels();
  if (multiplier * in > 1 << 24)
    layer.fail(fmt::format("its 'depth_multiplier' is {}", multiplier));
  op.groups = layer.channels();
  op.out_channels = static_cast<int>(multiplier * in);
  op.weights = layer.weights.take_transposed(name, {op.window.kernel_h, op.window.kernel_w, in, multiplier},
                                             static_cast<std::size_t>(op.out_channels));
  return op;
}

Value depthwise_conv(Layer &layer) {
  Conv op = depthwise(layer, "depthwise kernel");
  op.bias = bias(layer, op.out_channels);
  return activated(layer, {layer.add(std::move(op), layer.input().node), 4});
}

Value separable_conv(Layer &layer) {
  Conv spatial = depthwise(layer, "depthwise kernel");
  Conv pointwise;
  pointwise.out_channels = positive(layer, "filters", 0);
  pointwise.weights = kernel(layer, "pointwise kernel", {}, spatial.out_channels, pointwise.out_channels);
  pointwise.bias = bias(layer, pointwise.out_channels);
  const NodeId inner = layer.add(std::move(spatial), layer.input().node);
  return activated(layer, {layer.add(std::move(pointwise), inner), 4});
}

// What Keras takes off the full transposed convolution, (in - 1) * stride + kernel rows, split as TensorFlow does.
struct Cut {
  int before = 0, after = 0, more = 0;
};
Cut cut_of(bool same, int kernel, int stride, std::optional<int> output_padding) {
  int total; // may be negative: rows more
  if (output_padding)
    total = same ? 2 * (kernel / 2) - *output_padding : -*output_padding;
  else
    total = same ? kernel - stride : -std::max(stride - kernel, 0);
  if (total < 0)
    return {0, 0, -total};
  return {total / 2, total - total / 2, 0};
}

Value conv_transpose(Layer &layer) {
  ConvTranspose op;
  op.window = kernel_window(layer);
  op.out_channels = positive(layer, "filters", 0);
  std::optional<int> more_h, more_w;
  if (layer.args.find("output_padding")) {
    const auto [h, w] = layer.args.pair("output_padding", {0, 0}, 0);
    more_h = h;
    more_w = w;
  }
  const Window &window = op.window;
  const Cut h = cut_of(window.same, (window.kernel_h - 1) * window.dilation_h + 1, window.stride_h, more_h);
  const Cut w = cut_of(window.same, (window.kernel_w - 1) * window.dilation_w + 1, window.stride_w, more_w);
  op.window.same = false;
  op.window.pad = {h.before, w.before, h.after, w.after};
  op.output_pad_h = h.more;
  op.output_pad_w = w.more;
  const int in = layer.channels();
  // Keras's (h, w, out, in) as (in, out, h, w).
  op.weights = kernel(layer, "kernel", op.window, op.out_channels, in);
  op.bias = bias(layer, op.out_channels);
  return activated(layer, {layer.add(std::move(op), layer.input().node), 4});
}

// Along the last axis: of a map, a 1x1 convolution.
Value dense(Layer &layer) {
  const Value from = layer.input();
  const int units = positive(layer, "units", 0);
  const Axis axis = layer.axis(-1, from.rank);
  const int in = layer.input_shape().side(axis);
  std::vector<float> weights = layer.weights.take_transposed("kernel", {in, units}, static_cast<std::size_t>(units));
  if (from.rank == 2) {
    Dense op;
    op.out_features = units;
    op.weights = std::move(weights);
    op.bias = bias(layer, units);
    return activated(layer, {layer.add(std::move(op), from.node), 2});
  }
  Conv op;
  op.out_channels = units;
  op.weights = std::move(weights);
  op.bias = bias(layer, units);
  Transpose swap; // brings the axis to c, and back
  if (axis != Axis::c)
    swap.order = axis == Axis::w ? std::array{Axis::w, Axis::h, Axis::c} : std::array{Axis::h, Axis::c, Axis::w};
  NodeId node = axis == Axis::c ? from.node : layer.add(swap, from.node);
  node = layer.add(std::move(op), node);
  if (axis != Axis::c)
    node = layer.add(swap, node);
  return activated(layer, {node, from.rank});
}

} // namespace

const Handlers &convolution_layers() {
  static const Handlers handlers{{"Conv2D", conv},
                                 {"Convolution2D", conv},
                                 {"DepthwiseConv2D", depthwise_conv},
                                 {"SeparableConv2D", separable_conv},
                                 {"SeparableConvolution2D", separable_conv},
                                 {"Conv2DTranspose", conv_transpose},
                                 {"Convolution2DTranspose", conv_transpose},
                                 {"Deconvolution2D", conv_transpose},
                                 {"Dense", dense}};
  return handlers;
}

} // namespace convscope::keras
