#include "importer/keras/layer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::keras {

NodeId GraphBuilder::add(Node node) {
  const bool known =
      std::all_of(node.inputs.begin(), node.inputs.end(), [&](NodeId input) { return shape(input).c > 0; }) &&
      !std::holds_alternative<Unsupported>(node.op);
  graph.nodes.push_back(std::move(node));
  const auto id = static_cast<NodeId>(graph.nodes.size()) - 1;
  try {
    if (known)
      inference_.infer(id);
  } catch (const UserError &error) {
    throw UserError(fmt::format("{}: {}", file_, error.what()));
  }
  return id;
}

void GraphBuilder::truncate(NodeId nodes) {
  graph.nodes.resize(static_cast<std::size_t>(nodes));
  inference_.forget_from(nodes);
}

Value Layer::input() const {
  if (inputs.empty())
    fail("has no inputs");
  return inputs.front();
}

NodeId Layer::add(Op op, std::vector<NodeId> from) {
  // The name is for errors until the layer is finished.
  return builder.add({config.name, config.kind, std::move(op), std::move(from), false, 0});
}

NodeId Layer::constant(Shape shape, std::vector<float> values) {
  return builder.add({config.name, config.kind, Constant{shape, std::move(values)}, {}, false, 0});
}

NodeId Layer::scale_shift(std::vector<double> scale, std::vector<double> shift, NodeId from) {
  return add(ScaleShift{std::move(scale), std::move(shift)}, from);
}

void Layer::unsupported(const std::string &what) const { throw NotSupported{what}; }

void Layer::check_data_format() const {
  const std::string format = args.text("data_format", channels_first() ? "channels_first" : "channels_last");
  if (format != "channels_first" && format != "channels_last")
    fail(fmt::format("its 'data_format' is '{}'", format));
  if ((format == "channels_first") != channels_first())
    unsupported("the model has layers of both data formats");
}

void Layer::need_rank(int rank) const {
  if (input().rank != rank)
    unsupported(fmt::format("it works on a tensor with {} axes", input().rank));
}

bool Layer::pads_same(const char *usual) const {
  const std::string padding = args.text("padding", usual);
  if (padding != "same" && padding != "valid")
    unsupported(fmt::format("its padding '{}' is not supported", padding));
  return padding == "same";
}

Axis Layer::axis(int keras_axis, int rank) const {
  const int index = keras_axis < 0 ? keras_axis + rank : keras_axis;
  if (index == 0)
    unsupported("it works along the batch");
  if (index < 1 || index >= rank)
    fail(fmt::format("its axis {} is outside of a tensor with {} axes", keras_axis, rank));
  constexpr Axis last[] = {Axis::h, Axis::w, Axis::c}, first[] = {Axis::c, Axis::h, Axis::w};
  if (rank == 4)
    return (channels_first() ? first : last)[index - 1];
  if (rank == 3)
    return (index == 1) == channels_first() ? Axis::c : Axis::h;
  return Axis::c;
}

NodeId Layer::to_keras_order(NodeId node, int rank) {
  if (channels_first() || rank < 3)
    return node;
  return rank == 4 ? add(Transpose{{Axis::h, Axis::w, Axis::c}}, node)
                   : add(Transpose{{Axis::h, Axis::c, Axis::w}}, node);
}

NodeId Layer::from_keras_order(NodeId node, int rank) {
  if (channels_first() || rank < 3)
    return node;
  return rank == 4 ? add(Transpose{{Axis::w, Axis::c, Axis::h}}, node)
                   : add(Transpose{{Axis::h, Axis::c, Axis::w}}, node);
}

} // namespace convscope::keras
