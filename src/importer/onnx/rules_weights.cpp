// Rules of ops with weights: convolutions, matrix products, batch normalization.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/windows.h"

namespace convscope::onnx_import {

namespace {

// Weights of (out, in, h, w) or (out, in, w).
struct Kernel {
  std::int64_t first = 0, second = 0;
  std::vector<std::int64_t> window;
};

Kernel kernel_of(Step &step, int rank) {
  const Dims &dims = step.constant(1, "weights").dims;
  if (static_cast<int>(dims.size()) != rank || rank < 3)
    step.fail(fmt::format("has weights of {} for an input of {} dimensions", dims_text(dims), rank));
  if (std::any_of(dims.begin(), dims.end(), [](std::int64_t dim) { return dim < 1 || dim > INT32_MAX; }))
    step.fail(fmt::format("has weights of {}", dims_text(dims)));
  return {dims[0], dims[1], {dims.begin() + 2, dims.end()}};
}

int groups_of(Step &step, const Kernel &kernel, int channels) {
  const std::int64_t groups = step.attributes().integer("group", 1);
  if (groups < 1 || groups > channels || channels % groups != 0)
    step.fail(fmt::format("has {} groups for {} channels", groups, channels));
  if (step.op() == "Conv" ? kernel.second * groups != channels || kernel.first % groups != 0 : kernel.first != channels)
    step.fail(fmt::format("has weights of {} in {} groups for a map of {} channels",
                          dims_text(step.constant(1, "").dims), groups, channels));
  return static_cast<int>(groups);
}

Floats take_weights(Step &step, std::size_t input, std::string_view what) {
  Floats weights = step.weights(step.take(input, what));
  step.count_parameters(static_cast<std::int64_t>(weights.size()));
  return weights;
}

// A bias of so many values, or none.
Floats bias_of(Step &step, std::size_t input, std::int64_t channels) {
  if (!step.has(input))
    return {};
  Floats bias = take_weights(step, input, "biases");
  if (static_cast<std::int64_t>(bias.size()) != channels)
    step.fail(fmt::format("has {} biases for {} channels", bias.size(), channels));
  return bias;
}

NodeId convolved_input(Step &step) {
  Value &x = step.map();
  if (x.rank() > 4)
    step.unsupported(fmt::format("is over {} dimensions", x.rank() - 2));
  return step.channels_first(x);
}

// ConvTranspose's pads where output_shape is given.
void set_output_shape(Step &step, ConvTranspose &op, int spatial, const Shape &in) {
  const auto output = spatial_attribute(step, "output_shape", static_cast<std::size_t>(spatial), 1, 1, INT32_MAX);
  const bool upper = op.window.same && !op.window.same_lower;
  const auto pads = [&](std::int64_t out, int length, int kernel, int stride, int dilation, int &more, int &begin,
                        int &end) {
    const std::int64_t total =
        std::int64_t{stride} * (length - 1) + more + std::int64_t{dilation} * (kernel - 1) + 1 - out;
    if (std::abs(total) > (1 << 20))
      step.fail(fmt::format("has an output_shape of {}", dims_text(output)));
    if (total < 0) { // rows and columns more come at the end
      more = static_cast<int>(more - total);
      begin = end = 0;
      return;
    }
    const int half = static_cast<int>(total) / 2;
    begin = upper ? half : static_cast<int>(total) - half;
    end = static_cast<int>(total) - begin;
  };
  Window &w = op.window;
  pads(output.back(), in.w, w.kernel_w, w.stride_w, w.dilation_w, op.output_pad_w, w.pad.left, w.pad.right);
  if (spatial == 2)
    pads(output.front(), in.h, w.kernel_h, w.stride_h, w.dilation_h, op.output_pad_h, w.pad.top, w.pad.bottom);
  w.same = w.same_lower = false;
}

} // namespace

void conv(Step &step) {
  const NodeId x = convolved_input(step);
  const int rank = step.value(0).rank();
  const Kernel kernel = kernel_of(step, rank);
  Conv op;
  op.window = window_of(step, rank - 2, kernel.window);
  op.groups = groups_of(step, kernel, step.shape(x).c);
  op.out_channels = static_cast<int>(kernel.first);
  op.bias = bias_of(step, 2, kernel.first);
  op.weights = take_weights(step, 1, "weights");
  step.put_map(step.add(std::move(op), {x}), Step::channels_first_layout(rank));
}

void conv_transpose(Step &step) {
  const NodeId x = convolved_input(step);
  const int rank = step.value(0).rank(), spatial = rank - 2;
  const Kernel kernel = kernel_of(step, rank);
  ConvTranspose op;
  op.window = window_of(step, spatial, kernel.window);
  op.groups = groups_of(step, kernel, step.shape(x).c);
  if (kernel.second * op.groups > INT32_MAX)
    step.fail(fmt::format("makes {} channels", kernel.second * op.groups));
  op.out_channels = static_cast<int>(kernel.second) * op.groups;
  const auto more = spatial_attribute(step, "output_padding", static_cast<std::size_t>(spatial), 0, 0, 1 << 16);
  op.output_pad_w = static_cast<int>(more.back());
  op.output_pad_h = spatial == 2 ? static_cast<int>(more.front()) : 0;
  if (step.attributes().find("output_shape") != nullptr)
    set_output_shape(step, op, spatial, step.shape(x));
  op.bias = bias_of(step, 2, op.out_channels);
  op.weights = take_weights(step, 1, "weights");
  step.put_map(step.add(std::move(op), {x}), Step::channels_first_layout(rank));
}

namespace {

// A matrix by which a dimension of the map is multiplied: out[o] = sum over i of matrix(o, i) * x[i].
struct Matrix {
  std::int64_t out = 0, in = 0;
  std::vector<float> values; // (out, in)
};

// `tensor` is (in, out), or (out, in) where `out_first`.
Matrix matrix_of(Step &step, Tensor tensor, bool out_first) {
  while (tensor.dims.size() > 2 && tensor.dims.front() == 1)
    tensor.dims.erase(tensor.dims.begin());
  if (tensor.dims.size() > 2)
    step.unsupported(fmt::format("multiplies by a stack of matrices ({})", dims_text(tensor.dims)));
  if (tensor.dims.size() != 2 || element_count(tensor.dims) == 0)
    step.fail(fmt::format("multiplies by a matrix of {}", dims_text(tensor.dims)));
  Matrix matrix{tensor.dims[out_first ? 0 : 1], tensor.dims[out_first ? 1 : 0], {}};
  if (matrix.out > INT32_MAX || matrix.in > INT32_MAX)
    step.fail(fmt::format("multiplies by a matrix of {}", dims_text(tensor.dims)));
  std::vector<float> values = step.weights(std::move(tensor));
  step.count_parameters(matrix.out * matrix.in);
  if (out_first) {
    matrix.values = std::move(values);
    return matrix;
  }
  matrix.values.resize(values.size());
  const auto outs = static_cast<std::size_t>(matrix.out), ins = static_cast<std::size_t>(matrix.in);
  constexpr std::size_t block = 32; // both sides of a block stay in the cache
  for (std::size_t i0 = 0; i0 < ins; i0 += block)
    for (std::size_t o0 = 0; o0 < outs; o0 += block)
      for (std::size_t i = i0; i < std::min(i0 + block, ins); ++i)
        for (std::size_t o = o0; o < std::min(o0 + block, outs); ++o)
          matrix.values[o * ins + i] = values[i * outs + o];
  return matrix;
}

// The columns of a matrix over a flattened map whose parts come in another order than the node's own c, h, w.
void reorder_columns(Matrix &matrix, const Parts &parts, const Sides &sides) {
  const std::int64_t plane = std::int64_t{sides.shape.h} * sides.shape.w;
  std::vector<std::size_t> place(static_cast<std::size_t>(matrix.in)); // in the node, of each of the file's columns
  for (std::size_t column = 0; column < place.size(); ++column) {
    auto rest = static_cast<std::int64_t>(column);
    std::int64_t index = 0;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      const std::int64_t step = part->side == Side::c ? plane : part->side == Side::h ? sides.shape.w : 1;
      index += rest % part->length * part->stride * step;
      rest /= part->length;
    }
    place[column] = static_cast<std::size_t>(index);
  }
  std::vector<float> row(place.size());
  for (auto values = matrix.values.begin(); values != matrix.values.end(); values += matrix.in) {
    for (std::size_t column = 0; column < place.size(); ++column)
      row[place[column]] = values[static_cast<std::ptrdiff_t>(column)];
    std::copy(row.begin(), row.end(), values);
  }
}

bool in_node_order(const Parts &parts) {
  return std::is_sorted(parts.begin(), parts.end(), [](const Part &a, const Part &b) {
    return a.side != b.side ? a.side < b.side : a.stride > b.stride;
  });
}

// Multiplies a dimension of the map; the result has that dimension `out` long.
void multiply(Step &step, Value &x, int dimension, Matrix matrix, std::vector<float> bias) {
  const Dims dims = x.dims();
  const auto at = static_cast<std::size_t>(dimension);
  if (dims[at] != matrix.in)
    step.misfit(fmt::format("multiplies {} values by a matrix of {} columns", dims[at], matrix.in));
  const bool vector = std::all_of(x.view.begin(), x.view.end(), [&](const Parts &parts) {
    return &parts == &x.view[at] || parts.empty() || parts == whole(Side::n, step.sides(x.node));
  });
  const auto out = static_cast<int>(matrix.out);
  if (vector) {
    const bool in_n =
        std::any_of(x.view[at].begin(), x.view[at].end(), [](const Part &p) { return p.side == Side::n; });
    if (!in_n && !in_node_order(x.view[at]))
      reorder_columns(matrix, x.view[at], step.sides(x.node));
    else
      step.arrange(x, Arrangement{{{dimension}, {}, {}}});
    std::string layout(dims.size(), '1');
    for (std::size_t i = 0; i < layout.size(); ++i)
      layout[i] = i == at ? 'c' : x.view[i].empty() ? '1' : 'n';
    return step.put_map(step.add(Dense{out, std::move(matrix.values), std::move(bias)}, {x.node}), layout);
  }
  // At each place of the others.
  View view = x.view;
  const Sides sides = step.sides(x.node);
  if (view[at] != whole(Side::c, sides) || view[at].empty()) {
    std::vector<int> others;
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (i != at && !x.view[i].empty() && x.view[i] != whole(Side::n, sides))
        others.push_back(static_cast<int>(i));
    // The last is w, those before are h.
    Arrangement arrangement{{{dimension}, {}, {others.back()}}};
    arrangement[1].assign(others.begin(), others.end() - 1);
    step.arrange(x, arrangement);
    view = x.view;
  }
  Conv op;
  op.out_channels = out;
  op.weights = std::move(matrix.values);
  op.bias = std::move(bias);
  const NodeId id = step.add(std::move(op), {x.node});
  view[at] = whole(Side::c, step.sides(id));
  step.put_map(id, std::move(view));
}

} // namespace

void gemm(Step &step) {
  const double alpha = step.attributes().real("alpha", 1), beta = step.attributes().real("beta", 1);
  const bool transpose_a = step.attributes().integer("transA", 0) != 0;
  const bool transpose_b = step.attributes().integer("transB", 0) != 0;
  if (!step.is_constant(1))
    step.unsupported(step.is_constant(0) ? "its second factor alone is computed from the picture"
                                         : "multiplies two values that are both computed from the picture");
  Value &x = step.map();
  if (x.rank() != 2)
    step.fail(fmt::format("multiplies a value of {}", dims_text(x.dims())));
  Matrix matrix = matrix_of(step, step.take(1, "weights"), transpose_b);
  if (alpha != 1)
    for (float &value : matrix.values)
      value = static_cast<float>(value * alpha);
  const std::int64_t rows = x.dims()[transpose_a ? 1 : 0];
  std::vector<float> bias;
  const Tensor *c = step.has(2) ? &step.constant(2, "biases") : nullptr;
  const bool simple = c == nullptr || c->elements() == 1 ||
                      (c->elements() == matrix.out && (c->dims.back() == matrix.out || rows == 1));
  if (c != nullptr && simple) {
    bias = take_weights(step, 2, "biases");
    bias.resize(static_cast<std::size_t>(matrix.out), bias.front());
    for (float &value : bias)
      value = static_cast<float>(value * beta);
  }
  if (!simple)
    step.unsupported(fmt::format("has biases of {}", dims_text(c->dims)));
  if (transpose_a) {
    Value transposed{Value::Kind::map, {}, nullptr, x.node, {x.view[1], x.view[0]}};
    return multiply(step, transposed, 1, std::move(matrix), std::move(bias));
  }
  multiply(step, x, 1, std::move(matrix), std::move(bias));
}

// MatMul, and onnxruntime's FusedMatMul, which may turn its factors and scale their product.
void mat_mul(Step &step) {
  const bool map_first = !step.is_constant(0);
  const auto turned = [&](const char *name) { return step.attributes().integer(name, 0) != 0; };
  const bool turned_map = turned(map_first ? "transA" : "transB"),
             turned_weights = turned(map_first ? "transB" : "transA");
  const double alpha = step.attributes().real("alpha", 1);
  if (turned("transBatchA") || turned("transBatchB"))
    step.unsupported("multiplies stacks of matrices");
  if (map_first && !step.is_constant(1))
    step.unsupported("multiplies two values that are both computed from the picture");
  Value &x = step.map(map_first ? 0 : 1);
  if (x.rank() < (map_first ? 1 : 2))
    step.unsupported(fmt::format("multiplies a value of {}", dims_text(x.dims())));
  const std::size_t weights = map_first ? 1 : 0;
  if (step.constant(weights, "weights").dims.size() < 2)
    step.unsupported("multiplies by a vector");
  Matrix matrix = matrix_of(step, step.take(weights, "weights"), map_first == turned_weights);
  for (float &value : matrix.values)
    value = static_cast<float>(value * alpha);
  Value factor{Value::Kind::map, {}, nullptr, x.node, x.view};
  if (turned_map && x.rank() < 2)
    step.unsupported(fmt::format("turns a value of {}", dims_text(x.dims())));
  if (turned_map)
    std::swap(factor.view.end()[-1], factor.view.end()[-2]);
  multiply(step, turned_map ? factor : x, x.rank() - (map_first ? 1 : 2), std::move(matrix), {});
}

bool normalizes_as_in_training(Step &step) {
  if (step.opset() >= 14)
    return step.attributes().integer("training_mode", 0) != 0;
  for (std::size_t i = 1; i < step.outputs(); ++i)
    if (step.names_output(i))
      return true;
  return false;
}

void batch_normalization(Step &step) {
  if (normalizes_as_in_training(step))
    step.unsupported("normalizes as in training");
  if (step.opset() < 9 && step.attributes().integer("spatial", 1) == 0)
    step.unsupported("has weights for each pixel");
  Value &x = step.map();
  if (x.rank() < 2)
    step.unsupported("takes a value of " + dims_text(x.dims()));
  // Wherever the channels are, as long as they are one side of the node.
  if (x.view[1] != whole(Side::c, step.sides(x.node)))
    step.channels_first(x);
  const auto channels = static_cast<std::size_t>(step.shape(x.node).c);
  std::array<std::vector<float>, 4> weights; // scale, bias, mean, variance
  for (std::size_t i = 0; i < 4; ++i) {
    weights[i] = take_weights(step, i + 1, "weights");
    if (weights[i].size() != channels)
      step.fail(fmt::format("has {} weights for {} channels", weights[i].size(), channels));
  }
  const double epsilon = step.attributes().real("epsilon", 1e-5F);
  ScaleShift op;
  for (std::size_t c = 0; c < channels; ++c) {
    const double variance = weights[3][c] + epsilon;
    if (!(variance > 0))
      step.fail(fmt::format("has a variance of {}", weights[3][c]));
    op.scale.push_back(weights[0][c] / std::sqrt(variance));
    op.shift.push_back(weights[1][c] - weights[2][c] * op.scale.back());
  }
  View view = x.view;
  step.put_map(step.add(std::move(op), {x.node}), std::move(view));
}

} // namespace convscope::onnx_import
