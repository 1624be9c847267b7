#include "check.h"
#include "reference/conv.h"
#include "reference/dense.h"
#include "reference/elementwise.h"

namespace convscope::reference {
namespace {

Conv make_conv(int in_channels, int out_channels, int kernel_h, int kernel_w, int groups = 1) {
  Conv op;
  op.out_channels = out_channels;
  op.groups = groups;
  op.window.kernel_h = kernel_h;
  op.window.kernel_w = kernel_w;
  op.weights = random_floats(std::size_t(out_channels) * in_channels / groups * kernel_h * kernel_w, 1);
  op.bias = random_floats(out_channels, 2);
  return op;
}

// Channels first to first + count.
Tensor channels(const Tensor &x, int first, int count) {
  Tensor y(x.n, count, x.h, x.w);
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < count; ++c)
      for (int iy = 0; iy < x.h; ++iy)
        for (int ix = 0; ix < x.w; ++ix)
          y.at(n, c, iy, ix) = x.at(n, first + c, iy, ix);
  return y;
}

TEST(ReferenceConv, OutputSize) {
  EXPECT_EQ(output_size(224, 3, 1, 1, 1, 1), 224);
  EXPECT_EQ(output_size(224, 11, 4, 1, 2, 2), 55);
  EXPECT_EQ(output_size(7, 3, 2, 2, 0, 1), 2);
  EXPECT_EQ(output_size(5, 5, 2, 1, 0, 0), 1);
  EXPECT_EQ(output_size(4, 5, 2, 1, 0, 0), 0);
  EXPECT_EQ(output_size(6, 3, 1, 1, -1, 0), 3);
}

TEST(ReferenceConv, ByHand) {
  Conv op;
  op.out_channels = 1;
  op.window.kernel_h = op.window.kernel_w = 2;
  op.window.pad = {0, 1, 0, 0}; // one column on the left
  op.weights = {1, 2, 3, 4};
  op.bias = {0.5f};
  Tensor x(1, 1, 2, 2);
  x.data = {1, 10, 100, 1000};
  // [[0 1 10] [0 100 1000]]: 2*1 + 4*100, then 1*1 + 2*10 + 3*100 + 4*1000
  EXPECT_EQ(conv(x, op).data, (std::vector<double>{402.5, 4321.5}));
}

TEST(ReferenceConv, StrideSubsamplesAndDilationStuffsTheKernel) {
  Tensor x = random_tensor(2, 3, 9, 8, 3);
  Conv op = make_conv(3, 4, 3, 2);
  op.window.pad = {1, 0, 2, 1};
  Tensor dense_output = conv(x, op);
  op.window.stride_h = 2;
  op.window.stride_w = 3;
  Tensor strided = conv(x, op);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 4; ++c)
      for (int y = 0; y < strided.h; ++y)
        for (int ix = 0; ix < strided.w; ++ix)
          EXPECT_EQ(strided.at(n, c, y, ix), dense_output.at(n, c, 2 * y, 3 * ix));

  Conv dilated = make_conv(3, 4, 2, 2), stuffed = make_conv(3, 4, 3, 4);
  dilated.window.dilation_h = 2;
  dilated.window.dilation_w = 3;
  for (int oi = 0; oi < 12; ++oi)
    for (int tap = 0; tap < 12; ++tap) {
      bool corner = (tap / 4 != 1) && (tap % 4 == 0 || tap % 4 == 3);
      stuffed.weights.own()[oi * 12 + tap] = corner ? dilated.weights[oi * 4 + tap / 4 / 2 * 2 + tap % 4 / 3] : 0;
    }
  EXPECT_LT(relative_error(conv(x, dilated), conv(x, stuffed)), 1e-14);
}

TEST(ReferenceConv, NegativePadsCrop) {
  Tensor x = random_tensor(1, 2, 7, 6, 4);
  Conv op = make_conv(2, 3, 3, 3);
  Tensor expected = conv(zero_pad(x, {-1, 2, 0, -2}), op);
  op.window.pad = {-1, 2, 0, -2};
  EXPECT_LT(relative_error(conv(x, op), expected), 1e-15);
}

TEST(ReferenceConv, GroupsAreSeparateConvolutions) {
  Tensor x = random_tensor(2, 6, 5, 5, 5);
  Conv op = make_conv(6, 4, 3, 3, 2);
  Tensor whole = conv(x, op);
  std::size_t half = op.weights.size() / 2;
  for (int g = 0; g < 2; ++g) {
    Conv part = op;
    part.groups = 1;
    part.out_channels = 2;
    part.weights = std::vector<float>(op.weights.begin() + g * half, op.weights.begin() + (g + 1) * half);
    part.bias = std::vector<float>(op.bias.begin() + g * 2, op.bias.begin() + g * 2 + 2);
    EXPECT_LT(relative_error(channels(whole, g * 2, 2), conv(channels(x, g * 3, 3), part)), 1e-15);
  }
}

TEST(ReferenceConv, Adjoint) {
  unsigned seed = 10;
  for (int kernel : {1, 3, 5, 7})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (int groups : {1, 2, 4})
          for (Padding pad : {Padding{}, Padding{1, 2, 0, 3}, Padding{-1, 0, 2, -2}}) {
            Conv op = make_conv(4, 8, kernel, kernel == 5 ? 2 : kernel, groups);
            op.window.stride_h = stride;
            op.window.stride_w = 3 - stride % 3;
            op.window.dilation_h = dilation;
            op.window.dilation_w = 3 - dilation;
            op.window.pad = pad;
            op.bias = {};
            Tensor x = random_tensor(2, 4, 14, 11, ++seed);
            expect_adjoint([&](const Tensor &t) { return conv(t, op); },
                           [&](const Tensor &t) { return conv_gradient(t, op, 14, 11); }, x, ++seed);
          }
}

TEST(ReferenceConv, FiniteDifferences) {
  Conv op = make_conv(4, 6, 3, 2, 2);
  op.window.stride_h = op.window.stride_w = 2;
  op.window.pad = {1, 0, 0, 1};
  Tensor x = random_tensor(2, 4, 6, 5, 6);
  Tensor y = conv(x, op);
  Tensor upstream = random_tensor(y.n, y.c, y.h, y.w, 7);
  expect_gradient([&](const Tensor &t) { return dot(conv(t, op), upstream); }, x, conv_gradient(upstream, op, 6, 5));
}

TEST(ReferenceConvTranspose, ByHand) {
  ConvTranspose op;
  op.out_channels = 2; // of one input channel
  op.window.kernel_w = 3;
  op.window.stride_w = 2;
  op.weights = {1, 2, 3, 10, 20, 30};
  op.bias = {0.5F, 0};
  Tensor x(1, 1, 1, 2);
  x.data = {1, 100};
  EXPECT_EQ(conv_transpose(x, op).data, (std::vector<double>{1.5, 2.5, 103.5, 200.5, 300.5, 10, 20, 1030, 2000, 3000}));
  op.window.pad = {0, 1, 0, 2};
  op.output_pad_w = 1;
  EXPECT_EQ(conv_transpose(x, op).data, (std::vector<double>{2.5, 103.5, 200.5, 20, 1030, 2000}));
}

TEST(ReferenceConvTranspose, Adjoint) {
  unsigned seed = 1000;
  for (int kernel : {1, 2, 3})
    for (int stride : {1, 2, 3})
      for (int groups : {1, 2})
        for (Padding pad : {Padding{}, Padding{1, 0, 0, 2}, Padding{-1, 0, 2, -3}}) {
          ConvTranspose op;
          op.out_channels = 6;
          op.groups = groups;
          op.window = {kernel, 3, stride, 2, 1, 2, pad};
          op.output_pad_h = stride - 1;
          op.output_pad_w = kernel % 2;
          op.weights = random_floats(std::size_t(4) * 6 / groups * kernel * 3, ++seed);
          Tensor x = random_tensor(2, 4, 5, 6, ++seed);
          expect_adjoint([&](const Tensor &t) { return conv_transpose(t, op); },
                         [&](const Tensor &t) { return conv_transpose_gradient(t, op, x); }, x, ++seed);
          Tensor y = conv_transpose(x, op);
          op.bias = random_floats(6, ++seed);
          Tensor biased = conv_transpose(x, op);
          EXPECT_NEAR(biased.at(1, 3, 1, 1) - y.at(1, 3, 1, 1), op.bias[3], 1e-12);
        }
}

TEST(ReferenceDense, IsAConvolutionOfTheWholeInput) {
  Tensor x = random_tensor(3, 2, 3, 5, 8);
  Conv whole = make_conv(2, 7, 3, 5);
  Dense op{7, whole.weights, whole.bias};
  EXPECT_LT(relative_error(dense(x, op), conv(x, whole)), 1e-14);
  Tensor upstream = random_tensor(3, 7, 1, 1, 9);
  EXPECT_LT(relative_error(dense_gradient(upstream, op, 2, 3, 5), conv_gradient(upstream, whole, 3, 5)), 1e-14);
  expect_gradient([&](const Tensor &t) { return dot(dense(t, op), upstream); }, x,
                  dense_gradient(upstream, op, 2, 3, 5));
}

TEST(ReferenceDense, Adjoint) {
  Dense op{5, random_floats(5 * 21, 1), {}};
  expect_adjoint([&](const Tensor &t) { return dense(t, op); },
                 [&](const Tensor &t) { return dense_gradient(t, op, 3, 1, 7); }, random_tensor(2, 3, 1, 7, 2), 3);
}

} // namespace
} // namespace convscope::reference
