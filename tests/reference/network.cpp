#include "reference/network.h"

#include <algorithm>
#include <stdexcept>

#include "graph/shapes.h"
#include "reference/conv.h"
#include "reference/dense.h"
#include "reference/elementwise.h"
#include "reference/functions.h"
#include "reference/moves.h"
#include "reference/pools.h"
#include "reference/reductions.h"

namespace convscope::reference {

namespace {

Tensor reshaped(Tensor x, int c, int h, int w) {
  x.c = c;
  x.h = h;
  x.w = w;
  return x;
}

bool contains(const std::vector<NodeId> &ids, NodeId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

Conv explicit_pads(Conv op, const Tensor &x) {
  op.window = resolve_padding(op.window, x.h, x.w);
  return op;
}

ConvTranspose explicit_pads(ConvTranspose op) {
  op.window = resolve_transposed_padding(op);
  return op;
}

// One overload an op: its output from its inputs' (Add alone has more than one).
struct Forward {
  const std::vector<const Tensor *> &inputs;
  const Tensor &x() const { return *inputs.at(0); }
  Window window(const Window &win) const { return resolve_padding(win, x().h, x().w); }

  Tensor operator()(const Input &) const { return x(); }
  Tensor operator()(const Conv &op) const { return conv(x(), explicit_pads(op, x())); }
  Tensor operator()(const ConvTranspose &op) const { return conv_transpose(x(), explicit_pads(op)); }
  Tensor operator()(const Dense &op) const { return dense(x(), op); }
  Tensor operator()(const ScaleShift &op) const { return scale_shift(x(), op.scale, op.shift); }
  Tensor operator()(const Relu &op) const { return relu(x(), op.ceiling); }
  Tensor operator()(const PRelu &op) const { return prelu(x(), op); }
  Tensor operator()(const Unary &op) const { return unary(x(), op); }
  Tensor operator()(const Binary &op) const { return binary(x(), *inputs.at(1), op); }
  Tensor operator()(const MaxPool &op) const { return max_pool(x(), window(op.window)).y; }
  Tensor operator()(const AvgPool &op) const { return avg_pool(x(), window(op.window), op.count_padding); }
  Tensor operator()(const GlobalAvgPool &) const { return global_avg_pool(x()); }
  Tensor operator()(const GlobalMaxPool &) const { return global_max_pool(x()).y; }
  Tensor operator()(const Add &) const {
    Tensor sum = x();
    for (std::size_t i = 1; i < inputs.size(); ++i)
      sum = add(sum, *inputs[i]);
    return sum;
  }
  Tensor operator()(const ZeroPad &op) const { return zero_pad(x(), op.pad); }
  Tensor operator()(const Flatten &) const { return reshaped(x(), x().c * x().h * x().w, 1, 1); }
  Tensor operator()(const Reshape &op) const {
    const int known = std::abs(op.shape.c * op.shape.h * op.shape.w), all = x().c * x().h * x().w;
    const auto side = [&](int length) { return length < 0 ? all / known : length; };
    return reshaped(x(), side(op.shape.c), side(op.shape.h), side(op.shape.w));
  }
  Tensor operator()(const Identity &) const { return x(); }
  Tensor operator()(const Constant &op) const { // x is the graph's input
    Tensor y(x().n, op.shape.c, op.shape.h, op.shape.w);
    for (std::size_t i = 0; i < y.data.size(); ++i)
      y.data[i] = op.values[i % op.values.size()];
    return y;
  }
  Tensor operator()(const Concat &op) const { return concat(inputs, op.axis); }
  Tensor operator()(const Slice &op) const { return move(x(), op); }
  Tensor operator()(const Transpose &op) const { return move(x(), op); }
  Tensor operator()(const ChannelShuffle &op) const { return move(x(), op); }
  Tensor operator()(const DepthToSpace &op) const { return move(x(), op); }
  Tensor operator()(const SpaceToDepth &op) const { return move(x(), op); }
  Tensor operator()(const Pad &op) const { return move(x(), op); }
  Tensor operator()(const Resize &op) const { return move(x(), op); }
  Tensor operator()(const Softmax &op) const { return softmax(x(), op); }
  Tensor operator()(const Reduce &op) const { return reduce(x(), op); }
  Tensor operator()(const Normalize &op) const { return normalize(x(), op); }
  Tensor operator()(const Lrn &op) const { return lrn(x(), op); }
  template <typename Other> Tensor operator()(const Other &op) const {
    throw std::logic_error("no reference for " + std::string(op_name(op)));
  }
};

// The gradient for each of an op's inputs, in their order.
struct Backward {
  using Gradients = std::vector<Tensor>;
  const std::vector<const Tensor *> &inputs;
  const Tensor &x, &y, &grad; // first input, output, and the gradient at the output
  Window window(const Window &win) const { return resolve_padding(win, x.h, x.w); }

  Gradients operator()(const Input &) const { return {grad}; }
  Gradients operator()(const Conv &op) const { return {conv_gradient(grad, explicit_pads(op, x), x.h, x.w)}; }
  Gradients operator()(const ConvTranspose &op) const { return {conv_transpose_gradient(grad, explicit_pads(op), x)}; }
  Gradients operator()(const Dense &op) const { return {dense_gradient(grad, op, x.c, x.h, x.w)}; }
  Gradients operator()(const ScaleShift &op) const { return {scale_shift_gradient(grad, op.scale)}; }
  Gradients operator()(const Relu &op) const { return {relu_gradient(grad, y, op.ceiling)}; }
  Gradients operator()(const PRelu &op) const { return {prelu_gradient(grad, x, op)}; }
  Gradients operator()(const Unary &op) const { return {unary_gradient(grad, x, op)}; }
  Gradients operator()(const Binary &op) const {
    BinaryGradients both = binary_gradients(grad, x, *inputs.at(1), op);
    return {std::move(both.a), std::move(both.b)};
  }
  Gradients operator()(const MaxPool &op) const {
    Window win = window(op.window);
    return {max_pool_gradient(grad, max_pool(x, win).arg, win, x.h, x.w)};
  }
  Gradients operator()(const AvgPool &op) const {
    return {avg_pool_gradient(grad, window(op.window), op.count_padding, x.h, x.w)};
  }
  Gradients operator()(const GlobalAvgPool &) const { return {global_avg_pool_gradient(grad, x.h, x.w)}; }
  Gradients operator()(const GlobalMaxPool &) const {
    return {global_max_pool_gradient(grad, global_max_pool(x).arg, x.h, x.w)};
  }
  Gradients operator()(const Add &) const { return Gradients(inputs.size(), grad); }
  Gradients operator()(const ZeroPad &op) const { return {zero_pad_gradient(grad, op.pad)}; }
  Gradients operator()(const Flatten &) const { return {reshaped(grad, x.c, x.h, x.w)}; }
  Gradients operator()(const Reshape &) const { return {reshaped(grad, x.c, x.h, x.w)}; }
  Gradients operator()(const Identity &) const { return {grad}; }
  Gradients operator()(const Concat &op) const { return concat_gradient(grad, inputs, op.axis); }
  Gradients operator()(const Slice &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const Transpose &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const ChannelShuffle &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const DepthToSpace &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const SpaceToDepth &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const Pad &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const Resize &op) const { return {move_gradient(grad, op, x)}; }
  Gradients operator()(const Softmax &op) const { return {softmax_gradient(grad, y, op)}; }
  Gradients operator()(const Reduce &op) const { return {reduce_gradient(grad, x, op)}; }
  Gradients operator()(const Normalize &op) const { return {normalize_gradient(grad, x, op)}; }
  Gradients operator()(const Lrn &op) const { return {lrn_gradient(grad, x, op)}; }
  template <typename Other> Gradients operator()(const Other &op) const {
    throw std::logic_error("no reference for " + std::string(op_name(op)));
  }
};

} // namespace

std::vector<Tensor> forward(const Graph &graph, const Tensor &input, NodeId last) {
  std::vector<Tensor> outputs(last < 0 ? graph.nodes.size() : std::size_t(last) + 1);
  for (std::size_t id = 0; id < outputs.size(); ++id) {
    if (last >= 0 && id > 0 && !contains(ancestors(graph, {last}), NodeId(id)))
      continue;
    const Node &node = graph.nodes[id];
    std::vector<const Tensor *> inputs;
    for (NodeId from : node.inputs)
      inputs.push_back(&outputs[from]);
    if (inputs.empty())
      inputs.push_back(&input);
    outputs[id] = std::visit(Forward{inputs}, node.op);
  }
  return outputs;
}

std::vector<Tensor> backward(const Graph &graph, const std::vector<Tensor> &outputs, NodeId target,
                             const Tensor &grad) {
  std::vector<Tensor> grads;
  for (NodeId id = 0; id <= target; ++id)
    grads.emplace_back(outputs[id].n, outputs[id].c, outputs[id].h, outputs[id].w);
  grads[target] = grad;
  for (NodeId id = target; id > 0; --id) {
    if (!contains(ancestors(graph, {target}), id))
      continue;
    const Node &node = graph.nodes[id];
    if (node.inputs.empty())
      continue; // a constant
    std::vector<const Tensor *> inputs;
    for (NodeId from : node.inputs)
      inputs.push_back(&outputs[from]);
    std::vector<Tensor> passed = std::visit(Backward{inputs, *inputs[0], outputs[id], grads[id]}, node.op);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      grads[node.inputs[i]] = add(grads[node.inputs[i]], passed.at(i));
  }
  return grads;
}

Ascent input_gradient(const Graph &graph, const Tensor &input, NodeId layer, const std::vector<Objective> &objectives) {
  std::vector<Tensor> outputs = forward(graph, input, layer);
  Tensor grad = objective_gradient(outputs[layer], objectives);
  return {objective_values(outputs[layer], objectives), backward(graph, outputs, layer, grad)[0]};
}

} // namespace convscope::reference
