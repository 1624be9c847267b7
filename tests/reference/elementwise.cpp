#include "reference/elementwise.h"

#include <algorithm>
#include <cmath>

namespace convscope::reference {

Tensor add(const Tensor &a, const Tensor &b) {
  Tensor y = a;
  for (std::size_t i = 0; i < y.data.size(); ++i)
    y.data[i] += b.data.at(i);
  return y;
}

Tensor scale_shift(const Tensor &x, const std::vector<double> &scale, const std::vector<double> &shift) {
  Tensor y = x;
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    std::size_t c = i / (std::size_t(x.h) * x.w) % x.c;
    y.data[i] = x.data[i] * scale[c] + shift[c];
  }
  return y;
}

Tensor scale_shift_gradient(const Tensor &grad, const std::vector<double> &scale) {
  return scale_shift(grad, scale, std::vector<double>(scale.size(), 0));
}

Tensor relu(const Tensor &x, double ceiling) {
  Tensor y = x;
  for (double &value : y.data)
    value = std::clamp(value, 0.0, ceiling);
  return y;
}

Tensor relu_gradient(const Tensor &grad, const Tensor &x, double ceiling) {
  Tensor result = grad;
  for (std::size_t i = 0; i < result.data.size(); ++i)
    result.data[i] = x.data.at(i) > 0 && x.data[i] < ceiling ? grad.data[i] : 0;
  return result;
}

Tensor zero_pad(const Tensor &x, const Padding &pad) {
  Tensor y(x.n, x.c, pad.top + x.h + pad.bottom, pad.left + x.w + pad.right);
  for (int n = 0; n < y.n; ++n)
    for (int c = 0; c < y.c; ++c)
      for (int oy = 0; oy < y.h; ++oy)
        for (int ox = 0; ox < y.w; ++ox) {
          int iy = oy - pad.top, ix = ox - pad.left;
          if (iy >= 0 && iy < x.h && ix >= 0 && ix < x.w)
            y.at(n, c, oy, ox) = x.at(n, c, iy, ix);
        }
  return y;
}

Tensor zero_pad_gradient(const Tensor &grad, const Padding &pad) {
  return zero_pad(grad, {-pad.top, -pad.left, -pad.bottom, -pad.right});
}

Tensor preprocess(const Tensor &picture, const Preprocessing &p) {
  Tensor y = picture;
  for (int n = 0; n < y.n; ++n)
    for (int c = 0; c < p.channels(); ++c)
      for (int iy = 0; iy < y.h; ++iy)
        for (int ix = 0; ix < y.w; ++ix)
          y.at(n, c, iy, ix) = picture.at(n, p.source[c], iy, ix) * p.scale[c] + p.shift[c];
  return y;
}

Tensor preprocess_gradient(const Tensor &grad, const Preprocessing &p) {
  Tensor result(grad.n, p.channels(), grad.h, grad.w);
  for (int n = 0; n < grad.n; ++n)
    for (int c = 0; c < p.channels(); ++c)
      for (int iy = 0; iy < grad.h; ++iy)
        for (int ix = 0; ix < grad.w; ++ix)
          result.at(n, p.source[c], iy, ix) += grad.at(n, c, iy, ix) * p.scale[c];
  return result;
}

} // namespace convscope::reference
