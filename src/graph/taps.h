// Ops that work on each axis by itself, as tables: which input positions an output position sums, and how much of each.
// Pure data.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace convscope {

struct Tap {
  int index = 0; // of the input
  double weight = 1;
  bool operator==(const Tap &) const = default;
};
using AxisTaps = std::vector<std::vector<Tap>>; // by output position
struct Taps {
  AxisTaps c, h, w;
};

// Whether taps_of knows it: Slice, Pad, Resize.
bool is_gather(const Op &op);
// `in` and `out` are the op's shapes, of one image. A position of Pad without taps has the padding's value.
Taps taps_of(const Op &op, const Shape &in, const Shape &out);

// Of the gradient: by input position, which output positions have it in their sums. In ascending order, so that
// the gradient is the same in every run.
Taps transposed(const Taps &taps, const Shape &in);

} // namespace convscope
