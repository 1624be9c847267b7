// Shape inference, and what goes with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"
#include "graph/names.h"

namespace convscope {

struct InputTooSmall : UserError {
  using UserError::UserError;
};

// The shape of every node for an input of that size. Throws UserError naming the layer where the input is too
// small (InputTooSmall), where shapes do not fit together (Add), or where a Dense layer needs another size (and says
// which). `last` limits the work to the ancestors of that node (others get an empty shape), so that a net whose head
// needs one size still runs below it at any size; -1 infers all.
std::vector<Shape> infer_shapes(const Graph &graph, Shape input, NodeId last = -1);

// `window` with `same` resolved to explicit padding for an input of that size.
Window resolve_padding(const Window &window, int in_h, int in_w);
// Likewise for the convolution that `op` is the adjoint of; a negative pad adds rows or columns of no input.
Window resolve_transposed_padding(const ConvTranspose &op);
// floor((in + pads - dilated kernel) / stride) + 1, or with `ceil` as Window::ceil says; may be <= 0, which callers
// report.
int window_output(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end, bool ceil = false);
struct SliceRange {
  int begin = 0, count = 0; // indices begin + i * step
};
SliceRange slice_range(const Slice &slice, int length);

// Ancestors of the targets and the targets themselves, ascending.
std::vector<NodeId> ancestors(const Graph &graph, const std::vector<NodeId> &targets);
// Multiply-adds of one image's forward pass through these nodes, times two.
double forward_flops(const Graph &graph, const std::vector<Shape> &shapes, const std::vector<NodeId> &nodes);
// Whether it gives the same elements in the same order, in another shape or under another name: Flatten, Reshape,
// Identity.
bool is_view(const Op &op);
// "Conv", "Dense", ... of an op.
std::string_view op_name(const Op &op);

} // namespace convscope
