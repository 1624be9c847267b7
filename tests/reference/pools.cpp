#include "reference/pools.h"

#include <limits>

#include "reference/conv.h"

namespace convscope::reference {

namespace {

Tensor pooled(const Tensor &x, const Window &win) {
  return {x.n, x.c, output_size(x.h, win.kernel_h, win.stride_h, win.dilation_h, win.pad.top, win.pad.bottom, win.ceil),
          output_size(x.w, win.kernel_w, win.stride_w, win.dilation_w, win.pad.left, win.pad.right, win.ceil)};
}

// Calls visit(iy, ix, tap) for the taps of the window at (oy, ox) that lie inside the image, row-major.
template <typename Visit> void for_each_tap(const Window &win, int oy, int ox, int in_h, int in_w, Visit visit) {
  for (int ky = 0; ky < win.kernel_h; ++ky)
    for (int kx = 0; kx < win.kernel_w; ++kx) {
      int iy = oy * win.stride_h - win.pad.top + ky * win.dilation_h;
      int ix = ox * win.stride_w - win.pad.left + kx * win.dilation_w;
      if (iy >= 0 && iy < in_h && ix >= 0 && ix < in_w)
        visit(iy, ix, ky * win.kernel_w + kx);
    }
}

template <typename Visit> void for_each_element(const Tensor &t, Visit visit) {
  for (int n = 0; n < t.n; ++n)
    for (int c = 0; c < t.c; ++c)
      for (int y = 0; y < t.h; ++y)
        for (int x = 0; x < t.w; ++x)
          visit(n, c, y, x);
}

int divisor(const Window &win, bool count_padding, int oy, int ox, int in_h, int in_w) {
  Window counted = win; // the padded image taken for the image
  if (count_padding) {
    counted.pad = {};
    in_h += win.pad.top + win.pad.bottom;
    in_w += win.pad.left + win.pad.right;
  }
  int inside = 0;
  for_each_tap(counted, oy, ox, in_h, in_w, [&](int, int, int) { ++inside; });
  return inside;
}

Window whole(int h, int w) {
  Window win;
  win.kernel_h = h;
  win.kernel_w = w;
  return win;
}

} // namespace

MaxPoolResult max_pool(const Tensor &x, const Window &window) {
  MaxPoolResult result{pooled(x, window), {}};
  Tensor &y = result.y;
  for_each_element(y, [&](int n, int c, int oy, int ox) {
    double best = -std::numeric_limits<double>::infinity();
    int winner = -1;
    for_each_tap(window, oy, ox, x.h, x.w, [&](int iy, int ix, int tap) {
      if (winner < 0 || x.at(n, c, iy, ix) > best) {
        best = x.at(n, c, iy, ix);
        winner = tap;
      }
    });
    y.at(n, c, oy, ox) = winner < 0 ? 0 : best;
    result.arg.push_back(winner);
  });
  return result;
}

Tensor max_pool_gradient(const Tensor &grad, const std::vector<int> &arg, const Window &window, int in_h, int in_w) {
  Tensor result(grad.n, grad.c, in_h, in_w);
  for_each_element(grad, [&](int n, int c, int oy, int ox) {
    for_each_tap(window, oy, ox, in_h, in_w, [&](int iy, int ix, int tap) {
      if (tap == arg[grad.index(n, c, oy, ox)])
        result.at(n, c, iy, ix) += grad.at(n, c, oy, ox);
    });
  });
  return result;
}

Tensor avg_pool(const Tensor &x, const Window &window, bool count_padding) {
  Tensor y = pooled(x, window);
  for_each_element(y, [&](int n, int c, int oy, int ox) {
    double sum = 0;
    for_each_tap(window, oy, ox, x.h, x.w, [&](int iy, int ix, int) { sum += x.at(n, c, iy, ix); });
    int count = divisor(window, count_padding, oy, ox, x.h, x.w);
    y.at(n, c, oy, ox) = count > 0 ? sum / count : 0;
  });
  return y;
}

Tensor avg_pool_gradient(const Tensor &grad, const Window &window, bool count_padding, int in_h, int in_w) {
  Tensor result(grad.n, grad.c, in_h, in_w);
  for_each_element(grad, [&](int n, int c, int oy, int ox) {
    int count = divisor(window, count_padding, oy, ox, in_h, in_w);
    for_each_tap(window, oy, ox, in_h, in_w,
                 [&](int iy, int ix, int) { result.at(n, c, iy, ix) += grad.at(n, c, oy, ox) / count; });
  });
  return result;
}

Tensor global_avg_pool(const Tensor &x) { return avg_pool(x, whole(x.h, x.w), false); }

Tensor global_avg_pool_gradient(const Tensor &grad, int in_h, int in_w) {
  return avg_pool_gradient(grad, whole(in_h, in_w), false, in_h, in_w);
}

MaxPoolResult global_max_pool(const Tensor &x) { return max_pool(x, whole(x.h, x.w)); }

Tensor global_max_pool_gradient(const Tensor &grad, const std::vector<int> &arg, int in_h, int in_w) {
  return max_pool_gradient(grad, arg, whole(in_h, in_w), in_h, in_w);
}

} // namespace convscope::reference
