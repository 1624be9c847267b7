// The phases of a strided convolution's gradient, and how weights are packed, without a device.
#include "plan/conv_params.h"

#include <gtest/gtest.h>

#include <random>

#include "graph/shapes.h"
#include "plan/conv.h"
#include "plan/winograd.h"
#include "reference/conv.h"
#include "reference/tensor.h"

namespace convscope {
namespace {

using reference::Tensor;

// What shaders/params.h says of a dispatch: adds to `out` and counts each element that it writes.
void dispatch(const gpu::ConvParams &p, const std::vector<float> &weights, const Tensor &in, Tensor &out,
              std::vector<int> &writes) {
  ASSERT_EQ(weights.size(), std::size_t(p.groups) * p.out_c * p.in_c * p.kernel_h * p.kernel_w);
  const auto input = [&](int n, int c, int y, int x) {
    return y >= 0 && y < p.in_h && x >= 0 && x < p.in_w ? in.at(n, c, y, x) : 0.0;
  };
  for (int n = 0; n < p.batch; ++n)
    for (int channel = 0; channel < p.groups * p.out_c; ++channel)
      for (int oy = 0; oy < p.out_h; ++oy)
        for (int ox = 0; ox < p.out_w; ++ox) {
          double sum = 0;
          std::size_t w = std::size_t(channel) * p.in_c * p.kernel_h * p.kernel_w;
          for (int i = 0; i < p.in_c; ++i)
            for (int ky = 0; ky < p.kernel_h; ++ky)
              for (int kx = 0; kx < p.kernel_w; ++kx)
                sum += weights[w++] * input(n, channel / p.out_c * p.in_c + i,
                                            oy * p.stride_h - p.pad_top + ky * p.dilation_h,
                                            ox * p.stride_w - p.pad_left + kx * p.dilation_w);
          const int y = oy * p.out_step_h + p.out_offset_h, x = ox * p.out_step_w + p.out_offset_w;
          ASSERT_LT(y, p.out_rows);
          ASSERT_LT(x, p.out_cols);
          const std::size_t at =
              std::size_t(p.out_base) + std::size_t(n) * p.out_batch_stride + out.index(0, channel, y, x);
          out.data.at(at) += sum;
          ++writes.at(at);
        }
}

TEST(ConvParamsTest, PhasesWriteEveryElementOnceAndAreTheGradient) {
  std::mt19937 random(2);
  const auto between = [&](int low, int high) { return low + int(random() % unsigned(high - low + 1)); };
  int tried = 0, unreached = 0;
  while (tried < 300) {
    const Window window{between(1, 4),
                        between(1, 5),
                        between(1, 4),
                        between(1, 3),
                        between(1, 3),
                        between(1, 3),
                        {between(-2, 3), between(-2, 3), between(-2, 3), between(-2, 3)}};
    const int groups = between(1, 3), h = between(1, 12), w = between(1, 12), batch = between(1, 2);
    const Shape in{groups * between(1, 2), h, w};
    const Shape out{
        groups * between(1, 2),
        window_output(h, window.kernel_h, window.stride_h, window.dilation_h, window.pad.top, window.pad.bottom),
        window_output(w, window.kernel_w, window.stride_w, window.dilation_w, window.pad.left, window.pad.right)};
    if (out.h < 1 || out.w < 1)
      continue;
    SCOPED_TRACE(++tried);
    const std::size_t taps = std::size_t(in.c / groups) * window.kernel_h * window.kernel_w;
    const Conv conv{out.c, groups, window, reference::random_floats(out.c * taps, random()), {}};
    const gpu::ConvParams forward = forward_params(window, groups, in, out, batch);

    const Tensor x = reference::random_tensor(batch, in.c, h, w, random());
    Tensor y(batch, out.c, out.h, out.w);
    std::vector<int> written(y.data.size());
    dispatch(forward, conv.weights, x, y, written);
    EXPECT_EQ(written, std::vector<int>(written.size(), 1));
    EXPECT_LT(reference::relative_error(y, reference::conv(x, conv)), 1e-12);

    const Tensor grad = reference::random_tensor(batch, out.c, out.h, out.w, random());
    Tensor dx(batch, in.c, h, w);
    written.assign(dx.data.size(), 0);
    for (const gpu::ConvParams &phase : gradient_phases(forward)) {
      const std::vector<float> weights = phase_weights(forward, phase, conv.weights);
      unreached += weights == std::vector<float>(weights.size());
      dispatch(phase, weights, grad, dx, written);
    }
    EXPECT_EQ(written, std::vector<int>(written.size(), 1));
    EXPECT_LT(reference::relative_error(dx, reference::conv_gradient(grad, conv, h, w)), 1e-12);
  }
  EXPECT_GT(unreached, 0);
}

TEST(PackingTest, WinogradsWeightsTileByTile) {
  for (const auto &[tile, kernel] : {std::pair{2, 3}, {4, 3}, {2, 5}})
    for (const auto &[in_c, out_c] : {std::pair{16, 32}, {7, 33}, {66, 70}, {3, 5}}) {
      gpu::ConvParams conv{};
      conv.in_c = in_c;
      conv.out_c = out_c;
      conv.kernel_h = conv.kernel_w = kernel;
      const auto weights = reference::random_floats(std::size_t(in_c) * out_c * kernel * kernel, 3);
      const gpu::ConvParams gemm = winograd_gemm({conv, 0, 0}, tile);
      EXPECT_EQ(pack_winograd_gemm(conv, tile, weights), pack_gemm(gemm, winograd_weights(conv, tile, weights)));
    }
}

} // namespace
} // namespace convscope
