// How strong the frequencies of photos are, in the channels of decorrelated colours.
#pragma once

#include <string>
#include <vector>

#include "base/array.h"

namespace convscope {

// (C, H, W/2+1) of planes (C, H, W): of photos of everyday things (ImageNet's), from a table of radial means and how
// they vary with the direction. Only ratios mean anything.
std::vector<float> natural_spectrum(int planes, int height, int width);

// Another one (C, H', W'/2+1) of any size, resized bilinearly over its bins. UserError that begins with `name` for
// another shape, and where it holds a negative number, one that is not finite, or nothing but zeros.
std::vector<float> resized_spectrum(const Array &spectrum, int planes, int height, int width);
void check_spectrum(const Array &spectrum, int planes, const std::string &name);

// The mean of |rfft2| of pictures, one after the other, each (C, H, W) and 0..1.
class SpectrumMean {
public:
  SpectrumMean(int planes, int height, int width, bool decorrelated);
  void add(const Array &picture);
  Array mean() const; // (C, H, W/2+1)

private:
  int planes_, height_, width_;
  bool decorrelated_;
  int pictures_ = 0;
  std::vector<double> sums_;
};

} // namespace convscope
