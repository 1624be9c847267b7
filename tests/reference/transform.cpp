#include "reference/transform.h"

#include <algorithm>
#include <cmath>

namespace convscope::reference {

namespace {

// -1 -> 1, n -> n-2, and so on for as many reflections as it takes.
int mirrored(int i, int n) {
  if (n == 1)
    return 0;
  int period = 2 * (n - 1);
  i = (i % period + period) % period;
  return i < n ? i : period - i;
}

// Calls visit(y, x, weight) for the four pixels around (sy, sx), inside or not.
template <typename Visit> void for_each_tap(double sy, double sx, Visit visit) {
  int y = int(std::floor(sy)), x = int(std::floor(sx));
  double fy = sy - y, fx = sx - x;
  visit(y, x, (1 - fy) * (1 - fx));
  visit(y, x + 1, (1 - fy) * fx);
  visit(y + 1, x, fy * (1 - fx));
  visit(y + 1, x + 1, fy * fx);
}

// Calls visit(n, oy, ox, y, x, weight) for every tap of every output pixel; y = x = -1 is a grey one.
template <typename Visit>
void for_each_sample(const std::vector<Affine> &matrices, int out_h, int out_w, int h, int w, Outside outside,
                     Visit visit) {
  for (std::size_t n = 0; n < matrices.size(); ++n)
    for (int oy = 0; oy < out_h; ++oy)
      for (int ox = 0; ox < out_w; ++ox) {
        const Affine &m = matrices[n];
        double sx = m[0] * ox + m[1] * oy + m[2], sy = m[3] * ox + m[4] * oy + m[5];
        for_each_tap(sy, sx, [&](int y, int x, double weight) {
          if (outside == Outside::Reflect)
            visit(int(n), oy, ox, mirrored(y, h), mirrored(x, w), weight);
          else if (y >= 0 && y < h && x >= 0 && x < w)
            visit(int(n), oy, ox, y, x, weight);
          else
            visit(int(n), oy, ox, -1, -1, weight);
        });
      }
}

// As above with (oy, ox, y, x, weight), for a resize.
template <typename Visit> void for_each_resized(int out_h, int out_w, int h, int w, Visit visit) {
  for (int oy = 0; oy < out_h; ++oy)
    for (int ox = 0; ox < out_w; ++ox)
      for_each_tap((oy + 0.5) * h / out_h - 0.5, (ox + 0.5) * w / out_w - 0.5, [&](int y, int x, double weight) {
        visit(oy, ox, std::clamp(y, 0, h - 1), std::clamp(x, 0, w - 1), weight);
      });
}

} // namespace

Affine centred_affine(const std::array<double, 4> &a, double tx, double ty, int source_h, int source_w, int canvas_h,
                      int canvas_w) {
  double px = 0.5 - canvas_w / 2.0, py = 0.5 - canvas_h / 2.0; // output pixel (0, 0), from the canvas's centre
  return {a[0], a[1], a[0] * px + a[1] * py + source_w / 2.0 + tx - 0.5,
          a[2], a[3], a[2] * px + a[3] * py + source_h / 2.0 + ty - 0.5};
}

Tensor sample_affine(const Tensor &image, const std::vector<Affine> &matrices, int out_h, int out_w, Outside outside) {
  Tensor result(image.n, image.c, out_h, out_w);
  for_each_sample(matrices, out_h, out_w, image.h, image.w, outside,
                  [&](int n, int oy, int ox, int y, int x, double weight) {
                    for (int c = 0; c < image.c; ++c)
                      result.at(n, c, oy, ox) += weight * (y < 0 ? 0.5 : image.at(n, c, y, x));
                  });
  return result;
}

Tensor sample_affine_adjoint(const Tensor &grad, const std::vector<Affine> &matrices, int h, int w, Outside outside) {
  Tensor result(grad.n, grad.c, h, w);
  for_each_sample(matrices, grad.h, grad.w, h, w, outside, [&](int n, int oy, int ox, int y, int x, double weight) {
    for (int c = 0; c < grad.c && y >= 0; ++c)
      result.at(n, c, y, x) += weight * grad.at(n, c, oy, ox);
  });
  return result;
}

Tensor resize_bilinear(const Tensor &image, int out_h, int out_w) {
  Tensor result(image.n, image.c, out_h, out_w);
  for_each_resized(out_h, out_w, image.h, image.w, [&](int oy, int ox, int y, int x, double weight) {
    for (int n = 0; n < image.n; ++n)
      for (int c = 0; c < image.c; ++c)
        result.at(n, c, oy, ox) += weight * image.at(n, c, y, x);
  });
  return result;
}

Tensor resize_bilinear_adjoint(const Tensor &grad, int h, int w) {
  Tensor result(grad.n, grad.c, h, w);
  for_each_resized(grad.h, grad.w, h, w, [&](int oy, int ox, int y, int x, double weight) {
    for (int n = 0; n < grad.n; ++n)
      for (int c = 0; c < grad.c; ++c)
        result.at(n, c, y, x) += weight * grad.at(n, c, oy, ox);
  });
  return result;
}

} // namespace convscope::reference
