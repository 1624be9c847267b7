#include "reference/conv.h"

#include <algorithm>
#include <cmath>

namespace convscope::reference {

int output_size(int in, int kernel, int stride, int dilation, int pad_begin, int pad_end, bool ceil) {
  int room = in + pad_begin + pad_end - (dilation * (kernel - 1) + 1);
  if (ceil) {
    int count = int(std::ceil(double(room) / stride)) + 1;
    return std::max((count - 1) * stride >= in + pad_begin ? count - 1 : count, 0);
  }
  return room < 0 ? 0 : room / stride + 1;
}

namespace {

// Calls visit(n, out channel, in channel, oy, ox, iy, ix, weight) for every product of the convolution.
template <typename Visit>
void for_each_product(const Conv &op, int n, int in_h, int in_w, int out_h, int out_w, Visit visit) {
  const Window &win = op.window;
  int out_c = op.out_channels / op.groups;
  int in_c = int(op.weights.size()) / (op.out_channels * win.kernel_h * win.kernel_w);
  for (int in = 0; in < n; ++in)
    for (int o = 0; o < op.out_channels; ++o)
      for (int i = 0; i < in_c; ++i)
        for (int oy = 0; oy < out_h; ++oy)
          for (int ox = 0; ox < out_w; ++ox)
            for (int ky = 0; ky < win.kernel_h; ++ky)
              for (int kx = 0; kx < win.kernel_w; ++kx) {
                int iy = oy * win.stride_h - win.pad.top + ky * win.dilation_h;
                int ix = ox * win.stride_w - win.pad.left + kx * win.dilation_w;
                if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w)
                  continue;
                double weight = op.weights[((std::size_t(o) * in_c + i) * win.kernel_h + ky) * win.kernel_w + kx];
                visit(in, o, o / out_c * in_c + i, oy, ox, iy, ix, weight);
              }
}

} // namespace

Tensor conv(const Tensor &x, const Conv &op) {
  const Window &win = op.window;
  int out_h = output_size(x.h, win.kernel_h, win.stride_h, win.dilation_h, win.pad.top, win.pad.bottom);
  int out_w = output_size(x.w, win.kernel_w, win.stride_w, win.dilation_w, win.pad.left, win.pad.right);
  Tensor y(x.n, op.out_channels, out_h, out_w);
  for (std::size_t i = 0; !op.bias.empty() && i < y.data.size(); ++i)
    y.data[i] = op.bias[i / (std::size_t(out_h) * out_w) % op.out_channels];
  for_each_product(op, x.n, x.h, x.w, out_h, out_w,
                   [&](int n, int o, int i, int oy, int ox, int iy, int ix, double weight) {
                     y.at(n, o, oy, ox) += weight * x.at(n, i, iy, ix);
                   });
  return y;
}

Tensor conv_gradient(const Tensor &grad, const Conv &op, int in_h, int in_w) {
  int in_c = int(op.weights.size()) / (op.out_channels * op.window.kernel_h * op.window.kernel_w);
  Tensor result(grad.n, op.groups * in_c, in_h, in_w);
  for_each_product(op, grad.n, in_h, in_w, grad.h, grad.w,
                   [&](int n, int o, int i, int oy, int ox, int iy, int ix, double weight) {
                     result.at(n, i, iy, ix) += weight * grad.at(n, o, oy, ox);
                   });
  return result;
}

namespace {

// Which convolution that is the adjoint of.
Conv adjoint(const ConvTranspose &op, int in_channels) { return {in_channels, op.groups, op.window, op.weights, {}}; }

} // namespace

Tensor conv_transpose(const Tensor &x, const ConvTranspose &op) {
  const Window &win = op.window;
  auto length = [](int in, int kernel, int stride, int dilation, int pads, int more) {
    return (in - 1) * stride + dilation * (kernel - 1) + 1 - pads + more;
  };
  int out_h = length(x.h, win.kernel_h, win.stride_h, win.dilation_h, win.pad.top + win.pad.bottom, op.output_pad_h);
  int out_w = length(x.w, win.kernel_w, win.stride_w, win.dilation_w, win.pad.left + win.pad.right, op.output_pad_w);
  Tensor y = conv_gradient(x, adjoint(op, x.c), out_h, out_w);
  for (std::size_t i = 0; !op.bias.empty() && i < y.data.size(); ++i)
    y.data[i] += op.bias[i / (std::size_t(out_h) * out_w) % op.out_channels];
  return y;
}

Tensor conv_transpose_gradient(const Tensor &grad, const ConvTranspose &op, const Tensor &x) {
  Tensor result(x.n, x.c, x.h, x.w);
  for_each_product(adjoint(op, x.c), x.n, grad.h, grad.w, x.h, x.w,
                   [&](int n, int o, int i, int oy, int ox, int iy, int ix, double weight) {
                     result.at(n, o, oy, ox) += weight * grad.at(n, i, iy, ix);
                   });
  return result;
}

} // namespace convscope::reference
