// Fourier transforms on the host, in double: of photos that become parameters, or that a spectrum is the mean of.
#pragma once

#include <complex>
#include <vector>

namespace convscope {

// The half spectrum (H, W/2+1) of a plane (H, W): no factor, exp(-2 pi i ...). Fast where the sides' prime factors are
// small.
std::vector<std::complex<double>> half_spectrum(const double *plane, int height, int width);

} // namespace convscope
