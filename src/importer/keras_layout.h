// From Keras's layout of weights to the graph's.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/graph.h"

namespace convscope {

// (rows, columns) -> (columns, rows); with `map`, row h*w*c of the source is row c*h*w of the result. A kernel
// (h, w, in, out) becomes (out, in, h, w) as rows h*w*in with the map (in, h, w).
std::vector<float> transposed(const std::vector<float> &source, std::size_t rows, std::size_t columns, Shape map = {});

} // namespace convscope
