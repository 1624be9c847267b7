// Gram matrices of a layer's output (N,C,H,W): the products of its channels' maps with each other, (N,C,C); and of a
// term that depends on them, the gradient.
#pragma once

#include "plan/product.h"
#include "visualization/terms/steps.h"

namespace convscope {

class Gram {
public:
  Gram(Plan &plan, const TermRun &run);

  // Of what it is made: `grams` of a layer's output.
  void append(TensorId layer, TensorId grams);
  // M a, of (N,C,C) symmetric matrices and the layer's output: into the target.
  void append_gradient(TensorId matrices, TensorId layer, const GradientTarget &target);
  TensorId make_tensor(const char *name) const; // (N,C,C)
  int size() const { return channels_ * channels_; }
  void write();

private:
  Plan &plan_;
  int batch_, channels_, pixels_;
  Product squares_, back_;
  TensorId transposed_, gradient_;
};

} // namespace convscope
