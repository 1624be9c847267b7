#include "check.h"
#include "reference/elementwise.h"

namespace convscope::reference {
namespace {

TEST(ReferenceElementwise, ByHand) {
  Tensor x(1, 2, 1, 2);
  x.data = {-1, 2, 3, -4};
  EXPECT_EQ(add(x, x).data, (std::vector<double>{-2, 4, 6, -8}));
  EXPECT_EQ(relu(x).data, (std::vector<double>{0, 2, 3, 0}));
  EXPECT_EQ(scale_shift(x, {2, -1}, {0.5f, 1}).data, (std::vector<double>{-1.5, 4.5, -2, 5}));
  EXPECT_EQ(relu_gradient(Tensor(1, 1, 1, 3, 7.0), from_floats({-1, 0, 1}, 1, 1, 1, 3)).data,
            (std::vector<double>{0, 0, 7})); // at 0 it blocks
  EXPECT_EQ(relu(x, 2.5).data, (std::vector<double>{0, 2, 2.5, 0}));
  EXPECT_EQ(relu_gradient(Tensor(1, 1, 1, 4, 7.0), from_floats({-1, 2, 6, 7}, 1, 1, 1, 4), 6).data,
            (std::vector<double>{0, 7, 0, 0}));
  Preprocessing bgr{{2, 1, 0}, {1, 2, 3}, {0, 0, 5}, "test"};
  EXPECT_EQ(preprocess(from_floats({1, 10, 100}, 1, 3, 1, 1), bgr).data, (std::vector<double>{100, 20, 8}));
}

TEST(ReferenceElementwise, Gradients) {
  Tensor x = random_tensor(2, 3, 4, 5, 1), upstream = random_tensor(2, 3, 4, 5, 2);
  std::vector<double> scale = random_tensor(1, 3, 1, 1, 3).data, shift = random_tensor(1, 3, 1, 1, 4).data;
  expect_gradient([&](const Tensor &t) { return dot(scale_shift(t, scale, shift), upstream); }, x,
                  scale_shift_gradient(upstream, scale));
  expect_gradient([&](const Tensor &t) { return dot(relu(t), upstream); }, x, relu_gradient(upstream, x));
  expect_gradient([&](const Tensor &t) { return dot(relu(t, 0.5), upstream); }, x, relu_gradient(upstream, x, 0.5));
  EXPECT_EQ(relu_gradient(upstream, x).data, relu_gradient(upstream, relu(x)).data);
  Preprocessing p{{2, 0, 1}, {0.5f, -2, 3}, {1, 2, 3}, "test"};
  expect_gradient([&](const Tensor &t) { return dot(preprocess(t, p), upstream); }, x,
                  preprocess_gradient(upstream, p));
  expect_gradient([&](const Tensor &t) { return dot(add(t, upstream), upstream); }, x, upstream);
}

TEST(ReferenceElementwise, Adjoints) {
  Tensor x = random_tensor(2, 3, 3, 7, 1);
  std::vector<double> scale = random_tensor(1, 3, 1, 1, 2).data, zeros(3);
  expect_adjoint([&](const Tensor &t) { return scale_shift(t, scale, zeros); },
                 [&](const Tensor &t) { return scale_shift_gradient(t, scale); }, x, 3);
  Preprocessing p{{1, 1, 0}, {2, 3, 4}, {0, 0, 0}, "test"}; // a source used twice, another never
  expect_adjoint([&](const Tensor &t) { return preprocess(t, p); },
                 [&](const Tensor &t) { return preprocess_gradient(t, p); }, x, 4);
  for (Padding pad : {Padding{}, Padding{1, 2, 3, 0}, Padding{-1, 1, 0, -2}})
    expect_adjoint([&](const Tensor &t) { return zero_pad(t, pad); },
                   [&](const Tensor &t) { return zero_pad_gradient(t, pad); }, x, 5);
}

TEST(ReferenceZeroPad, ByHand) {
  Tensor x(1, 1, 1, 2);
  x.data = {1, 2};
  EXPECT_EQ(zero_pad(x, {1, 0, 0, 1}).data, (std::vector<double>{0, 0, 0, 1, 2, 0}));
  EXPECT_EQ(zero_pad(x, {0, -1, 0, 0}).data, (std::vector<double>{2}));
}

} // namespace
} // namespace convscope::reference
