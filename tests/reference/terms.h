// The terms of an objective beyond means of channels, by their definitions: of a layer (n, c, h, w), or of images.
#pragma once

#include <functional>
#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

struct Positions { // x to x + width, y to y + height
  int x = 0, y = 0, width = 1, height = 1;
};

// The sum over the images of a batch; `other` is the same layer for the photo or the style picture.
double rectangle_mean(const Tensor &a, int channel, const Positions &at);
double direction(const Tensor &a, const std::vector<float> &v, double power, const Positions &at);
double caricature(const Tensor &a, const Tensor &other, double power);
double match(const Tensor &a, const Tensor &other);
double stay(const Tensor &a, const Tensor &other);
double style(const Tensor &a, const Tensor &other);
double diversity(const Tensor &a);
double alignment(const Tensor &a);
double total_variation(const Tensor &x);
double l1(const Tensor &x, double constant);
double l2(const Tensor &x, double constant);
// Half the squares of x less `blurred`, which is blur(x) where the term is evaluated.
double blur_distance(const Tensor &x, const Tensor &blurred);
Tensor blur(const Tensor &x);

// By central differences.
Tensor difference_gradient(const std::function<double(const Tensor &)> &value, const Tensor &at);

} // namespace convscope::reference
