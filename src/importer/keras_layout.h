// From Keras's layout of weights to the graph's.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace convscope {

// Transposes a matrix (rows, columns) that comes in strips of rows. With `map`, row h*w*c of the source is row c*h*w of
// the transposed: a kernel (h, w, in, out) becomes (out, in, h, w) as rows h*w*in with the map (in, h, w).
class Transposition {
public:
  Transposition(std::size_t rows, std::size_t columns, Shape map = {});
  // The next rows, whole ones.
  void take(std::span<const float> strip);
  std::vector<float> result() { return std::move(result_); }

private:
  std::size_t rows_, columns_, channels_;
  std::size_t next_ = 0; // row
  std::vector<float> result_;
};

// All rows at once.
std::vector<float> transposed(std::span<const float> source, std::size_t rows, std::size_t columns, Shape map = {});

} // namespace convscope
