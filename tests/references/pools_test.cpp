#include "check.h"
#include "reference/pools.h"

namespace convscope::reference {
namespace {

struct Case {
  int h, w;
  Window window;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (int kernel : {1, 2, 3, 4})
    for (int stride : {1, 2, 3})
      for (int dilation : {1, 2})
        for (Padding pad : {Padding{}, Padding{0, 0, 1, 1}, Padding{1, 0, 0, 1}, Padding{-1, 0, 0, -2}})
          for (auto [h, w] : {std::pair{7, 9}, std::pair{10, 8}}) {
            Window window;
            window.kernel_h = kernel;
            window.kernel_w = kernel == 4 ? 2 : kernel;
            window.stride_h = stride;
            window.stride_w = kernel == 3 ? 2 : stride;
            window.dilation_h = window.dilation_w = dilation;
            window.pad = pad;
            window.ceil = kernel == 2 && pad.top >= 0;
            all.push_back({h, w, window});
          }
  return all;
}

TEST(ReferenceMaxPool, ByHandWithTies) {
  Tensor x(1, 1, 3, 3);
  x.data = {-5, -1, -1, -5, -1, -1, -7, -8, -9};
  Window window;
  window.kernel_h = window.kernel_w = 2;
  window.stride_h = window.stride_w = 2;
  window.pad = {0, 0, 1, 1};
  MaxPoolResult result = max_pool(x, window);
  EXPECT_EQ(result.y.data, (std::vector<double>{-1, -1, -7, -9})); // padding never wins
  EXPECT_EQ(result.arg, (std::vector<int>{1, 0, 0, 0}));           // the first of equals
  Tensor grad(1, 1, 2, 2);
  grad.data = {1, 2, 3, 4};
  EXPECT_EQ(max_pool_gradient(grad, result.arg, window, 3, 3).data, (std::vector<double>{0, 1, 2, 0, 0, 0, 3, 0, 4}));
}

TEST(ReferenceMaxPool, AWindowOfPaddingHasNoWinner) {
  Window window;
  window.pad = {1, 0, 0, 0};
  MaxPoolResult result = max_pool(Tensor(1, 1, 1, 1, 3.0), window);
  EXPECT_EQ(result.arg, (std::vector<int>{-1, 0}));
  EXPECT_EQ(result.y.data, (std::vector<double>{0, 3}));
  EXPECT_EQ(max_pool_gradient(Tensor(1, 1, 2, 1, 1.0), result.arg, window, 1, 1).data, std::vector<double>{1});
}

TEST(ReferenceMaxPool, FiniteDifferences) {
  unsigned seed = 0;
  for (const Case &one : cases()) {
    Tensor x = random_tensor(2, 2, one.h, one.w, ++seed);
    MaxPoolResult result = max_pool(x, one.window);
    Tensor upstream = random_tensor(2, 2, result.y.h, result.y.w, ++seed);
    Tensor gradient = max_pool_gradient(upstream, result.arg, one.window, one.h, one.w);
    auto value = [&](const Tensor &t) {
      Tensor y = max_pool(t, one.window).y;
      double sum = 0; // as dot, but a window of padding alone has no say
      for (std::size_t i = 0; i < y.data.size(); ++i)
        sum += result.arg[i] < 0 ? 0 : y.data[i] * upstream.data[i];
      return sum;
    };
    expect_gradient(value, x, gradient);
  }
}

TEST(ReferenceAvgPool, ByHand) {
  Tensor x(1, 1, 2, 2);
  x.data = {1, 2, 3, 4};
  Window window;
  window.kernel_h = window.kernel_w = 2;
  window.pad = {1, 1, 0, 0};
  EXPECT_EQ(avg_pool(x, window, false).data, (std::vector<double>{1, 1.5, 2, 2.5}));
  EXPECT_EQ(avg_pool(x, window, true).data, (std::vector<double>{0.25, 0.75, 1, 2.5}));
}

// By torch's and ONNX's rule.
TEST(ReferenceAvgPool, CeilAveragesOverWhatThePaddedInputHas) {
  Tensor x(1, 1, 1, 5);
  x.data = {1, 2, 3, 4, 5};
  Window window;
  window.kernel_w = window.stride_w = 2;
  window.ceil = true;
  EXPECT_EQ(avg_pool(x, window, false).data, (std::vector<double>{1.5, 3.5, 5}));
  EXPECT_EQ(avg_pool(x, window, true).data, (std::vector<double>{1.5, 3.5, 5}));
  window.kernel_w = 4;
  window.stride_w = 3;
  window.pad = {0, 1, 0, 1}; // 0 1 2 3 | 3 4 5 0 and 1 column of nothing
  EXPECT_EQ(avg_pool(x, window, true).data, (std::vector<double>{1.5, 3}));
  EXPECT_EQ(avg_pool(x, window, false).data, (std::vector<double>{2, 4}));
  window.pad.right = 2; // 3 4 5 0, 0 0: the last window would begin behind the input
  EXPECT_EQ(avg_pool(x, window, true).data, (std::vector<double>{1.5, 3}));
  window.stride_w = 2;
  window.pad.right = 1; // 4 5 0
  EXPECT_EQ(avg_pool(x, window, true).data, (std::vector<double>{1.5, 3.5, 3}));
  window.pad = {};
  window.kernel_w = 7; // larger than the input
  EXPECT_EQ(max_pool(x, window).y.data, std::vector<double>{});
  window.kernel_w = 6;
  EXPECT_EQ(max_pool(x, window).y.data, std::vector<double>{5});
}

TEST(ReferenceAvgPool, Adjoint) {
  unsigned seed = 0;
  for (const Case &one : cases())
    for (bool count_padding : {false, true}) {
      Tensor x = random_tensor(2, 3, one.h, one.w, ++seed);
      expect_adjoint([&](const Tensor &t) { return avg_pool(t, one.window, count_padding); },
                     [&](const Tensor &t) { return avg_pool_gradient(t, one.window, count_padding, one.h, one.w); }, x,
                     ++seed);
    }
}

TEST(ReferenceAvgPool, FiniteDifferences) {
  Window window;
  window.kernel_h = 3;
  window.kernel_w = 2;
  window.stride_h = 2;
  window.pad = {1, 0, 0, 1};
  for (bool count_padding : {false, true}) {
    Tensor x = random_tensor(1, 2, 6, 5, 1);
    Tensor y = avg_pool(x, window, count_padding);
    Tensor upstream = random_tensor(1, 2, y.h, y.w, 2);
    expect_gradient([&](const Tensor &t) { return dot(avg_pool(t, window, count_padding), upstream); }, x,
                    avg_pool_gradient(upstream, window, count_padding, 6, 5));
  }
}

TEST(ReferenceGlobalPools, ValuesAndGradients) {
  Tensor x = random_tensor(2, 3, 5, 7, 1);
  Tensor upstream = random_tensor(2, 3, 1, 1, 2);
  Tensor mean = global_avg_pool(x);
  ASSERT_TRUE(mean.same_shape(upstream));
  double sum = 0;
  for (int i = 0; i < 35; ++i)
    sum += x.data[35 + i];
  EXPECT_NEAR(mean.data[1], sum / 35, 1e-15);
  expect_gradient([&](const Tensor &t) { return dot(global_avg_pool(t), upstream); }, x,
                  global_avg_pool_gradient(upstream, 5, 7));
  expect_adjoint([](const Tensor &t) { return global_avg_pool(t); },
                 [](const Tensor &t) { return global_avg_pool_gradient(t, 5, 7); }, x, 3);

  MaxPoolResult largest = global_max_pool(x);
  EXPECT_EQ(largest.y.data[1], *std::max_element(x.data.begin() + 35, x.data.begin() + 70));
  EXPECT_EQ(x.data[35 + largest.arg[1]], largest.y.data[1]);
  expect_gradient([&](const Tensor &t) { return dot(global_max_pool(t).y, upstream); }, x,
                  global_max_pool_gradient(upstream, largest.arg, 5, 7));
  EXPECT_EQ(global_max_pool(Tensor(1, 1, 3, 3)).arg, std::vector<int>{0}); // the first of equals
}

} // namespace
} // namespace convscope::reference
