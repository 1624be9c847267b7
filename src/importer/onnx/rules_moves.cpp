// Rules of ops that join, cut and repeat maps.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "importer/onnx/crowded.h"
#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/shape_arithmetic.h"

namespace convscope::onnx_import {

namespace {

std::optional<Axis> axis_of(char label) {
  const auto side = std::string("chw").find(label);
  return side == std::string::npos ? std::optional<Axis>() : static_cast<Axis>(side);
}

// The node's axis that this dimension is, after the value has been arranged where it had to be.
Axis axis_along(Step &step, Value &x, int dimension) {
  if (long_dimensions(x) > 3) {
    set_apart(step, x, dimension);
    return Axis::h;
  }
  const std::string layout = step.layout(x);
  const auto at = static_cast<std::size_t>(dimension);
  if (layout[at] == 'n')
    step.unsupported("is over the images of a batch");
  if (const std::optional<Axis> axis = axis_of(layout[at]))
    return *axis;
  // One long: any side that no other dimension is.
  for (const char label : {'c', 'h', 'w'})
    if (layout.find(label) == std::string::npos && step.shape(x.node).side(*axis_of(label)) == 1)
      return *axis_of(label);
  step.unsupported("is over a dimension that is one long");
}

int as_int(std::int64_t value) {
  return static_cast<int>(
      std::clamp<std::int64_t>(value, std::numeric_limits<int>::min() / 2, std::numeric_limits<int>::max()));
}

// The parts of a value of which one dimension has been cut.
View with_axis(Step &step, const View &view, int dimension, Axis axis, NodeId id) {
  View cut = view;
  cut[static_cast<std::size_t>(dimension)] = whole(static_cast<Side>(static_cast<int>(axis) + 1), step.sides(id));
  return cut;
}

struct Part1 { // a node whose one dimension is a part of another's
  NodeId id;
  View view;
};

// Python's begin and end of a slice, forwards.
std::int64_t clamped(std::int64_t index, std::int64_t length) {
  return std::clamp<std::int64_t>(index < 0 ? std::max(index, -length) + length : index, 0, length);
}

Part1 cut(Step &step, Value &x, const Cut &cut) {
  // Runs of a side, where the dimension is its outer digit.
  const std::optional<OuterDigit> digit = outer_digit(x, cut.dimension, step.sides(x.node));
  if (digit && digit->stride > 1 && cut.step == 1) {
    const std::int64_t length = x.dims()[static_cast<std::size_t>(cut.dimension)];
    const std::int64_t begin = clamped(cut.begin, length), end = clamped(cut.end, length);
    const Slice runs{static_cast<Axis>(static_cast<int>(digit->side) - 1), as_int(begin * digit->stride),
                     as_int(end * digit->stride), 1};
    const NodeId id = step.add(runs, {x.node});
    View view = x.view;
    view[static_cast<std::size_t>(cut.dimension)].clear();
    append(view[static_cast<std::size_t>(cut.dimension)], {digit->side, end - begin, digit->stride});
    return {id, std::move(view)};
  }
  const Axis axis = axis_along(step, x, cut.dimension);
  Slice op{axis, as_int(cut.begin), as_int(cut.end), as_int(cut.step)};
  // To the end, however long the dimension is for another picture.
  if (cut.step > 0 && cut.end >= x.dims()[static_cast<std::size_t>(cut.dimension)])
    op.end = std::numeric_limits<int>::max();
  const NodeId id = step.add(op, {x.node});
  return {id, with_axis(step, x.view, cut.dimension, axis, id)};
}

bool is_all(const Cut &cut, std::int64_t length) {
  return cut.step == 1 && (cut.begin == 0 || cut.begin <= -length) && cut.end >= length;
}

void join_crowded(Step &step, const std::vector<Value *> &values, int dimension) {
  std::optional<Side> side = joining_side(step, values, dimension);
  if (!side) {
    for (Value *value : values)
      set_apart(step, *value, dimension);
    side = Side::h;
  }
  std::vector<NodeId> nodes;
  std::int64_t length = 0;
  for (const Value *value : values) {
    nodes.push_back(value->node);
    length += value->dims()[static_cast<std::size_t>(dimension)];
  }
  View view = values[0]->view;
  const std::int64_t stride =
      step.sides(nodes[0]).length(*side) / values[0]->dims()[static_cast<std::size_t>(dimension)];
  const NodeId id = step.add(Concat{static_cast<Axis>(static_cast<int>(*side) - 1)}, std::move(nodes));
  view[static_cast<std::size_t>(dimension)].clear();
  append(view[static_cast<std::size_t>(dimension)], {*side, length, stride});
  step.put_map(id, std::move(view));
}

} // namespace

void concat(Step &step) {
  if (step.inputs() == 0)
    step.fail("has no inputs");
  if (step.inputs() == 1)
    return step.put_same();
  std::vector<Value *> values;
  for (std::size_t i = 0; i < step.inputs(); ++i)
    values.push_back(&step.map(i));
  const int rank = values[0]->rank();
  const int dimension = step.dimension(step.attributes().integer("axis", 1), rank);
  const auto at = static_cast<std::size_t>(dimension);
  Dims joined = values[0]->dims();
  for (std::size_t i = 1; i < values.size(); ++i) {
    Dims dims = values[i]->dims();
    if (dims.size() != joined.size())
      step.fail(fmt::format("joins values of {} and {}", dims_text(joined), dims_text(dims)));
    joined[at] += dims[at];
    dims[at] = joined[at];
    if (dims != joined)
      step.misfit(fmt::format("can't join values of {} and {}", dims_text(joined), dims_text(dims)));
  }
  if (crowded(*values[0], joined))
    return join_crowded(step, values, dimension);
  // The value with most sides says how all of them lie.
  Value *leader = values[0];
  const auto long_dimensions = [](const Value &value) {
    return std::count_if(value.view.begin(), value.view.end(), [](const Parts &parts) { return !parts.empty(); });
  };
  for (Value *value : values)
    if (long_dimensions(*value) > long_dimensions(*leader))
      leader = value;
  const std::string layout = completed_layout(step.layout(*leader), joined);
  const std::optional<Axis> axis = axis_of(layout[at]);
  if (!axis)
    step.unsupported("joins the images of a batch");
  std::vector<NodeId> inputs;
  for (Value *value : values)
    inputs.push_back(step.arrange(*value, layout));
  step.put_map(step.add(Concat{*axis}, std::move(inputs)), layout);
}

void split(Step &step) {
  Value &x = step.map();
  const int dimension = step.dimension(step.attributes().integer("axis", 0), x.rank());
  const std::vector<std::int64_t> lengths = split_lengths(step, x.dims()[static_cast<std::size_t>(dimension)]);
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] > 0) {
      Part1 part = cut(step, x, {dimension, begin, begin + lengths[i], 1});
      step.put_map(part.id, std::move(part.view), i);
    }
    begin += lengths[i];
  }
}

void slice(Step &step) {
  Value &x = step.map();
  Value part{Value::Kind::map, {}, nullptr, x.node, x.view};
  for (const Cut &one : cuts_of(step, x.rank())) {
    const std::int64_t length = part.dims()[static_cast<std::size_t>(one.dimension)];
    if (is_all(one, length))
      continue;
    Part1 next = cut(step, part, one);
    part.node = next.id;
    part.view = std::move(next.view);
  }
  step.put(std::move(part));
}

void gather(Step &step) {
  if (step.is_constant(0))
    step.unsupported("its indices are computed from the picture");
  Value &x = step.map();
  const int dimension = step.dimension(step.attributes().integer("axis", 0), x.rank());
  const auto at = static_cast<std::size_t>(dimension);
  const std::int64_t length = x.dims()[at];
  const Tensor &indices = step.constant(1, "indices");
  std::vector<std::int64_t> places = indices.integers;
  if (places.empty())
    step.unsupported("takes nothing");
  for (std::int64_t &place : places) {
    if (place < -length || place >= length)
      step.misfit(fmt::format("takes place {} of {}", place, length));
    place = place < 0 ? place + length : place;
  }
  // Runs of equal steps are slices.
  std::vector<Cut> runs;
  for (std::size_t i = 0; i < places.size();) {
    std::size_t end = i + 1;
    const std::int64_t stride = end < places.size() && places[end] != places[i] ? places[end] - places[i] : 1;
    while (end < places.size() && places[end] - places[end - 1] == stride)
      ++end;
    const std::int64_t last = places[end - 1] + (stride > 0 ? 1 : -1);
    runs.push_back({dimension, places[i], last < 0 ? -length - 1 : last, stride});
    i = end;
  }
  if (runs.size() > 256)
    step.unsupported(fmt::format("takes {} places in no order", places.size()));
  std::vector<NodeId> parts;
  View view;
  for (const Cut &run : runs) {
    Part1 part = cut(step, x, run);
    parts.push_back(part.id);
    view = std::move(part.view);
  }
  NodeId id = parts.front();
  if (parts.size() > 1) {
    const Axis axis = axis_along(step, x, dimension);
    id = step.add(Concat{axis}, std::move(parts));
    view = with_axis(step, x.view, dimension, axis, id);
  }
  // The indices' shape takes the dimension's place.
  Value all{Value::Kind::map, {}, nullptr, id, std::move(view)};
  Dims dims = all.dims();
  dims.erase(dims.begin() + dimension);
  dims.insert(dims.begin() + dimension, indices.dims.begin(), indices.dims.end());
  all.view = *reshaped(all.view, dims);
  step.put(std::move(all));
}

void tile(Step &step) {
  Value &x = step.map();
  const std::vector<std::int64_t> repeats = step.constant(1, "repeats").integers;
  if (static_cast<int>(repeats.size()) != x.rank())
    step.fail(fmt::format("has {} repeats for a value of {}", repeats.size(), dims_text(x.dims())));
  Value tiled{Value::Kind::map, {}, nullptr, x.node, x.view};
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 1 || repeats[i] > 64)
      step.unsupported(fmt::format("repeats {} times", repeats[i]));
    if (repeats[i] == 1)
      continue;
    const auto dimension = static_cast<int>(i);
    const Axis axis = axis_along(step, tiled, dimension);
    const View before = tiled.view;
    tiled.node = step.add(Concat{axis}, std::vector<NodeId>(static_cast<std::size_t>(repeats[i]), tiled.node));
    tiled.view = with_axis(step, before, dimension, axis, tiled.node);
  }
  step.put(std::move(tiled));
}

namespace {

// x + 0, of zeros along the new dimensions.
void expand_crowded(Step &step, Value &x, const Dims &dims) {
  Dims grown(dims.size(), 1);
  const std::size_t added = dims.size() - x.view.size();
  std::int64_t count = 1;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (i < added || x.view[i - added].empty())
      count *= grown[i] = dims[i];
  if (count > INT32_MAX)
    step.unsupported(fmt::format("makes {}", dims_text(dims)));
  step.translation().spend(count);
  const Shape shape{static_cast<int>(count), 1, 1};
  const NodeId id = step.add(Constant{shape, std::vector<float>(static_cast<std::size_t>(count))}, {});
  Value zeros{Value::Kind::map, {}, nullptr, id, *reshaped(labelled("c", {1, shape}), grown)};
  Combined sum = combine(step, Arithmetic::add, x, zeros);
  step.put_map(sum.id, std::move(sum.view));
}

} // namespace

void expand(Step &step) {
  Value &x = step.map();
  Dims dims = step.constant(1, "shape").integers;
  const Dims from = x.dims();
  if (dims.size() > 16)
    step.fail(fmt::format("makes {} dimensions", dims.size()));
  dims.insert(dims.begin(), std::max(dims.size(), from.size()) - dims.size(), 1);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::int64_t &dim = dims[dims.size() - 1 - i];
    const std::int64_t length = from[from.size() - 1 - i];
    if (dim != length && dim != 1 && length != 1)
      step.misfit(fmt::format("can't make {} of {}", dims_text(dims), dims_text(from)));
    dim = length == 1 ? dim : length;
  }
  if (std::any_of(dims.begin(), dims.end(), [](std::int64_t dim) { return dim < 1 || dim > (1 << 20); }))
    step.unsupported(fmt::format("makes {} of {}", dims_text(dims), dims_text(from)));
  View view = x.view;
  view.insert(view.begin(), dims.size() - view.size(), Parts{});
  if (dims == from)
    return step.put_map(x.node, std::move(view));
  if (crowded(x, dims))
    return expand_crowded(step, x, dims);
  // x + 0, with zeros along the new sides alone.
  const std::string layout = completed_layout(step.layout(x), dims);
  Shape zeros{1, 1, 1};
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t own = from.size() + i - dims.size(); // beyond from's where it is added in front
    const bool grows = dims[i] != 1 && (i + from.size() < dims.size() || from[own] == 1);
    if (grows && !axis_of(layout[i]))
      step.unsupported(fmt::format("makes {} of {}", dims_text(dims), dims_text(from)));
    if (grows)
      zeros.side(*axis_of(layout[i])) = static_cast<int>(dims[i]);
  }
  step.translation().spend(zeros.elements());
  const NodeId constant = step.add(Constant{zeros, std::vector<float>(static_cast<std::size_t>(zeros.elements()))}, {});
  step.put_map(step.add(Binary{Arithmetic::add}, {x.node, constant}), layout);
}

} // namespace convscope::onnx_import
