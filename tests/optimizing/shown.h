// An image and a gradient through a parameterization on the device, as its tests need them.
#pragma once

#include <vector>

#include "optimizing/optimizing.h"
#include "reference/parameterization.h"
#include "visualization/parameterization.h"

namespace convscope {

struct Shown {
  std::vector<float> image, gradient;
};

// The image of the parameters, and the gradient that `upstream` (with respect to what the colours take) becomes.
inline Shown show(const Recipe &recipe, int batch, const Shape &image, const std::vector<float> &parameters,
                  const std::vector<float> &upstream, const Array *spectrum = nullptr) {
  Parameterization parameterization(programs(), recipe, batch, image, spectrum);
  Plan forward(programs(), "forward");
  const auto tensors = parameterization.make_tensors(forward);
  parameterization.append_image(forward, tensors);
  forward.allocate();
  write(forward, tensors.parameters, parameters);
  parameterization.write_tables(forward, tensors);
  forward.record(Variant::usual).run("the test's image");
  Shown shown;
  shown.image = forward.read_all<float>(tensors.image);

  Plan backward(programs(), "backward");
  const auto shared = Parameterization::share(forward, tensors, backward);
  const TensorId partials =
      backward.persistent("partials", std::size_t(batch) * std::size_t(parameterization.gradient_parts()) * 4);
  parameterization.append_gradient(backward, shared, partials);
  backward.allocate();
  write(forward, tensors.work, upstream);
  backward.record(Variant::usual).run("the test's gradient");
  shown.gradient = forward.read_all<float>(tensors.gradient);

  double squares = 0, parts = 0;
  for (const float g : shown.gradient)
    squares += double(g) * g;
  for (const float part : backward.read_all<float>(partials))
    parts += part;
  EXPECT_NEAR(parts / squares, 1, 1e-5);
  return shown;
}

inline reference::Tensor through_colours(const reference::Tensor &upstream, const reference::Tensor &image,
                                         double gain) {
  reference::Tensor g = upstream;
  for (std::size_t i = 0; i < g.data.size(); ++i)
    g.data[i] *= gain * image.data[i] * (1 - image.data[i]);
  return reference::colour_adjoint(g);
}

// (n, c, h, w) where the device has it before its transform, zeros around.
inline std::vector<float> placed(const reference::Tensor &x, const Parameterization &parameterization, int batch) {
  const gpu::PlaneLayout at = parameterization.layout();
  std::vector<float> result(std::size_t(batch) * std::size_t(x.c * at.plane_stride));
  for (int plane = 0; plane < x.n * x.c; ++plane)
    for (int i = 0; i < x.h * x.w; ++i)
      result[std::size_t(plane * at.plane_stride + at.first + i / x.w * at.row_stride + i % x.w)] =
          float(x.data[std::size_t(plane * x.h * x.w + i)]);
  return result;
}

} // namespace convscope
