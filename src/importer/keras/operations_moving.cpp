// Functions that move elements: keras.ops' pad, reshape, transpose, split, ... and TensorFlow's.
#include <algorithm>
#include <climits>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "importer/keras/operations.h"

namespace convscope::keras {

const Json &unwrapped(const Json &value) {
  const Json *inner = &value;
  for (int depth = 0; depth < 4 && inner->is_object() && inner->contains("config"); ++depth) {
    inner = &(*inner)["config"];
    if (inner->is_object() && inner->contains("value"))
      inner = &(*inner)["value"];
  }
  return *inner;
}

const Json *constant(const Layer &layer, const char *key, std::size_t position) {
  for (std::size_t i = 0; i < layer.call.size(); ++i) {
    const Operand &operand = layer.call[i];
    if ((operand.key == key || (operand.key.empty() && i == position)) && operand.tensors.empty() &&
        !operand.constant.is_null())
      return &unwrapped(operand.constant);
  }
  return layer.args.find(key);
}

std::vector<int> axes_of(const Layer &layer) {
  const Json *value = constant(layer, "axis", 1);
  std::vector<int> axes;
  if (!value)
    return axes;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json &item : list)
    if (const auto axis = as_integer(item))
      axes.push_back(*axis);
    else
      layer.fail("has an axis that is no number");
  return axes;
}

Value rearranged(Layer &layer, Value x, const std::vector<int> &source) {
  const int rank = static_cast<int>(source.size()) + 1;
  if (rank < 2 || rank > 4)
    layer.unsupported(fmt::format("it makes a tensor with {} axes", rank));
  constexpr Axis all[] = {Axis::c, Axis::h, Axis::w};
  std::array<std::optional<Axis>, 3> order;
  std::array<bool, 3> used{};
  for (int axis = 1; axis < rank; ++axis)
    if (const int from = source[static_cast<std::size_t>(axis) - 1]; from != -1) {
      const Axis side = layer.axis(from, x.rank);
      if (std::exchange(used[static_cast<std::size_t>(side)], true))
        layer.fail("takes an axis twice");
      order[static_cast<std::size_t>(layer.axis(axis, rank))] = side;
    }
  for (std::optional<Axis> &side : order) // what is left on both sides is 1 long
    if (!side) {
      side = *std::find_if(std::begin(all), std::end(all),
                           [&](Axis each) { return !used[static_cast<std::size_t>(each)]; });
      used[static_cast<std::size_t>(*side)] = true;
      if (layer.shape(x.node).side(*side) != 1)
        layer.fail("takes off an axis that is not 1 long");
    }
  if (std::equal(order.begin(), order.end(), std::begin(all)))
    return {x.node, rank};
  return {layer.add(Transpose{{*order[0], *order[1], *order[2]}}, x.node), rank};
}

namespace {

constexpr int most_parts = 1024; // of a split, copies of a tile

std::vector<int> whole_numbers(const Layer &layer, const Json *value, const char *what) {
  std::vector<int> numbers;
  if (!value)
    layer.fail(fmt::format("has no {}", what));
  for (const Json &item : value->is_array() ? *value : Json::array({*value}))
    if (const auto number = item.is_null() ? std::optional(-1) : as_integer(item))
      numbers.push_back(*number);
    else
      layer.unsupported(fmt::format("its {} is not made of whole numbers", what));
  return numbers;
}

// An axis of a tensor of that rank from 0 on.
int counted(const Layer &layer, int axis, int rank) {
  const int index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank)
    layer.fail(fmt::format("its axis {} is outside of a tensor with {} axes", axis, rank));
  return index;
}

std::vector<int> axes_from_one(int rank) {
  std::vector<int> axes;
  for (int axis = 1; axis < rank; ++axis)
    axes.push_back(axis);
  return axes;
}

std::optional<int> bound(const Json &slice, const char *key) {
  const Json &fields = slice.contains("config") ? slice["config"] : slice;
  if (!fields.is_object() || !fields.contains(key))
    return std::nullopt;
  return as_integer(fields[key]);
}

bool is_rest(const Json &item) {
  return (item.is_object() && item.contains("class_name") && item["class_name"] == "__ellipsis__") || item == "...";
}

// x[:, a:b, ::2, :], x[..., 0], x[:, None]
Value get_item(Layer &layer) {
  const Value x = layer.input();
  const Json *key = constant(layer, layer.config.operation ? "key" : "slice_spec", 1);
  if (!key || !key->is_array())
    layer.unsupported("its slices are not supported");
  const auto listed = static_cast<int>(
      std::count_if(key->begin(), key->end(), [](const Json &item) { return !item.is_null() && !is_rest(item); }));
  NodeId node = x.node;
  std::vector<int> left;
  int axis = 0;
  const auto keep = [&] {
    if (axis > 0)
      left.push_back(axis);
    ++axis;
  };
  for (const Json &item : *key) {
    if (is_rest(item)) {
      for (int more = x.rank - listed; more > 0; --more)
        keep();
    } else if (item.is_null()) {
      if (axis == 0)
        layer.unsupported("it adds an axis before the batch");
      left.push_back(-1);
    } else if (const std::optional<int> index = as_integer(item)) {
      node = layer.add(Slice{layer.axis(axis, x.rank), *index, *index == -1 ? INT_MAX : *index + 1, 1}, node);
      ++axis;
    } else if (item.is_object()) {
      const std::optional<int> begin = bound(item, "start"), end = bound(item, "stop"), step = bound(item, "step");
      if (begin || end || step.value_or(1) != 1) {
        const int stride = step.value_or(1);
        if (stride == 0)
          layer.fail("has a slice with a step of 0");
        node = layer.add(Slice{layer.axis(axis, x.rank), begin.value_or(stride > 0 ? 0 : INT_MAX),
                               end.value_or(stride > 0 ? INT_MAX : INT_MIN), stride},
                         node);
      }
      keep();
    } else {
      layer.unsupported("its slices are not supported");
    }
  }
  while (axis < x.rank)
    keep();
  return rearranged(layer, {node, x.rank}, left);
}

// [[before, after], ...] of all axes, the batch's first; [before, after] or one number are for all of them.
Value pad(Layer &layer) {
  const Value x = layer.input();
  const Json *widths = constant(layer, layer.config.operation ? "pad_width" : "paddings", 1);
  if (!widths || !widths->is_array() || static_cast<int>(widths->size()) != x.rank)
    layer.unsupported("its widths are not those of each axis");
  Pad op;
  bool wide = false;
  for (int axis = 0; axis < x.rank; ++axis) {
    const std::vector<int> ends = whole_numbers(layer, &(*widths)[static_cast<std::size_t>(axis)], "width");
    if (ends.size() != 2 || std::min(ends[0], ends[1]) < 0 || std::max(ends[0], ends[1]) > 1 << 16)
      layer.fail("has a width that is not from 0 to 65536");
    if (ends[0] == 0 && ends[1] == 0)
      continue;
    wide = wide || std::max(ends[0], ends[1]) > 1;
    switch (layer.axis(axis, x.rank)) {
    case Axis::c:
      op.channels_before = ends[0];
      op.channels_after = ends[1];
      break;
    case Axis::h:
      op.pad.top = ends[0];
      op.pad.bottom = ends[1];
      break;
    case Axis::w:
      op.pad.left = ends[0];
      op.pad.right = ends[1];
      break;
    }
  }
  const Json *mode = constant(layer, "mode", 2), *value = constant(layer, "constant_values", 3);
  const std::string name = mode && mode->is_string() ? lower(mode->get<std::string>()) : "constant";
  if (value && !value->is_number())
    layer.unsupported("it pads with more than one number");
  op.value = value ? static_cast<float>(value->get<double>()) : 0.0F;
  if (name == "reflect")
    op.mode = PadMode::reflect;
  else if (name == "edge" || (name == "symmetric" && !wide)) // which is the edge's own where one value is added
    op.mode = PadMode::edge;
  else if (name != "constant")
    layer.unsupported(fmt::format("its mode '{}' is not supported", name));
  const bool zeros = op.mode == PadMode::constant && op.value == 0 && op.channels_before == 0 && op.channels_after == 0;
  return {zeros ? layer.add(ZeroPad{op.pad}, x.node) : layer.add(op, x.node), x.rank};
}

// The shape has the batch's side first.
Value reshape_operation(Layer &layer) {
  std::vector<int> shape =
      whole_numbers(layer, constant(layer, layer.config.operation ? "newshape" : "shape", 1), "shape");
  const auto open = std::count(shape.begin(), shape.end(), -1);
  if (shape.empty() || (shape[0] != -1 && shape[0] != 1) || open > 2)
    layer.unsupported("it reshapes the batch, too");
  shape.erase(shape.begin());
  return reshaped(layer, layer.input(), shape);
}

Value expand_dims(Layer &layer) {
  const Value x = layer.input();
  std::vector<int> source = axes_from_one(x.rank);
  for (const int axis : axes_of(layer)) {
    const int at = counted(layer, axis, static_cast<int>(source.size()) + 2);
    if (at == 0)
      layer.unsupported("it adds an axis before the batch");
    source.insert(source.begin() + at - 1, -1);
  }
  return rearranged(layer, x, source);
}

Value squeeze(Layer &layer) {
  const Value x = layer.input();
  const std::vector<int> axes = axes_of(layer);
  if (axes.empty())
    layer.unsupported("it does not say which axes it takes off");
  std::vector<int> source = axes_from_one(x.rank);
  for (const int axis : axes)
    std::erase(source, counted(layer, axis, x.rank));
  return rearranged(layer, x, source);
}

Value transpose(Layer &layer) {
  const Value x = layer.input();
  std::vector<int> axes =
      whole_numbers(layer, constant(layer, layer.config.operation ? "axes" : "perm", 1), "order of axes");
  for (int &axis : axes)
    axis = counted(layer, axis, x.rank);
  if (static_cast<int>(axes.size()) != x.rank || axes[0] != 0)
    layer.unsupported("it moves the batch's axis");
  axes.erase(axes.begin());
  return rearranged(layer, x, axes);
}

Value swap_axes(Layer &layer) {
  const Value x = layer.input();
  const std::vector<int> first = whole_numbers(layer, constant(layer, "axis1", 1), "axis"),
                         second = whole_numbers(layer, constant(layer, "axis2", 2), "axis");
  const int a = counted(layer, first.at(0), x.rank), b = counted(layer, second.at(0), x.rank);
  if (a == 0 || b == 0)
    layer.unsupported("it moves the batch's axis");
  std::vector<int> source = axes_from_one(x.rank);
  std::swap(source[static_cast<std::size_t>(a) - 1], source[static_cast<std::size_t>(b) - 1]);
  return rearranged(layer, x, source);
}

// Into parts of one length, at these indices (keras.ops) or of these lengths (TensorFlow).
Value split(Layer &layer) {
  const Value x = layer.input();
  const bool lengths = !layer.config.operation;
  const Json *parts = constant(layer, lengths ? "num_or_size_splits" : "indices_or_sections", 1);
  const Json *along = constant(layer, "axis", 2);
  const Axis axis = layer.axis(along ? as_integer(*along).value_or(0) : 0, x.rank);
  std::vector<int> ends = whole_numbers(layer, parts, "number of parts");
  const int length = layer.input_shape().side(axis);
  if (!parts->is_array()) {
    const int count = ends[0];
    if (count < 1 || count > most_parts || length % count != 0)
      layer.fail(fmt::format("can't split {} values into {} parts", length, count));
    if (axis != Axis::c)
      layer.unsupported("it splits an axis of space into equal parts, whose length follows from the picture's");
    ends.clear();
    for (int part = 1; part < count; ++part)
      ends.push_back(part * (length / count));
  } else if (lengths) {
    for (std::size_t i = 1; i < ends.size(); ++i)
      ends[i] += ends[i - 1];
    ends.pop_back();
  }
  int begin = 0;
  ends.push_back(INT_MAX);
  for (const int end : ends) {
    if (end <= begin)
      layer.fail("splits into parts of no length");
    layer.outputs.push_back({layer.add(Slice{axis, begin, end, 1}, x.node), x.rank});
    begin = end;
  }
  return layer.outputs.front();
}

Value stack(Layer &layer) {
  const int rank = layer.input().rank;
  const std::vector<int> axes = axes_of(layer);
  const int axis = counted(layer, axes.empty() ? 0 : axes[0], rank + 1);
  if (axis == 0)
    layer.unsupported("it adds an axis before the batch");
  std::vector<int> source = axes_from_one(rank);
  source.insert(source.begin() + axis - 1, -1);
  std::vector<NodeId> nodes;
  for (const Value &value : layer.inputs) {
    if (value.rank != rank)
      layer.fail("joins tensors of different ranks");
    nodes.push_back(rearranged(layer, value, source).node);
  }
  return {layer.add(Concat{layer.axis(axis, rank + 1)}, nodes), rank + 1};
}

NodeId copies(Layer &layer, NodeId node, Axis axis, int count) {
  if (count < 1 || count > most_parts)
    layer.fail(fmt::format("makes {} copies", count));
  return count == 1 ? node : layer.add(Concat{axis}, std::vector<NodeId>(static_cast<std::size_t>(count), node));
}

Value tile(Layer &layer) {
  const Value x = layer.input();
  const std::vector<int> counts =
      whole_numbers(layer, constant(layer, layer.config.operation ? "repeats" : "multiples", 1), "number of copies");
  if (static_cast<int>(counts.size()) != x.rank || counts[0] != 1)
    layer.unsupported("its copies are not those of each axis after the batch");
  NodeId node = x.node;
  for (int axis = 1; axis < x.rank; ++axis)
    node = copies(layer, node, layer.axis(axis, x.rank), counts[static_cast<std::size_t>(axis)]);
  return {node, x.rank};
}

// Each value so many times, one after another.
Value repeat(Layer &layer) {
  const Value x = layer.input();
  const std::vector<int> count = whole_numbers(layer, constant(layer, "repeats", 1), "number of copies");
  const Json *along = constant(layer, "axis", 2);
  if (!along || count.size() != 1 || count[0] < 1 || count[0] > most_parts)
    layer.unsupported("it does not repeat each value along one axis as often as the others");
  const Axis axis = layer.axis(as_integer(*along).value_or(0), x.rank);
  if (axis == Axis::c)
    return {layer.add(ChannelShuffle{count[0]}, copies(layer, x.node, axis, count[0])), x.rank};
  Resize op;
  op.coordinates = ResizeCoordinates::asymmetric;
  op.rounding = NearestRounding::floor;
  (axis == Axis::h ? op.scale_h : op.scale_w) = count[0];
  return {layer.add(op, x.node), x.rank};
}

Value flip(Layer &layer) {
  const Value x = layer.input();
  const std::vector<int> axes = axes_of(layer);
  if (axes.empty())
    layer.unsupported("it turns the batch around, too");
  NodeId node = x.node;
  for (const int axis : axes)
    node = layer.add(Slice{layer.axis(axis, x.rank), INT_MAX, INT_MIN, -1}, node);
  return {node, x.rank};
}

} // namespace

const Handlers &moving_functions() {
  static const Handlers all{{"getitem", get_item},
                            {"pad", pad},
                            {"reshape", reshape_operation},
                            {"expand_dims", expand_dims},
                            {"squeeze", squeeze},
                            {"transpose", transpose},
                            {"swapaxes", swap_axes},
                            {"split", split},
                            {"stack", stack},
                            {"tile", tile},
                            {"repeat", repeat},
                            {"flip", flip}};
  return all;
}

} // namespace convscope::keras
