// What is optimized, and the image that it stands for: planes that a member of src/visualization/parameterizations
// makes from parameters, their colours, and a sigmoid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "params.h"
#include "plan/plan.h"
#include "visualization/parameterizations/planes.h"
#include "visualization/recipe.h"

namespace convscope {

// What a spectrum is multiplied by before the inverse transform, (H, W/2+1): the design's scale, over H * W.
std::vector<float> frequency_scale(int height, int width, double decay);

// Before the sigmoid the image is multiplied by that. Planes that are not red, green and blue are each as light is
// among decorrelated colours, so that their contrast grows as fast.
double image_gain(const Recipe &recipe, int planes);

// An opacity's.
float opacity_gain(const Recipe &recipe);

// Makes the image (N, C, H, W) of planes that are laid out so: colours, of which the last is an opacity or not, and
// the sigmoid.
void append_colours(Plan &plan, const Recipe &recipe, int batch, const Shape &image, bool opacity,
                    const gpu::PlaneLayout &layout, TensorId planes, TensorId to);

// Where an image (H, W) begins in the plane that the parameters make, of which it is the middle.
Margins margins_of(const Recipe &recipe, int height, int width);

// The image is the middle of sigmoid(gain M x), x the planes (N, C, H', W'). M is the identity but where colours are
// decorrelated.
class Parameterization {
public:
  struct Tensors : PlanesTensors {
    TensorId image; // (N, C, H, W)
  };

  // `spectrum` is PlanesRun's. With `opacity` the image's last plane is that: by itself among the colours. UserError
  // for what the parameterization can't do.
  Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, const Shape &image,
                   const Array *spectrum = nullptr, bool opacity = false);

  // The tensors as persistent ones of that plan; write_tables() after allocate().
  Tensors make_tensors(Plan &plan) const;
  void write_tables(Plan &plan, const Tensors &tensors) const;
  // The same memory as tensors of another plan.
  static Tensors share(const Plan &owner, const Tensors &tensors, Plan &with);

  // parameters -> image. The plan must not move from now on.
  void append_image(Plan &plan, const Tensors &tensors);
  // Random parameters, keyed by `images` (an ImageState each).
  void append_init(Plan &plan, const Tensors &tensors, TensorId images) const;
  // What the gradient is written to next: 0 where the image's is not, as outside of it no parameter is seen.
  void append_clear(Plan &plan, const Tensors &tensors) const;
  // Makes `gradient` of what begins in `work` as the gradient with respect to (1/gain of) what the colours take, in
  // layout(). Leaves its squares in partial sums, gradient_parts() an image.
  void append_gradient(Plan &plan, const Tensors &tensors, TensorId partials);

  int count() const { return planes_->count(); }                // of floats, an image
  int largest_count() const;                                    // of any of the tensors that kernels bind
  gpu::PlaneLayout layout() const { return planes_->layout(); } // of the image's planes in `work`
  float gain() const { return static_cast<float>(image_gain(recipe_, colours_)); }
  int gradient_parts() const;
  std::vector<std::int64_t> shape(std::int64_t batch) const { return planes_->shape(batch); } // of the parameters

private:
  vulkan::Programs &programs_;
  Recipe recipe_;
  int batch_;
  Shape image_;
  int colours_; // planes but for the opacity
  bool opacity_;
  std::unique_ptr<Planes> planes_;
};

} // namespace convscope
