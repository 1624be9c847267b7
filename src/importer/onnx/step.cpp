#include "importer/onnx/step.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"
#include "graph/shapes.h"

namespace convscope::onnx_import {

namespace {

constexpr std::string_view letters = "nchw";

bool has_n(const Parts &parts) {
  return std::any_of(parts.begin(), parts.end(), [](const Part &part) { return part.side == Side::n; });
}

Arrangement arrangement_of(const std::string &layout) {
  Arrangement arrangement;
  for (std::size_t i = 0; i < layout.size(); ++i)
    if (const auto side = letters.find(layout[i]); side != std::string_view::npos && side > 0)
      arrangement[side - 1].push_back(static_cast<int>(i));
  return arrangement;
}

} // namespace

// ---- Translation ----

std::string Translation::unique(const std::string &name) {
  std::string candidate = name.empty() ? "node" : printable(name);
  int &wishes = names[candidate];
  if (wishes++ == 0)
    return candidate;
  const std::string base = candidate;
  for (int i = wishes - 1;; ++i) {
    candidate = fmt::format("{}_{}", base, i);
    if (names.try_emplace(candidate, 1).second) {
      names[base] = i + 1;
      return candidate;
    }
  }
}

void Translation::spend(std::int64_t elements) {
  if (elements > budget)
    throw NotSupported("its constants need too much memory");
  budget -= elements;
}

void Translation::spend_work(std::int64_t multiplications) {
  if (multiplications > work)
    throw NotSupported("its constants need too much computing");
  work -= multiplications;
}

void Translation::earn(std::int64_t elements) {
  budget += 16 * elements;
  work += elements << 10;
}

NodeId Translation::add(Op op, std::vector<NodeId> inputs, const std::string &name, const std::string &kind) {
  Node node;
  node.name = name;
  node.kind = kind;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  graph.nodes.push_back(std::move(node));
  const auto id = static_cast<NodeId>(graph.nodes.size()) - 1;
  try {
    inference.infer(id);
  } catch (const UserError &error) {
    graph.nodes.pop_back();
    ++misfits;
    throw NotSupported(error.what());
  }
  named.push_back(false);
  return id;
}

NodeId Translation::add_unsupported(const std::string &name, const std::string &kind, const std::string &reason,
                                    std::vector<NodeId> inputs) {
  Node made;
  made.op = Unsupported{printable(reason)};
  made.inputs = std::move(inputs);
  graph.nodes.push_back(std::move(made));
  named.push_back(false);
  const auto id = static_cast<NodeId>(graph.nodes.size()) - 1;
  name_layer(id, {name}, kind);
  return id;
}

void Translation::name_layer(NodeId id, const std::vector<std::string> &with, const std::string &kind) {
  node(id).kind = kind;
  node(id).name = unique(with.front());
  for (std::size_t i = 1; i < with.size(); ++i)
    node(id).aliases.push_back(printable(with[i]));
  named[static_cast<std::size_t>(id)] = true;
}

void Translation::name_inner(NodeId id, const std::string &name, const std::string &kind) {
  node(id).kind = kind;
  node(id).name = unique(name);
  node(id).layer = false;
  named[static_cast<std::size_t>(id)] = true;
}

Value *Translation::find(const std::string &name) {
  const auto found = values.find(name);
  if (found == values.end())
    return nullptr;
  Value &value = found->second;
  if (value.initializer != nullptr) {
    value.tensor = file.take(*value.initializer, fmt::format("initializer '{}'", name));
    value.initializer = nullptr;
    earn(value.tensor.elements());
  }
  return &value;
}

void Translation::settle(Value &value) {
  if (value.is_map())
    for (const std::string &name : value.names)
      node(value.node).aliases.push_back(printable(name));
  value.names.clear();
}

// ---- Step ----

Step::Step(Translation &translation, onnx::NodeProto &node)
    : translation_(translation), node_(node), reading_(translation.file.reading(node)),
      opset_(reading_ != nullptr && reading_->opset > 0 ? reading_->opset : translation.file.opset()),
      name_(!node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0)),
      attributes_(node, [this](const std::string &what) { fail(what); }),
      first_(static_cast<NodeId>(translation.graph.nodes.size())) {}

void Step::fail(const std::string &what) const { throw NotSupported(fmt::format("op '{}' {}", op(), what)); }

void Step::unsupported(const std::string &what) const { throw NotSupported(fmt::format("op '{}': {}", op(), what)); }

void Step::misfit(const std::string &what) const {
  ++translation_.misfits;
  unsupported(what);
}

Value &Step::value(std::size_t i) {
  if (!has(i))
    fail(fmt::format("has no input {}", i));
  const std::string &input = node_.input(static_cast<int>(i));
  Value *value = translation_.find(input);
  if (value == nullptr)
    fail(fmt::format("uses '{}', which nothing before it makes", input));
  return *value;
}

bool Step::all_constant() {
  for (std::size_t i = 0; i < inputs(); ++i)
    if (has(i) && !is_constant(i))
      return false;
  return true;
}

const Tensor &Step::constant(std::size_t i, std::string_view what) {
  const Value &input = value(i);
  if (input.kind != Value::Kind::constant)
    unsupported(fmt::format("its {} are computed from the picture", what));
  return input.tensor;
}

Tensor Step::take(std::size_t i, std::string_view what) {
  constant(i, what);
  return take(value(i), node_.input(static_cast<int>(i)));
}

Tensor Step::take(Value &constant, const std::string &name) {
  if (translation_.uses[name] <= 1)
    return std::move(constant.tensor);
  if (!constant.tensor.is_real()) // reals are shared
    translation_.spend(constant.tensor.elements());
  return constant.tensor;
}

Value &Step::map(std::size_t i) {
  Value &input = value(i);
  if (input.kind != Value::Kind::constant)
    return input;
  if (const auto known = made_.find(i); known != made_.end())
    return known->second;
  Dims dims = input.tensor.dims;
  if (dims.size() == 4 && dims[0] == 1)
    dims.erase(dims.begin());
  std::array<int, 3> sides{1, 1, 1};
  std::string layout(input.tensor.dims.size() - dims.size(), '1');
  std::size_t used = 0;
  for (const std::int64_t length : dims) {
    if (length == 1) {
      layout += '1';
      continue;
    }
    if (used == 3 || length < 1 || length > INT32_MAX)
      unsupported(fmt::format("takes a constant of {}", dims_text(input.tensor.dims)));
    layout += letters[used + 1];
    sides[used++] = static_cast<int>(length);
  }
  const std::string name = node_.input(static_cast<int>(i));
  const NodeId id = add(Constant{{sides[0], sides[1], sides[2]}, weights(take(i, ""))}, {});
  translation_.name_inner(id, name, "Constant");
  return made_[i] = Value{Value::Kind::map, {}, nullptr, id, labelled(layout, {1, shape(id)})};
}

int Step::dimension(std::int64_t axis, int rank) const {
  if (axis < -rank || axis >= rank)
    fail(fmt::format("axis {} of a value of {} dimensions", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::optional<std::vector<std::int64_t>> Step::axes(std::size_t input) {
  if (has(input))
    return constant(input, "axes").integers;
  return attributes_.integers("axes");
}

std::optional<Tensor> Step::tensor_attribute(std::string_view name) {
  for (onnx::AttributeProto &attribute : *node_.mutable_attribute())
    if (attribute.name() == name) {
      Tensor tensor = translation_.file.take(*attribute.mutable_t(), fmt::format("the {} of '{}'", name, name_));
      translation_.earn(tensor.elements());
      return tensor;
    }
  return {};
}

Floats Step::weights(Tensor tensor) const {
  if (!tensor.is_real())
    tensor.reals = std::vector<float>(tensor.integers.begin(), tensor.integers.end());
  if (!translation_.file.finite(tensor.reals))
    fail("has weights that are infinite or not a number");
  return std::move(tensor.reals);
}

bool Step::names_output(std::size_t output) const {
  return output < outputs() && !node_.output(static_cast<int>(output)).empty();
}

bool Step::wants(std::size_t output) const {
  return names_output(output) && translation_.uses[node_.output(static_cast<int>(output))] > 0;
}

NodeId Step::add(Op op, std::vector<NodeId> inputs) {
  return translation_.add(std::move(op), std::move(inputs), name_, node_.op_type());
}

void Step::put(Value value, std::size_t output) {
  if (!names_output(output))
    return;
  if (value.rank() > 16)
    unsupported("makes more than 16 dimensions");
  const std::string &name = node_.output(static_cast<int>(output));
  std::vector<std::string> names;
  if (output == 0)
    names.push_back(name_);
  if (output > 0 || name != name_)
    names.push_back(name);
  if (output == 0 && reading_ != nullptr)
    names.insert(names.end(), reading_->aliases.begin(), reading_->aliases.end());
  if (reading_ != nullptr && reading_->inner)
    names.clear();
  if (value.is_map() && value.node < first_) {
    value.names = std::move(names);
    value.op = op();
  } else if (value.is_map() && !translation_.named[static_cast<std::size_t>(value.node)]) {
    if (names.empty())
      translation_.name_inner(value.node, name_, op());
    else
      translation_.name_layer(value.node, names, op());
    translation_.node(value.node).parameters = std::exchange(parameters_, 0);
  } else if (value.is_map()) {
    for (const std::string &each : names)
      translation_.node(value.node).aliases.push_back(printable(each));
  }
  translation_.values[name] = std::move(value);
}

Value *Step::made(std::size_t output) {
  return names_output(output) ? translation_.find(node_.output(static_cast<int>(output))) : nullptr;
}

void Step::put_map(NodeId id, View view, std::size_t output) {
  put(Value{Value::Kind::map, {}, nullptr, id, std::move(view)}, output);
}

void Step::put_map(NodeId id, const std::string &layout, std::size_t output) {
  put_map(id, labelled(layout, sides(id)), output);
}

void Step::put_constant(Tensor tensor, std::size_t output) {
  put(Value{Value::Kind::constant, std::move(tensor), nullptr, -1, {}}, output);
}

void Step::put_same(std::size_t input, std::size_t output) {
  if (is_constant(input)) {
    put_constant(take(input, "values"), output);
  } else {
    const Value &same = value(input);
    put_map(same.node, same.view, output);
  }
}

NodeId Step::arrange(Value &value, const Arrangement &arrangement) {
  std::array<Parts, 3> target;
  std::vector<bool> placed(value.view.size());
  for (std::size_t i = 0; i < 3; ++i) {
    target[i] = joined(value.view, arrangement[i]);
    for (const int dimension : arrangement[i])
      placed[static_cast<std::size_t>(dimension)] = true;
  }
  const Sides before = sides(value.node);
  for (std::size_t i = 0; i < placed.size(); ++i)
    if (!placed[i] && !value.view[i].empty() && value.view[i] != whole(Side::n, before))
      unsupported(fmt::format("takes a value of {}", dims_text(value.dims())));
  const std::optional<std::vector<Op>> ops = rearrangement(target, before);
  if (!ops)
    unsupported(fmt::format("takes a value of {} that mixes the images of a batch", dims_text(value.dims())));
  if (ops->empty())
    return value.node;
  NodeId id = value.node;
  const std::string base = value.names.empty() ? name_ : value.names.front();
  for (std::size_t i = 0; i < ops->size(); ++i) {
    id = translation_.add((*ops)[i], {id}, base, "");
    if (i + 1 == ops->size() && !value.names.empty()) {
      translation_.name_layer(id, value.names, value.op);
      value.names.clear();
    } else {
      translation_.name_inner(id, base + "/arranged", std::string(op_name(translation_.node(id).op)));
    }
  }
  const Sides after = sides(id);
  const Dims dims = value.dims();
  value.node = id;
  for (std::size_t side = 0; side < 3; ++side) {
    // The new side in the lengths of the dimensions that are joined in it.
    Dims lengths;
    for (const int dimension : arrangement[side])
      lengths.push_back(dims[static_cast<std::size_t>(dimension)]);
    const std::optional<View> split = reshaped({whole(static_cast<Side>(side + 1), after)}, lengths);
    for (std::size_t i = 0; i < lengths.size(); ++i)
      value.view[static_cast<std::size_t>(arrangement[side][i])] = (*split)[i];
  }
  return id;
}

NodeId Step::arrange(Value &value, const std::string &layout) { return arrange(value, arrangement_of(layout)); }

std::string Step::layout(Value &value) {
  if (const std::optional<std::string> known = layout_of(value.view, sides(value.node)))
    return *known;
  std::vector<std::size_t> long_dimensions;
  std::string layout(value.view.size(), '1');
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (has_n(value.view[i]))
      layout[i] = 'n';
    else if (!value.view[i].empty())
      long_dimensions.push_back(i);
  }
  if (long_dimensions.size() > 3)
    unsupported(fmt::format("takes a value of {}", dims_text(value.dims())));
  const std::string_view labels = long_dimensions.size() == 2 ? "cw" : "chw";
  for (std::size_t i = 0; i < long_dimensions.size(); ++i)
    layout[long_dimensions[i]] = labels[i];
  arrange(value, layout);
  return *layout_of(value.view, sides(value.node));
}

NodeId Step::channels_first(Value &value) {
  if (value.rank() < 2 || value.rank() > 4)
    unsupported(fmt::format("takes a value of {}", dims_text(value.dims())));
  return arrange(value, channels_first_layout(value.rank()));
}

void Step::finish() {
  for (auto id = first_; id < static_cast<NodeId>(translation_.graph.nodes.size()); ++id)
    if (!translation_.named[static_cast<std::size_t>(id)])
      translation_.name_inner(id, name_ + "/inner", op());
}

std::string completed_layout(const std::string &layout, const Dims &dims) {
  std::string full = std::string(dims.size() - layout.size(), '1') + layout;
  std::string unused;
  for (const char label : {'c', 'h', 'w'})
    if (full.find(label) == std::string::npos)
      unused += label;
  for (std::size_t i = 0; i < dims.size(); ++i)
    if (full[i] == '1' && dims[i] != 1) {
      if (unused.empty())
        throw NotSupported(fmt::format("makes a value of {}", dims_text(dims)));
      full[i] = unused.front();
      unused.erase(0, 1);
    }
  return full;
}

} // namespace convscope::onnx_import
