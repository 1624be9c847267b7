// What is optimized, and the image that it stands for: a spectrum with decorrelated colours, or plain pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "params.h"
#include "plan/plan.h"
#include "visualization/fft.h"
#include "visualization/fourier_sums.h"
#include "visualization/recipe.h"

namespace convscope {

// What a spectrum is multiplied by before the inverse transform, (H, W/2+1): the design's scale, over H * W.
std::vector<float> frequency_scale(int height, int width, double decay);

// Before the sigmoid the image is multiplied by that. Planes that are not red, green and blue are each as light is
// among decorrelated colours, so that their contrast grows as fast.
double image_gain(const Recipe &recipe, int planes);

// Where an image (H, W) begins in the spectrum's plane, or pixels', of which it is the middle.
struct Margins {
  int height, width; // of that plane: spectrum_side() of each side, or the image's own
  int top, left;
};
Margins margins_of(const Recipe &recipe, int height, int width);

// For `fft` the parameters are (N, C, H', W'/2+1) complex numbers S and the image is the middle of
// sigmoid(gain M irfft2(S * scale)), (N, C, H', W'); for `pixel` they are (N, C, H, W) numbers P and it is
// sigmoid(gain M P). M is the identity but where colours are decorrelated.
class Parameterization {
public:
  struct Tensors {
    TensorId parameters, image; // image: (N, C, H, W)
    TensorId work;              // as large as the parameters: the transform works here in place; the gradient ends here
    TensorId scale;             // of each frequency, (H', W'/2+1); one unused float for `pixel`
  };

  Parameterization(vulkan::Programs &programs, const Recipe &recipe, int batch, const Shape &image);

  // The tensors as persistent ones of that plan, and what must be written to `scale` after allocate().
  Tensors make_tensors(Plan &plan) const;
  std::vector<float> scale_table() const;
  // The same memory as tensors of another plan.
  static Tensors share(const Plan &owner, const Tensors &tensors, Plan &with);

  // parameters -> image. The plan must not move from now on.
  void append_image(Plan &plan, const Tensors &tensors);
  // Random parameters, keyed by `images` (an ImageState each).
  void append_init(Plan &plan, const Tensors &tensors, TensorId images) const;
  // What the gradient is written to next: 0 where the image's is not, as outside of it no parameter is seen.
  void append_clear(Plan &plan, const Tensors &tensors) const;
  // Finishes the gradient that begins in `work` as that with respect to (1/gain of) what the colours take, in layout().
  // Leaves its squares in partial sums, gradient_parts() an image.
  void append_gradient(Plan &plan, const Tensors &tensors, TensorId partials);

  int count() const;               // of floats, an image
  gpu::PlaneLayout layout() const; // of the image's planes in `work`
  float gain() const { return static_cast<float>(image_gain(recipe_, image_.c)); }
  int gradient_parts() const;
  std::vector<std::int64_t> shape(std::int64_t batch) const; // of the parameters

private:
  bool spectral() const { return recipe_.parameterization == ParameterizationKind::fft; }
  int columns() const { return margins_.width / 2 + 1; }
  bool decorrelated() const { return decorrelates(recipe_, image_.c); }
  void append_fft(Plan &plan, TensorId work, bool inverse);

  vulkan::Programs &programs_;
  Recipe recipe_;
  int batch_;
  Shape image_;
  Margins margins_;
  std::optional<Fft> fft_; // or, of a spectrum on a device that does not take it,
  std::optional<FourierSums> sums_;
};

} // namespace convscope
