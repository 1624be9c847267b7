// Sums of tensors of several sizes, each enlarged bilinearly (half-pixel centres, clamped edges) to the planes' size.
#pragma once

#include <vector>

#include "plan/plan.h"
#include "visualization/parameterizations/planes.h"

namespace convscope {

class Pyramid {
public:
  struct Level {
    int height, width;
    // 3: besides that of every image one for the first of a batch and one for the last, of which those between have
    // some of both.
    int slots = 1;
  };

  // The levels' numbers (level, slot, plane, y, x) are an image's parameters from `first` on, of `count` in all; those
  // that are left have no part in the planes. With `common` the images of a batch have them in common: each has them
  // all, and the gradient of the whole batch. Else levels have one slot.
  Pyramid(const PlanesRun &run, std::vector<Level> levels, int first, int count, bool common);

  int size() const { return size_; } // numbers, an image
  std::vector<float> table() const;  // what `levels` holds
  // weight * the sum of the levels -> (added to) planes laid out so.
  void append(Plan &plan, TensorId parameters, TensorId levels, TensorId planes, const gpu::PlaneLayout &layout,
              float weight, bool add) const;
  void append_gradient(Plan &plan, TensorId planes, TensorId levels, TensorId gradient, const gpu::PlaneLayout &layout,
                       float weight) const;

private:
  gpu::PyramidParams params(const gpu::PlaneLayout &layout, float weight) const;

  const PlanesRun run_;
  std::vector<Level> levels_;
  int first_, count_, size_ = 0, rows_ = 0;
  bool common_, whole_; // whole_: the first level is as large as the planes
};

} // namespace convscope
