// The planes of parameterizations that are neither spectra nor pixels, by their definitions: slow and in double.
#pragma once

#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

// Enlarged bilinearly: half-pixel centres, clamped edges.
Tensor enlarged(const Tensor &x, int height, int width);

// The sum of four levels, the finest first, of one image: their numbers (level, plane, y, x).
Tensor laplacian_planes(const std::vector<double> &parameters, int planes, int height, int width);

// The coarse part of `shared` of every image of a batch, whose numbers (level, slot, plane, y, x) it has in common;
// half to a sixteenth of the sides.
Tensor shared_planes(const std::vector<double> &coarse, int batch, int planes, int height, int width);

// Standardized phases (n, c, H, W/2+1) times magnitudes (c, H, W/2+1), irfft2, standardized.
Tensor maco_planes(const Tensor &phases, const std::vector<double> &magnitudes, int width);

// A net that paints, of one image: biases and then the weights of each feature, layer by layer, in rows of 24 outputs
// (of the last, of the planes, rounded up to 4).
Tensor cppn_planes(const std::vector<double> &parameters, int planes, int height, int width);

} // namespace convscope::reference
