// One way of making an image's planes, as they are before colours and sigmoid, from what is optimized.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "params.h"
#include "plan/plan.h"
#include "visualization/recipe.h"
#include "vulkan/program.h"

namespace convscope {

// Where an image (H, W) begins in the plane of which it is the middle.
struct Margins {
  int height, width; // of that plane
  int top, left;
};

struct PlanesRun {
  vulkan::Programs &programs;
  Recipe recipe;
  int batch;
  Shape image;
  const Array *spectrum = nullptr; // the user's own, of `maco`: (C,H,W/2+1) of any H and W
};

struct PlanesTensors {
  TensorId parameters; // (N, count())
  TensorId work;       // (N, work_count()): what the gradient with respect to the planes is written to, in layout()
  TensorId gradient;   // with respect to the parameters: (N, count()); `work` where it is made in place
  std::vector<TensorId> own;
};

class Planes {
public:
  explicit Planes(const PlanesRun &run) : run_(run) {}
  Planes(const Planes &) = delete;
  Planes &operator=(const Planes &) = delete;
  virtual ~Planes() = default;

  virtual std::vector<std::int64_t> shape(std::int64_t batch) const = 0; // of the parameters
  virtual Margins margins() const { return {run_.image.h, run_.image.w, 0, 0}; }
  virtual gpu::PlaneLayout layout() const { return {run_.image.h * run_.image.w, run_.image.w, 0}; }
  virtual int work_count() const { return run_.image.c * layout().plane_stride; }
  virtual bool in_place() const { return true; } // the gradient becomes the parameters' in `work`
  int count() const;                             // of floats, an image

  // Persistent tensors besides: those with values are tables that are written once. At least one.
  struct Own {
    std::string name;
    std::size_t floats;
    std::vector<float> values;
  };
  virtual std::vector<Own> own() const { return {{"no table", 1, {0}}}; }

  // The random parameters of each image, keyed by `images` (an ImageState each).
  virtual void append_init(Plan &plan, const PlanesTensors &tensors, TensorId images) const;
  // parameters -> planes, laid out like layout() in the tensor that is returned.
  virtual TensorId append_planes(Plan &plan, const PlanesTensors &tensors) = 0;
  // Whether `work` must be cleared before the gradient with respect to the image's pixels is written to it.
  virtual bool clears() const { return false; }
  // What is in `work` -> `gradient`, but for the scale of the first spectral_count() numbers (own tensor 0).
  virtual void append_gradient(Plan &plan, const PlanesTensors &tensors) = 0;
  virtual int spectral_count() const { return 0; }

protected:
  // `deviation` of the parameters from `first` on, `size` of them; both are multiples of 4 but for the last's size.
  // `common`: each image has the first one's numbers.
  void append_normal(Plan &plan, const PlanesTensors &tensors, TensorId images, int first, int size, double deviation,
                     bool common = false) const;

  PlanesRun run_;
};

} // namespace convscope
