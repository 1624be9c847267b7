// The image transforms between parameterization and net: one affine map sampled bilinearly, and a resize.
#pragma once

#include <array>
#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

// Output pixel (ox, oy) reads the source at sx = m[0]*ox + m[1]*oy + m[2], sy = m[3]*ox + m[4]*oy + m[5];
// all in pixel indices, so that {1,0,0, 0,1,0} is the identity.
using Affine = std::array<double, 6>;

// What a tap outside the source reads: 0.5, whose gradient is dropped, or the mirrored pixel (-1 -> 1, n -> n-2).
enum class Outside { Grey, Reflect };

// The map of the design: canvas centre to source centre, a = {a00, a01, a10, a11} on centred pixel
// positions, then a translation (tx, ty) in source pixels.
Affine centred_affine(const std::array<double, 4> &a, double tx, double ty, int source_h, int source_w, int canvas_h,
                      int canvas_w);

// image (n, c, h, w), a matrix an image -> (n, c, out_h, out_w)
Tensor sample_affine(const Tensor &image, const std::vector<Affine> &matrices, int out_h, int out_w, Outside outside);
// grad (n, c, out_h, out_w) -> (n, c, h, w)
Tensor sample_affine_adjoint(const Tensor &grad, const std::vector<Affine> &matrices, int h, int w, Outside outside);

// Bilinear with half-pixel centres, the edge clamped, no antialiasing.
Tensor resize_bilinear(const Tensor &image, int out_h, int out_w);
Tensor resize_bilinear_adjoint(const Tensor &grad, int h, int w);

} // namespace convscope::reference
