// One call of a Keras layer while it becomes nodes of the graph. Each kind of layer is a Handler; the files
// layers_*.cpp hold one family each.
//
// Axes. Inside, an image is (c, h, w). Keras's tensors are (batch, h, w, c), or (batch, c, h, w) where the model says
// channels_first; those of rank 3 are (h, c) or (c, h) here, with w = 1; vectors are c. "Keras's order" is the order
// of elements in Keras's memory: what Flatten and Reshape go by.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"
#include "graph/inference.h"
#include "importer/keras/arguments.h"
#include "importer/keras/config.h"
#include "importer/keras/weights.h"

namespace convscope::keras {

struct Value {
  NodeId node = -1;
  int rank = 4; // as Keras counts, the batch included
};

// Thrown by handlers for what has no place in a Graph: the layer then is an Unsupported node.
struct NotSupported {
  std::string reason;
};

// The graph under construction. Shapes are those at the model's own input size.
class GraphBuilder {
public:
  // `input`: the model's own input size.
  GraphBuilder(std::string file, std::string model, Shape input) : file_(std::move(file)), inference_(graph, input) {
    graph.name = std::move(model);
    graph.input = input;
  }
  GraphBuilder(const GraphBuilder &) = delete;
  GraphBuilder &operator=(const GraphBuilder &) = delete;

  // Appends a node and infers its shape. UserError that begins with the file's name.
  NodeId add(Node node);
  // Of a node; all zero behind an unsupported one.
  Shape shape(NodeId node) const { return inference_.shape(node); }
  // Takes nodes off again.
  void truncate(NodeId nodes);

  Graph graph;
  bool channels_first = false;
  int keras_version = 3; // major

private:
  std::string file_;
  Inference inference_;
};

class Layer {
public:
  Layer(GraphBuilder &net, const LayerConfig &layer, const Call &operands, Arguments arguments, LayerWeights tensors)
      : config(layer), call(operands), args(std::move(arguments)), weights(std::move(tensors)), builder(net) {}

  const LayerConfig &config;
  const Call &call;
  Arguments args;
  LayerWeights weights;
  GraphBuilder &builder;
  std::vector<Value> inputs;  // the call's tensors, in order
  std::vector<Value> outputs; // of a handler whose layer has several: what it returns then does not count

  // The only input, or the first of several.
  Value input() const;
  Shape shape(NodeId node) const { return builder.shape(node); }
  Shape input_shape() const { return shape(input().node); }

  NodeId add(Op op, NodeId from) { return add(std::move(op), std::vector<NodeId>{from}); }
  NodeId add(Op op, std::vector<NodeId> from);
  NodeId constant(Shape shape, std::vector<float> values);
  NodeId combine(Arithmetic arithmetic, NodeId a, NodeId b) { return add(Binary{arithmetic}, {a, b}); }
  // A scale and a shift of each channel.
  NodeId scale_shift(std::vector<double> scale, std::vector<double> shift, NodeId from);

  // UserErrors of bad files, and NotSupported of good ones.
  [[noreturn]] void fail(const std::string &what) const { args.fail(what); }
  [[noreturn]] void unsupported(const std::string &what) const; // "its padding 'causal' is not supported"

  bool channels_first() const { return builder.channels_first; }
  // NotSupported where the layer's own data_format is not the model's.
  void check_data_format() const;
  void need_rank(int rank) const;
  // Whether 'padding' says same, not valid; NotSupported for others.
  bool pads_same(const char *usual = "valid") const;
  // Keras's axis (from the end where negative; 0 is the batch) of a tensor of that rank.
  Axis axis(int keras_axis, int rank) const;
  // The number of values along the channel axis.
  int channels() const { return input_shape().c; }

  // The same elements in Keras's order, and back: there, c, h, w hold Keras's axes one after another.
  NodeId to_keras_order(NodeId node, int rank);
  NodeId from_keras_order(NodeId node, int rank);
};

using Handler = Value (*)(Layer &);
using Handlers = std::unordered_map<std::string, Handler>;

// By class name.
const Handlers &convolution_layers();
const Handlers &pooling_layers();
const Handlers &normalization_layers();
const Handlers &activation_layers();
const Handlers &merging_layers();
const Handlers &shape_layers();
const Handlers &image_layers(); // paddings, crops, resampling

// keras.ops' and TensorFlow's functions as layers: class Add of keras.ops, TFOpLambda with the function
// tf.math.add, ... NotSupported for others.
Value import_operation(Layer &layer);
// Whether this layer is one of those.
bool is_operation(const LayerConfig &config);

// An open bound of Function::clip.
inline constexpr float largest = std::numeric_limits<float>::max();

// A call's tensors, all of one rank.
std::vector<NodeId> joined_nodes(Layer &layer);
// The same elements in Keras's order with those axes after the batch; one of them may be -1.
Value reshaped(Layer &layer, Value from, const std::vector<int> &target);
// TensorFlow's filter of that name: half-pixel centres, no antialiasing; cubic with a = -0.5, without taps outside.
Resize resize_filter(const Layer &layer, const std::string &name);

// An activation by name or as a serialized object: "relu", {"class_name": "ReLU", "config": {...}}. The value itself
// where there is none.
NodeId activate(Layer &layer, Value value, const Json *activation);

} // namespace convscope::keras
