// Cuts a graph at its targets and fuses nodes into the ops that one kernel does. Pure data in, pure data out.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace convscope {

// A ReLU, with a ceiling or without, or a clip. The gradient passes strictly between.
struct Clamp {
  float low = 0, high = std::numeric_limits<float>::max();
};

// One kernel's work. `inputs` and `residual` are values written by earlier fused ops (or the graph's input).
struct FusedOp {
  NodeId main = -1;                 // Conv, Dense, ScaleShift, Add, pools, ...
  NodeId output = -1;               // the node whose value is written
  std::vector<NodeId> inputs;       // values read, the residual of a Conv not among them
  NodeId residual = -1;             // added before the ReLU
  std::optional<Clamp> relu;        // applied last
  std::vector<NodeId> scale_shifts; // batch-norms folded into a Conv's weights, in order
  Padding extra_pad;                // of a ZeroPad folded into a Conv or a MaxPool
};

// In an order in which they can run. Targets' values are always written. Views (the same memory under
// another shape) and Constants, which have no inputs, are FusedOps of their own. A Concat may read an earlier one.
std::vector<FusedOp> fuse(const Graph &graph, const std::vector<NodeId> &targets);

// What follows the sums of a Conv or a Dense, and all that a ScaleShift does: y = x * scale[c] + shift[c], bias and
// batch-norms in one. Empty where nothing follows.
struct Affine {
  std::vector<double> scale, shift;
};
Affine affine(const Graph &graph, const FusedOp &op);

// A convolution's weights, or a transposed one's, and bias after its batch-norms, computed in double.
struct FoldedConv {
  std::vector<float> weights, bias;
};
FoldedConv fold(const Graph &graph, const FusedOp &op);
// Weights of a Conv after its batch-norms whose adjoint is that of the ScaleShift before it, too: its scale[c] is in
// those of input channel c.
std::vector<float> fold_before(const Graph &graph, NodeId norm, const FusedOp &op);

} // namespace convscope
