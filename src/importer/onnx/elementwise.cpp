#include "importer/onnx/elementwise.h"

#include <algorithm>
#include <array>

#include "importer/onnx/crowded.h"
#include "importer/onnx/patterns.h"

namespace convscope::onnx_import {

std::optional<Aligned> align(Step &step, const Tensor &tensor, const Value &value) {
  const View &view = value.view;
  if (tensor.dims.size() > view.size() &&
      !std::all_of(tensor.dims.begin(), tensor.dims.end() - static_cast<std::ptrdiff_t>(view.size()),
                   [](std::int64_t dim) { return dim == 1; }))
    return {};
  const Sides sides = step.sides(value.node);
  Aligned aligned{{1, 1, 1}, {}};
  // Where an index along c, h or w leads in the tensor.
  std::array<std::vector<std::int64_t>, 3> offsets;
  for (std::size_t side = 0; side < 3; ++side)
    offsets[side].assign(1, 0);
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < std::min(view.size(), tensor.dims.size()); ++i) {
    const std::int64_t dim = tensor.dims[tensor.dims.size() - 1 - i];
    const Parts &parts = view[view.size() - 1 - i];
    if (dim == 1)
      continue;
    if (dim != length(parts))
      return {};
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (part->side == Side::n)
        return {};
      std::vector<std::int64_t> &offset = offsets[static_cast<std::size_t>(part->side) - 1];
      const auto whole = static_cast<std::size_t>(sides.length(part->side));
      if (offset.size() == 1) {
        step.translation().spend(static_cast<std::int64_t>(whole));
        offset.assign(whole, 0);
      }
      for (std::size_t index = 0; index < whole; ++index)
        offset[index] += static_cast<std::int64_t>(index) / part->stride % part->length * stride;
      stride *= part->length;
    }
  }
  aligned.shape = {static_cast<int>(offsets[0].size()), static_cast<int>(offsets[1].size()),
                   static_cast<int>(offsets[2].size())};
  step.translation().spend(aligned.shape.elements());
  aligned.values.reserve(static_cast<std::size_t>(aligned.shape.elements()));
  for (const std::int64_t c : offsets[0])
    for (const std::int64_t h : offsets[1])
      for (const std::int64_t w : offsets[2])
        aligned.values.push_back(static_cast<float>(tensor.at(c + h + w)));
  return aligned;
}

NodeId unary(Step &step, NodeId x, Function function, float a, float b) { return step.add(Unary{function, a, b}, {x}); }

NodeId linear(Step &step, NodeId x, double scale, double shift) {
  if (const std::optional<NodeId> known = linear_pattern(step, x, scale, shift))
    return *known;
  return unary(step, x, Function::linear, static_cast<float>(scale), static_cast<float>(shift));
}

NodeId scale_shift(Step &step, NodeId x, const std::vector<double> &scale, const std::vector<double> &shift) {
  const auto channels = static_cast<std::size_t>(step.shape(x).c);
  ScaleShift op{scale, shift};
  op.scale.resize(channels, scale.front());
  op.shift.resize(channels, shift.front());
  return step.add(std::move(op), {x});
}

namespace {

std::vector<double> doubles(const std::vector<float> &values) { return {values.begin(), values.end()}; }

// Whether both views put the same parts in the same dimensions, so that the nodes broadcast as the values do.
std::optional<View> common_view(const Value &a, const Value &b) {
  const std::size_t rank = std::max(a.view.size(), b.view.size());
  View view(rank);
  std::array<bool, 4> in_a{}, in_b{}, differs{};
  for (std::size_t i = 0; i < rank; ++i) {
    const Parts none;
    const Parts &pa = i < a.view.size() ? a.view[a.view.size() - 1 - i] : none;
    const Parts &pb = i < b.view.size() ? b.view[b.view.size() - 1 - i] : none;
    if (!pa.empty() && !pb.empty() && pa != pb)
      return {};
    for (const Part &part : pa)
      in_a[static_cast<std::size_t>(part.side)] = true;
    for (const Part &part : pb)
      in_b[static_cast<std::size_t>(part.side)] = true;
    if (pa != pb)
      for (const Part &part : pa.empty() ? pb : pa)
        differs[static_cast<std::size_t>(part.side)] = true;
    view[rank - 1 - i] = pa.empty() ? pb : pa;
  }
  // A side that one of them repeats is repeated as a whole.
  for (std::size_t side = 0; side < 4; ++side)
    if (differs[side] && ((in_a[side] && in_b[side]) || side == 0))
      return {};
  return view;
}

Dims broadcast(Step &step, const Dims &a, const Dims &b) {
  Dims dims(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      step.misfit("can't combine values of " + dims_text(a) + " and " + dims_text(b));
    dims[dims.size() - 1 - i] = da == 1 ? db : da;
  }
  return dims;
}

Op binary(Step &step, Arithmetic arithmetic, NodeId a, NodeId b) {
  if (arithmetic == Arithmetic::add && step.shape(a) == step.shape(b))
    return Add{};
  return Binary{arithmetic};
}

} // namespace

Combined combine(Step &step, Arithmetic arithmetic, Value &a, Value &b) {
  const Dims dims = broadcast(step, a.dims(), b.dims());
  std::optional<View> view = common_view(a, b);
  if (!view && (crowded(a, dims) || crowded(b, dims))) {
    arrange_together(step, a, b);
    view = common_view(a, b);
  }
  if (!view) {
    // The larger one says how both lie.
    Value &leader = long_dimensions(a) >= long_dimensions(b) ? a : b;
    Value &other = &leader == &a ? b : a;
    const std::string layout = completed_layout(step.layout(leader), dims);
    step.arrange(other, layout.substr(layout.size() - other.view.size()));
    step.arrange(leader, layout.substr(layout.size() - leader.view.size()));
    view = common_view(a, b);
    if (!view)
      step.unsupported("combines values of " + dims_text(a.dims()) + " and " + dims_text(b.dims()));
  }
  if (const std::optional<NodeId> known = binary_pattern(step, arithmetic, a.node, b.node))
    return {*known, *view};
  return {step.add(binary(step, arithmetic, a.node, b.node), {a.node, b.node}), std::move(*view)};
}

namespace {

// x op k, both ways round; nothing where no op of one input does it.
std::optional<NodeId> with_number(Step &step, Arithmetic arithmetic, NodeId x, double k, bool constant_first) {
  switch (arithmetic) {
  case Arithmetic::add:
    return linear(step, x, 1, k);
  case Arithmetic::subtract:
    return constant_first ? linear(step, x, -1, k) : linear(step, x, 1, -k);
  case Arithmetic::multiply:
    return linear(step, x, k, 0);
  case Arithmetic::divide: {
    if (!constant_first)
      return linear(step, x, 1 / k, 0);
    const NodeId reciprocal = unary(step, x, Function::reciprocal);
    return k == 1 ? reciprocal : linear(step, reciprocal, k, 0);
  }
  case Arithmetic::power:
    if (constant_first)
      return {};
    if (k == 0.5)
      return unary(step, x, Function::sqrt);
    if (k == -1)
      return unary(step, x, Function::reciprocal);
    return unary(step, x, Function::power, static_cast<float>(k));
  case Arithmetic::maximum:
    return k == 0 ? step.add(Relu{}, {x})
                  : unary(step, x, Function::clip, static_cast<float>(k), std::numeric_limits<float>::max());
  case Arithmetic::minimum:
    return unary(step, x, Function::clip, std::numeric_limits<float>::lowest(), static_cast<float>(k));
  }
  return {};
}

std::optional<NodeId> per_channel(Step &step, Arithmetic arithmetic, NodeId x, std::vector<double> k,
                                  bool constant_first) {
  switch (arithmetic) {
  case Arithmetic::add:
    return scale_shift(step, x, {1}, k);
  case Arithmetic::subtract:
    if (constant_first)
      return scale_shift(step, x, {-1}, k);
    for (double &value : k)
      value = -value;
    return scale_shift(step, x, {1}, k);
  case Arithmetic::divide:
    if (constant_first)
      return {};
    for (double &value : k)
      value = 1 / value;
    return scale_shift(step, x, k, {0});
  case Arithmetic::multiply:
    return scale_shift(step, x, k, {0});
  default:
    return {};
  }
}

} // namespace

Combined combine_constant(Step &step, Arithmetic arithmetic, std::size_t map, std::size_t constant) {
  Value &x = step.value(map);
  const bool constant_first = constant < map;
  std::optional<Aligned> k = align(step, step.constant(constant, "values"), x);
  if (!k)
    return constant_first ? combine(step, arithmetic, step.map(constant), x)
                          : combine(step, arithmetic, x, step.map(constant));
  k->values = step.weights(real_tensor({}, std::move(k->values)));
  // Divisors of zero make the constants infinite, which is the net's affair only as a Constant.
  const bool divides_by_zero =
      arithmetic == Arithmetic::divide && std::count(k->values.begin(), k->values.end(), 0.F) != 0;
  std::optional<NodeId> id;
  if (k->single() && !divides_by_zero)
    id = with_number(step, arithmetic, x.node, k->values[0], constant_first);
  else if (k->per_channel() && !divides_by_zero)
    id = per_channel(step, arithmetic, x.node, doubles(k->values), constant_first);
  if (!id) {
    const NodeId values = step.add(Constant{k->shape, std::move(k->values)}, {});
    const std::vector<NodeId> inputs = constant_first ? std::vector{values, x.node} : std::vector{x.node, values};
    id = step.add(binary(step, arithmetic, inputs[0], inputs[1]), inputs);
  }
  // The constant may have more dimensions, of one each.
  View view = x.view;
  if (const std::size_t rank = step.constant(constant, "values").dims.size(); rank > view.size())
    view.insert(view.begin(), rank - view.size(), Parts{});
  return {*id, std::move(view)};
}

} // namespace convscope::onnx_import
