// What is optimized, and the image that it stands for: a spectrum with decorrelated colours, or plain pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "params.h"
#include "plan/plan.h"
#include "visualization/fft.h"
#include "visualization/recipe.h"

namespace convscope {

// What a spectrum is multiplied by before the inverse transform, (H, W/2+1): the design's scale, over H * W.
std::vector<float> frequency_scale(int height, int width, double decay);

// For `fft` the parameters are (N, 3, H, W/2+1) complex numbers S and the image is
// sigmoid(C irfft2(S * scale) / 4); for `pixel` they are (N, 3, H, W) numbers P and it is sigmoid(C P). C is the
// identity where the recipe does not decorrelate colours.
class Parameterization {
public:
  struct Tensors {
    TensorId parameters, image; // image: (N, 3, H, W)
    TensorId work;              // as large as the parameters: the transform works here in place; the gradient ends here
    TensorId scale;             // of each frequency, (H, W/2+1); one unused float for `pixel`
  };

  Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, int height, int width);

  // The tensors as persistent ones of that plan, and what must be written to `scale` after allocate().
  Tensors make_tensors(Plan &plan) const;
  std::vector<float> scale_table() const;
  // The same memory as tensors of another plan.
  static Tensors share(const Plan &owner, const Tensors &tensors, Plan &with);

  // parameters -> image. The plan must not move from now on.
  void append_image(Plan &plan, const Tensors &tensors);
  // Random parameters, keyed by `images` (an ImageState each).
  void append_init(Plan &plan, const Tensors &tensors, TensorId images) const;
  // Finishes the gradient that begins in `work` as that with respect to (1/gain of) what the colours take, in rows of
  // row_stride() floats. Leaves its squares in partial sums, gradient_parts() an image.
  void append_gradient(Plan &plan, const Tensors &tensors, TensorId partials);

  int count() const;      // of floats, an image
  int row_stride() const; // of `work`, as an image
  float gain() const { return spectral() ? 0.25F : 1.0F; }
  int gradient_parts() const;
  std::vector<std::int64_t> shape(std::int64_t batch) const; // of the parameters

private:
  bool spectral() const { return recipe_.parameterization == ParameterizationKind::fft; }
  int columns() const { return width_ / 2 + 1; }
  void append_fft(Plan &plan, TensorId work, bool inverse);

  vulkan::Programs &programs_;
  Recipe recipe_;
  int batch_, height_, width_;
  std::optional<Fft> fft_;
};

} // namespace convscope
