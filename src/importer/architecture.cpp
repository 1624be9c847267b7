#include "importer/architecture.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace convscope {

namespace {

Window square_window(int kernel, int stride, int pad = 0) {
  Window window;
  window.kernel_h = window.kernel_w = kernel;
  window.stride_h = window.stride_w = stride;
  window.pad = {pad, pad, pad, pad};
  return window;
}

// Appends layers in the way that Keras's functional interface does; each method gives the layer's output.
class Builder {
public:
  Builder(std::string name, int default_size) {
    architecture_.graph.name = std::move(name);
    architecture_.graph.input = {3, default_size, default_size};
    channels_.push_back(3);
    architecture_.graph.nodes.push_back({"input", "InputLayer", Input{}, {}, true, 0});
  }

  NodeId conv(const std::string &name, NodeId from, int out, Window window, bool bias = true) {
    const int in = channels_[from];
    Conv op;
    op.out_channels = out;
    op.window = window;
    const NodeId id = add(name, "Conv2D", std::move(op), {from}, out);
    slot({name, WeightKind::conv, id, in, out, window.kernel_h, window.kernel_w, bias, {}, 0}, id);
    return id;
  }

  // A convolution whose layer includes its ReLU.
  NodeId conv_relu(const std::string &name, NodeId from, int out, Window window) {
    const NodeId linear = conv(name, from, out, window);
    return activated(name, linear, Relu{}, "/linear");
  }

  NodeId dense(const std::string &name, NodeId from, int in, int out, Shape flattened) {
    Dense op;
    op.out_features = out;
    const NodeId id = add(name, "Dense", std::move(op), {from}, out);
    slot({name, WeightKind::dense, id, in, out, 1, 1, true, flattened, 0}, id);
    return id;
  }

  NodeId dense_relu(const std::string &name, NodeId from, int in, int out, Shape flattened) {
    return activated(name, dense(name, from, in, out, flattened), Relu{}, "/linear");
  }

  // The classifier, whose layer includes its softmax.
  void predictions(NodeId from, int in, int classes) {
    const std::string name = "predictions";
    architecture_.graph.logits = dense(name, from, in, classes, {});
    architecture_.graph.probabilities = activated(name, architecture_.graph.logits, Softmax{}, "/logits");
  }

  NodeId batch_norm(const std::string &name, NodeId from, double epsilon) {
    const int c = channels_[from];
    const NodeId id = add(name, "BatchNormalization", ScaleShift{}, {from}, c);
    slot({name, WeightKind::batch_norm, id, c, c, 1, 1, true, {}, epsilon}, id);
    return id;
  }

  NodeId relu(const std::string &name, NodeId from) { return plain(name, "Activation", Relu{}, {from}); }
  NodeId max_pool(const std::string &name, NodeId from, int kernel, int stride) {
    return plain(name, "MaxPooling2D", MaxPool{square_window(kernel, stride)}, {from});
  }
  NodeId zero_pad(const std::string &name, NodeId from, int pad) {
    return plain(name, "ZeroPadding2D", ZeroPad{{pad, pad, pad, pad}}, {from});
  }
  NodeId sum(const std::string &name, NodeId a, NodeId b) { return plain(name, "Add", Add{}, {a, b}); }
  NodeId global_average(const std::string &name, NodeId from) {
    return plain(name, "GlobalAveragePooling2D", GlobalAvgPool{}, {from});
  }
  NodeId flatten(const std::string &name, NodeId from, Shape map) {
    return add(name, "Flatten", Flatten{}, {from}, static_cast<int>(map.elements()));
  }

  Architecture take() { return std::move(architecture_); }

private:
  NodeId add(const std::string &name, const std::string &kind, Op op, std::vector<NodeId> inputs, int channels) {
    architecture_.graph.nodes.push_back({name, kind, std::move(op), std::move(inputs), true, 0});
    channels_.push_back(channels);
    return static_cast<NodeId>(channels_.size()) - 1;
  }

  NodeId plain(const std::string &name, const std::string &kind, Op op, std::vector<NodeId> inputs) {
    const int channels = channels_[inputs[0]];
    return add(name, kind, std::move(op), std::move(inputs), channels);
  }

  // Makes the layer's visible node the activation; the node before it becomes the inner step.
  NodeId activated(const std::string &name, NodeId linear, Op activation, const char *suffix) {
    const NodeId id = plain(name, architecture_.graph.nodes[linear].kind, std::move(activation), {linear});
    Node &inner = architecture_.graph.nodes[linear];
    inner.name += suffix;
    inner.layer = false;
    architecture_.graph.nodes[id].parameters = std::exchange(inner.parameters, 0);
    return id;
  }

  void slot(WeightSlot weights, NodeId id) {
    const std::int64_t kernel = std::int64_t{weights.in} * weights.out * weights.kernel_h * weights.kernel_w;
    architecture_.graph.nodes[id].parameters = weights.kind == WeightKind::batch_norm
                                                   ? 4 * std::int64_t{weights.out}
                                                   : kernel + (weights.bias ? weights.out : 0);
    architecture_.slots.push_back(std::move(weights));
  }

  Architecture architecture_;
  std::vector<int> channels_; // of each node's output
};

// Keras's pre-activation residual block: `stride` sits in the 3x3 convolution and in the shortcut.
struct ResidualBlock {
  std::string name;
  int filters;
  int stride;
  bool projected; // the shortcut is a convolution of the pre-activation, not the block's input
};

NodeId residual_block(Builder &net, NodeId x, const ResidualBlock &block, int &pools) {
  constexpr double epsilon = 1.001e-5;
  const auto name = [&](const char *part) { return block.name + "_" + part; };
  const NodeId preact = net.relu(name("preact_relu"), net.batch_norm(name("preact_bn"), x, epsilon));
  NodeId y = net.conv(name("1_conv"), preact, block.filters, square_window(1, 1), false);
  y = net.relu(name("1_relu"), net.batch_norm(name("1_bn"), y, epsilon));
  y = net.zero_pad(name("2_pad"), y, 1);
  y = net.conv(name("2_conv"), y, block.filters, square_window(3, block.stride), false);
  y = net.relu(name("2_relu"), net.batch_norm(name("2_bn"), y, epsilon));
  NodeId shortcut = x;
  if (block.projected) {
    shortcut = net.conv(name("0_conv"), preact, 4 * block.filters, square_window(1, block.stride));
  } else if (block.stride > 1) {
    // Keras numbers these by itself: max_pooling2d, max_pooling2d_1, ...
    shortcut = net.max_pool(pools == 0 ? "max_pooling2d" : fmt::format("max_pooling2d_{}", pools), x, 1, block.stride);
    ++pools;
  }
  y = net.conv(name("3_conv"), y, 4 * block.filters, square_window(1, 1));
  return net.sum(name("out"), shortcut, y);
}

// scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale, in double.
ScaleShift folded(const std::vector<std::vector<float>> &tensors, double epsilon) {
  const auto &[gamma, beta, mean, variance] = std::tie(tensors[0], tensors[1], tensors[2], tensors[3]);
  ScaleShift op;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double scale = gamma[c] / std::sqrt(double{variance[c]} + epsilon);
    op.scale.push_back(scale);
    op.shift.push_back(beta[c] - mean[c] * scale);
  }
  return op;
}

} // namespace

Architecture make_vgg16(int classes) {
  Builder net("vgg16", 224);
  Window same = square_window(3, 1);
  same.same = true;
  NodeId x = 0;
  const std::pair<int, int> blocks[] = {{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
  int number = 0;
  for (const auto &[convolutions, filters] : blocks) {
    ++number;
    for (int i = 1; i <= convolutions; ++i)
      x = net.conv_relu(fmt::format("block{}_conv{}", number, i), x, filters, same);
    x = net.max_pool(fmt::format("block{}_pool", number), x, 2, 2);
  }
  if (classes > 0) {
    const Shape map{512, 7, 7};
    x = net.flatten("flatten", x, map);
    x = net.dense_relu("fc1", x, 512 * 7 * 7, 4096, map);
    x = net.dense_relu("fc2", x, 4096, 4096, {});
    net.predictions(x, 4096, classes);
  }
  return net.take();
}

Architecture make_alexnet() {
  Builder net("alexnet", 224);
  NodeId x = net.conv_relu("conv1", 0, 64, square_window(11, 4, 2));
  x = net.max_pool("pool1", x, 3, 2);
  x = net.conv_relu("conv2", x, 192, square_window(5, 1, 2));
  x = net.max_pool("pool2", x, 3, 2);
  x = net.conv_relu("conv3", x, 384, square_window(3, 1, 1));
  x = net.conv_relu("conv4", x, 256, square_window(3, 1, 1));
  x = net.conv_relu("conv5", x, 256, square_window(3, 1, 1));
  net.max_pool("pool5", x, 3, 2);
  return net.take();
}

Architecture make_resnet50v2(int classes) {
  Builder net("resnet50v2", 224);
  NodeId x = net.zero_pad("conv1_pad", 0, 3);
  x = net.conv("conv1_conv", x, 64, square_window(7, 2));
  x = net.zero_pad("pool1_pad", x, 1);
  x = net.max_pool("pool1_pool", x, 3, 2);
  struct Stack {
    int blocks, filters, stride;
  };
  const Stack stacks[] = {{3, 64, 2}, {4, 128, 2}, {6, 256, 2}, {3, 512, 1}};
  int number = 1, pools = 0;
  for (const auto &[blocks, filters, stride] : stacks) {
    ++number;
    for (int i = 1; i <= blocks; ++i)
      x = residual_block(net, x, {fmt::format("conv{}_block{}", number, i), filters, i == blocks ? stride : 1, i == 1},
                         pools);
  }
  x = net.relu("post_relu", net.batch_norm("post_bn", x, 1.001e-5));
  if (classes > 0)
    net.predictions(net.global_average("avg_pool", x), 2048, classes);
  return net.take();
}

const std::vector<std::string> &architecture_names() {
  static const std::vector<std::string> names{"vgg16", "alexnet", "resnet50v2"};
  return names;
}

Architecture make_architecture(std::string_view name, int classes) {
  if (name == "vgg16")
    return make_vgg16(classes);
  if (name == "alexnet")
    return make_alexnet();
  return make_resnet50v2(classes);
}

void fill_slot(Graph &graph, const WeightSlot &slot, std::vector<std::vector<float>> tensors) {
  Op &op = graph.nodes[slot.node].op;
  if (auto *conv = std::get_if<Conv>(&op)) {
    conv->weights = std::move(tensors[0]);
    if (slot.bias)
      conv->bias = std::move(tensors[1]);
  } else if (auto *dense = std::get_if<Dense>(&op)) {
    dense->weights = std::move(tensors[0]);
    if (slot.bias)
      dense->bias = std::move(tensors[1]);
  } else {
    op = folded(tensors, slot.epsilon);
  }
}

} // namespace convscope
