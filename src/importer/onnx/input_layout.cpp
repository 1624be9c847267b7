#include "importer/onnx/input_layout.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "importer/onnx/tensor.h"

namespace convscope::onnx_import {

namespace {

constexpr std::size_t most_steps = 200;

const std::unordered_set<std::string> keeps{"Cast",
                                            "CastLike",
                                            "Identity",
                                            "Dropout",
                                            "Add",
                                            "Sub",
                                            "Mul",
                                            "Div",
                                            "Neg",
                                            "Pow",
                                            "Clip",
                                            "Min",
                                            "Max",
                                            "Relu",
                                            "Sqrt",
                                            "Abs",
                                            "Pad",
                                            "Slice",
                                            "Resize",
                                            "Upsample",
                                            "QuantizeLinear",
                                            "DequantizeLinear",
                                            "ReverseSequence",
                                            "Concat",
                                            "Split",
                                            "Where",
                                            "Round",
                                            "Floor"};
const std::unordered_set<std::string> changes_channels{"Concat", "Split", "Slice", "Gather", "Pad"};
// Channels first, whatever their weights are.
const std::unordered_set<std::string> channels_first{"Conv",
                                                     "ConvInteger",
                                                     "QLinearConv",
                                                     "FusedConv",
                                                     "ConvTranspose",
                                                     "MaxPool",
                                                     "AveragePool",
                                                     "GlobalAveragePool",
                                                     "GlobalMaxPool",
                                                     "LpPool",
                                                     "BatchNormalization",
                                                     "InstanceNormalization",
                                                     "GroupNormalization",
                                                     "LRN",
                                                     "DepthToSpace",
                                                     "SpaceToDepth"};

} // namespace

InputReaders::InputReaders(const onnx::GraphProto &graph) {
  for (const onnx::TensorProto &tensor : graph.initializer())
    constants_[tensor.name()] = &tensor;
  for (const onnx::NodeProto &node : graph.node()) {
    if (node.op_type() == "Constant" && node.output_size() == 1)
      for (const onnx::AttributeProto &attribute : node.attribute())
        if (attribute.has_t())
          constants_[node.output(0)] = &attribute.t();
    // What stores weights in fewer bits leaves their dimensions.
    if ((node.op_type() == "DequantizeLinear" || node.op_type() == "Cast" || node.op_type() == "Identity") &&
        node.input_size() > 0 && node.output_size() > 0)
      if (const auto found = constants_.find(node.input(0)); found != constants_.end())
        constants_[node.output(0)] = found->second;
    for (const std::string &name : node.input())
      readers_[name].push_back(&node);
  }
}

InputLayout InputReaders::layout(const std::string &input, int rank) const {
  struct Reached {
    std::string name;
    Dimensions dimensions;
    bool all = true; // it has as many channels as the input
  };
  Reached start{input, {}};
  for (int i = 0; i < rank; ++i)
    start.dimensions.push_back(i);
  std::deque<Reached> waiting{start};
  std::unordered_set<std::string> seen{input};
  InputLayout best;
  for (std::size_t steps = 0; !waiting.empty() && steps < most_steps; ++steps) {
    const Reached at = std::move(waiting.front());
    waiting.pop_front();
    const auto readers = readers_.find(at.name);
    if (readers == readers_.end())
      continue;
    for (const onnx::NodeProto *node : readers->second) {
      if (InputLayout found = told_by(*node, at.name, at.dimensions, rank); !found.layout.empty()) {
        if (!at.all)
          found.channels = 0;
        if (found.channels > 0)
          return found;
        if (best.layout.empty())
          best = std::move(found);
      } else if (const std::optional<Dimensions> after = moved(*node, at.name, at.dimensions)) {
        for (const std::string &output : node->output())
          if (seen.insert(output).second)
            waiting.push_back({output, *after, at.all && !changes_channels.contains(node->op_type())});
      }
    }
  }
  return best;
}

InputLayout InputReaders::told_by(const onnx::NodeProto &node, const std::string &name, const Dimensions &dimensions,
                                  int rank) const {
  if (dimensions.size() != 4 || node.input(0) != name || !channels_first.contains(node.op_type()))
    return {};
  InputLayout told{std::string(static_cast<std::size_t>(rank), ' '), 0};
  for (std::size_t i = 0; i < 4; ++i)
    if (dimensions[i] >= 0)
      told.layout[static_cast<std::size_t>(dimensions[i])] = "nchw"[i];
  if (told.layout.find(' ') != std::string::npos || dimensions[2] < 0 || dimensions[3] < 0)
    return {};
  told.channels = dimensions[1] < 0 ? 1 : channels_of(node);
  return told;
}

int InputReaders::channels_of(const onnx::NodeProto &node) const {
  const bool convolves = node.op_type().ends_with("Conv") || node.op_type() == "ConvInteger";
  const int at = node.op_type() == "QLinearConv" ? 3 : 1;
  if ((!convolves && node.op_type() != "BatchNormalization") || node.input_size() <= at)
    return 0;
  const auto weights = constants_.find(node.input(at));
  if (weights == constants_.end())
    return 0;
  const auto &dims = weights->second->dims();
  std::int64_t channels = convolves && dims.size() == 4 ? dims[1] : !convolves && dims.size() == 1 ? dims[0] : 0;
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (convolves && attribute.name() == "group" && attribute.i() > 0 && attribute.i() <= 1 << 16)
      channels = channels <= 1 << 16 ? channels * attribute.i() : 0;
  return channels > 0 && channels <= 1 << 16 ? static_cast<int>(channels) : 0;
}

// Where the dimensions are after the node; nothing where that is not known.
std::optional<InputReaders::Dimensions> InputReaders::moved(const onnx::NodeProto &node, const std::string &name,
                                                            Dimensions before) const {
  if (node.input_size() == 0 ||
      (!node.domain().empty() && node.domain() != "ai.onnx" && node.domain() != "com.microsoft"))
    return {};
  if (keeps.contains(node.op_type()))
    return before;
  if (node.input(0) != name)
    return {};
  if (node.op_type() == "Gather") {
    const auto indices = constants_.find(node.input_size() > 1 ? node.input(1) : "");
    return indices != constants_.end() && indices->second->dims_size() == 1 ? std::optional(before) : std::nullopt;
  }
  const auto rank = static_cast<std::int64_t>(before.size());
  if (node.op_type() == "Transpose") {
    const std::vector<std::int64_t> order = integers(node, "perm", -1);
    Dimensions after;
    for (const std::int64_t from : order)
      if (from >= 0 && from < rank)
        after.push_back(before[static_cast<std::size_t>(from)]);
    return after.size() == before.size() ? std::optional(after) : std::nullopt;
  }
  if (node.op_type() != "Unsqueeze" && node.op_type() != "Squeeze")
    return {};
  std::vector<std::int64_t> axes = integers(node, "axes", 1);
  const bool adds = node.op_type() == "Unsqueeze";
  const std::int64_t wide = rank + (adds ? static_cast<std::int64_t>(axes.size()) : 0);
  for (std::int64_t &axis : axes) {
    axis += axis < 0 ? wide : 0;
    if (axis < 0 || axis >= wide)
      return {};
  }
  std::sort(axes.begin(), axes.end());
  if (axes.empty() || wide > 8 || std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    return {};
  if (adds) {
    for (const std::int64_t axis : axes)
      before.insert(before.begin() + axis, -1);
    return before;
  }
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (before[static_cast<std::size_t>(*axis)] >= 0)
      return {};
    before.erase(before.begin() + *axis);
  }
  return before;
}

// An attribute, or a constant input.
std::vector<std::int64_t> InputReaders::integers(const onnx::NodeProto &node, const char *name, int input) const {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return {attribute.ints().begin(), attribute.ints().end()};
  if (input < 0 || node.input_size() <= input)
    return {};
  const auto found = constants_.find(node.input(input));
  if (found == constants_.end() || found->second->data_type() != onnx::TensorProto::INT64)
    return {};
  const onnx::TensorProto &proto = *found->second;
  const Dims dims(proto.dims().begin(), proto.dims().end());
  const auto count = element_count(dims);
  if (!count || *count > 8)
    return {};
  if (proto.has_raw_data())
    return proto.raw_data().size() == static_cast<std::size_t>(*count) * 8
               ? decode_raw(proto.data_type(), dims, proto.raw_data()).integers
               : std::vector<std::int64_t>{};
  const auto tensor = decode_fields(proto, dims);
  return tensor ? tensor->integers : std::vector<std::int64_t>{};
}

} // namespace convscope::onnx_import
