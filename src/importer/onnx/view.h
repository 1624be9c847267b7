// How a value of any rank lies in a node's (n, c, h, w): each of its dimensions is a sequence of parts of the node's
// sides. Reshape, Transpose, Flatten, Squeeze and Unsqueeze only rearrange such parts; nothing is copied until an op
// needs another arrangement.
//
//   a map (1, 8, 5, 5) of an NCHW net         []  [c]  [h]  [w]
//   after Reshape to (1, 2, 4, 25)            []  [c: 2 of stride 4]  [c: 4 of stride 1]  [h w]
//   of an NHWC net (1, 5, 5, 8)               []  [h]  [w]  [c]
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "importer/onnx/tensor.h"

namespace convscope::onnx_import {

enum class Side { n, c, h, w };

// The digit (index / stride) % length of an index along a side. Longer than 1.
struct Part {
  Side side = Side::c;
  std::int64_t length = 1, stride = 1;
  bool operator==(const Part &) const = default;
};
using Parts = std::vector<Part>; // outermost first; none: one long
using View = std::vector<Parts>; // by dimension

// The node's shape with the batch: lengths of n, c, h, w.
struct Sides {
  int batch = 1;
  Shape shape;
  std::int64_t length(Side side) const {
    return side == Side::n ? batch : side == Side::c ? shape.c : side == Side::h ? shape.h : shape.w;
  }
};

std::int64_t length(const Parts &parts);
Dims dims_of(const View &view);
// Parts that continue each other become one.
void append(Parts &parts, const Part &part);
Parts joined(const View &view, const std::vector<int> &dimensions);

// [side] where it is longer than 1, else nothing.
Parts whole(Side side, const Sides &sides);
// "nchw", "nhwc", "nc": one side a dimension, '1' for none.
View labelled(const std::string &layout, const Sides &sides);
// The opposite, where each dimension is one whole side or one long; else nothing.
std::optional<std::string> layout_of(const View &view, const Sides &sides);
// Whether the parts are whole sides of the node, each once, in this order.
bool are_whole(const Parts &parts, const Sides &sides);

// The same elements as another shape of as many elements; nothing where a part would have to be cut in the middle.
std::optional<View> reshaped(const View &view, const Dims &dims);
View transposed(const View &view, const std::vector<int> &order);

// What makes a node whose c, h and w are `target` from one whose parts these are: reshapes, transposes, shuffles.
// Nothing where n would move.
std::optional<std::vector<Op>> rearrangement(const std::array<Parts, 3> &target, const Sides &sides);

} // namespace convscope::onnx_import
