// Rules of normalizations by the map's own statistics.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/reductions.h"

namespace convscope::onnx_import {

namespace {

// Normalize has c, or h and w, or all three.
std::optional<Axes> normalizable(Axes axes, const Shape &shape) {
  if (axes.c && !axes.h && !axes.w)
    return axes;
  const bool whole_space = (axes.h || shape.h == 1) && (axes.w || shape.w == 1);
  if ((axes.h || axes.w) && whole_space)
    return Axes{axes.c, true, true};
  return {};
}

// Groups of channels: each has the inner parts of c, and all of space.
int groups_in(const Value &value, const std::vector<int> &dimensions, const Sides &sides) {
  std::int64_t inner = 1, space = 1;
  for (const int dimension : dimensions)
    for (const Part &part : value.view[static_cast<std::size_t>(dimension)]) {
      if (part.side == Side::n || (part.side == Side::c && part.stride != 1))
        return 0;
      (part.side == Side::c ? inner : space) *= part.length;
    }
  const Shape &shape = sides.shape;
  const bool whole_space = space == std::int64_t{shape.h} * shape.w;
  return whole_space && inner > 0 && shape.c % inner == 0 ? static_cast<int>(shape.c / inner) : 0;
}

NodeId normalized(Step &step, Value &value, const std::vector<int> &dimensions, double epsilon) {
  const Sides sides = step.sides(value.node);
  if (const std::optional<Axes> axes = axes_of(value, dimensions, sides))
    if (const std::optional<Axes> fitting = normalizable(*axes, sides.shape))
      return step.add(Normalize{*fitting, 1, epsilon}, {value.node});
  if (const int groups = groups_in(value, dimensions, sides); groups > 0) {
    if (groups == sides.shape.c)
      return step.add(Normalize{{false, true, true}, 1, epsilon}, {value.node});
    return step.add(Normalize{{true, true, true}, groups, epsilon}, {value.node});
  }
  Arrangement arrangement{dimensions, {}, {}};
  for (int i = 0; i < value.rank(); ++i)
    if (const Parts &parts = value.view[static_cast<std::size_t>(i)];
        !parts.empty() && parts != whole(Side::n, sides) &&
        std::find(dimensions.begin(), dimensions.end(), i) == dimensions.end())
      arrangement[arrangement[2].empty() ? 2 : 1].push_back(i);
  if (!arrangement[1].empty())
    std::swap(arrangement[1], arrangement[2]);
  step.arrange(value, arrangement);
  return step.add(Normalize{{true, false, false}, 1, epsilon}, {value.node});
}

std::vector<int> from(int first, int rank) {
  std::vector<int> dimensions(static_cast<std::size_t>(std::max(rank - first, 0)));
  std::iota(dimensions.begin(), dimensions.end(), first);
  return dimensions;
}

double epsilon_of(Step &step) {
  const double epsilon = step.attributes().real("epsilon", 1e-5F);
  if (!(epsilon >= 0) || epsilon > 1e6)
    step.fail(fmt::format("has an epsilon of {}", epsilon));
  return epsilon;
}

// x * scale + bias, of inputs 1 and 2 as they lie along `dims` (bias may be absent).
Combined scaled(Step &step, Value x, Dims dims) {
  const auto shaped = [&](std::size_t input, std::string_view what) {
    Tensor tensor = step.take(input, what);
    step.count_parameters(tensor.elements());
    const Dims along = dims.empty() ? tensor.dims : dims;
    tensor = real_tensor(along, step.weights(std::move(tensor)));
    if (tensor.elements() != element_count(along))
      step.fail(fmt::format("has {} {} where it needs {}", tensor.elements(), what, dims_text(tensor.dims)));
    std::optional<Aligned> aligned = align(step, tensor, x);
    if (!aligned)
      step.unsupported(fmt::format("has {} of {}", what, dims_text(tensor.dims)));
    return std::move(*aligned);
  };
  const Aligned scale = shaped(1, "scales");
  Aligned bias{{1, 1, 1}, {0}};
  if (step.has(2))
    bias = shaped(2, "biases");
  if (scale.per_channel() && bias.per_channel()) {
    const std::vector<double> scales(scale.values.begin(), scale.values.end());
    const std::vector<double> shifts(bias.values.begin(), bias.values.end());
    return {scale_shift(step, x.node, scales, shifts), x.view};
  }
  const NodeId scales = step.add(Constant{scale.shape, scale.values}, {});
  const NodeId shifts = step.add(Constant{bias.shape, bias.values}, {});
  const NodeId product = step.add(Binary{Arithmetic::multiply}, {x.node, scales});
  return {step.add(Binary{Arithmetic::add}, {product, shifts}), x.view};
}

// Per-channel scales of a value (n, c, ...).
Dims channel_dims(const Value &x) {
  Dims dims(static_cast<std::size_t>(x.rank()) - 1, 1);
  dims.front() = x.dims()[1];
  return dims;
}

void put(Step &step, Combined combined) { step.put_map(combined.id, std::move(combined.view)); }

} // namespace

void instance_normalization(Step &step) {
  Value &x = step.map();
  if (x.rank() < 3)
    step.unsupported("takes a value of " + dims_text(x.dims()));
  Value y{Value::Kind::map, {}, nullptr, normalized(step, x, from(2, x.rank()), epsilon_of(step)), x.view};
  y.view = x.view;
  put(step, scaled(step, y, channel_dims(y)));
}

void layer_normalization(Step &step) {
  if (step.wants(1) || step.wants(2))
    step.unsupported("its mean and deviation are not supported");
  Value &x = step.map();
  const int axis = step.dimension(step.attributes().integer("axis", -1), x.rank());
  const NodeId id = normalized(step, x, from(axis, x.rank()), epsilon_of(step));
  put(step, scaled(step, Value{Value::Kind::map, {}, nullptr, id, x.view}, {}));
}

void group_normalization(Step &step) {
  Value &x = step.map();
  const std::int64_t groups = step.attributes().integer("num_groups", 0);
  if (x.rank() < 3 || groups < 1 || x.dims()[1] % groups != 0)
    step.fail(fmt::format("has {} groups for a value of {}", groups, dims_text(x.dims())));
  Dims dims = x.dims();
  const std::int64_t channels = dims[1];
  dims[1] = groups;
  dims.insert(dims.begin() + 2, channels / groups);
  const std::optional<View> view = reshaped(x.view, dims);
  if (!view)
    step.unsupported("takes a value of " + dims_text(x.dims()));
  Value grouped{Value::Kind::map, {}, nullptr, x.node, *view};
  const NodeId id = normalized(step, grouped, from(2, grouped.rank()), epsilon_of(step));
  Value y{Value::Kind::map, {}, nullptr, id, *reshaped(grouped.view, x.dims())};
  // Before opset 21 a scale for each group, then one for each channel.
  if (step.constant(1, "scales").elements() == groups && groups != channels) {
    y.view = grouped.view;
    Combined combined = scaled(step, y, channel_dims(grouped));
    return step.put_map(combined.id, *reshaped(combined.view, x.dims()));
  }
  put(step, scaled(step, y, channel_dims(y)));
}

void lp_normalization(Step &step) {
  Value &x = step.map();
  const std::int64_t p = step.attributes().integer("p", 2);
  if (p != 1 && p != 2)
    step.unsupported(fmt::format("is of order {}", p));
  const int axis = step.dimension(step.attributes().integer("axis", -1), x.rank());
  View view;
  const NodeId norm = reduced(step, x, p == 1 ? Reduction::l1 : Reduction::l2, {axis}, view);
  view = x.view;
  step.put_map(step.add(Binary{Arithmetic::divide}, {x.node, norm}), std::move(view));
}

void mean_variance_normalization(Step &step) {
  Value &x = step.map();
  const std::vector<std::int64_t> axes =
      step.attributes().integers("axes").value_or(std::vector<std::int64_t>{0, 2, 3});
  std::vector<int> dimensions;
  for (const std::int64_t axis : axes)
    dimensions.push_back(step.dimension(axis, x.rank()));
  const NodeId id = normalized(step, x, dimensions, 1e-9);
  View view = x.view;
  step.put_map(id, std::move(view));
}

void lrn(Step &step) {
  Value &x = step.map();
  const std::int64_t size = step.attributes().integer("size", 0);
  if (x.rank() < 2 || size < 1 || size > (1 << 16))
    step.fail(fmt::format("has a size of {} for a value of {}", size, dims_text(x.dims())));
  if (x.view[1] != whole(Side::c, step.sides(x.node)))
    step.channels_first(x);
  Lrn op;
  op.size = static_cast<int>(size);
  op.alpha = static_cast<float>(step.attributes().real("alpha", 1e-4F));
  op.beta = static_cast<float>(step.attributes().real("beta", 0.75));
  op.bias = static_cast<float>(step.attributes().real("bias", 1));
  View view = x.view;
  step.put_map(step.add(op, {x.node}), std::move(view));
}

} // namespace convscope::onnx_import
