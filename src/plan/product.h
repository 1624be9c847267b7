// Products of matrices that are both made on the device, by the convolutions' kernels: a product is a 1x1 convolution
// whose weights are packed there.
#pragma once

#include <string>
#include <vector>

#include "plan/conv.h"
#include "plan/plan.h"

namespace convscope {

// C = A B for each of `groups` pairs, row by row: A (groups, rows, depth), B (groups, depth, columns), C (groups, rows,
// columns). The order of additions depends on the shapes of one pair alone.
class Product {
public:
  Product(Plan &plan, std::string label, int groups, int rows, int depth, int columns);

  void append(TensorId a, TensorId b, TensorId c);
  // What the kernels read, after Plan::allocate().
  void write();

private:
  Plan &plan_;
  std::string label_;
  int groups_;
  gpu::ConvParams params_;
  ConvKernel kernel_;
  std::vector<std::uint32_t> places_; // of each packed weight, its place in A plus 1; 0: none, it is 0
  TensorId places_tensor_, packed_;
};

} // namespace convscope
