#include "check.h"
#include "reference/reductions.h"

namespace convscope::reference {
namespace {

const std::vector<Axes> all_axes = {{true, false, false}, {false, true, false}, {false, false, true},
                                    {true, true, false},  {true, false, true},  {false, true, true},
                                    {true, true, true},   {false, false, false}};
constexpr Axis axes[] = {Axis::c, Axis::h, Axis::w};

TEST(ReferenceReduce, ByHand) {
  Tensor x = from_floats({1, -2, 3, -4, 5, 5}, 1, 2, 1, 3);
  const auto along_w = [&](Reduction reduction) { return reduce(x, {reduction, {false, false, true}}).data; };
  EXPECT_EQ(along_w(Reduction::sum), (std::vector<double>{2, 6}));
  EXPECT_EQ(along_w(Reduction::mean), (std::vector<double>{2.0 / 3, 2}));
  EXPECT_EQ(along_w(Reduction::max), (std::vector<double>{3, 5}));
  EXPECT_EQ(along_w(Reduction::min), (std::vector<double>{-2, -4}));
  EXPECT_EQ(along_w(Reduction::l1), (std::vector<double>{6, 14}));
  EXPECT_EQ(along_w(Reduction::sum_square), (std::vector<double>{14, 66}));
  EXPECT_EQ(reduce(x, {Reduction::sum, {true, false, false}}).data, (std::vector<double>{-3, 3, 8}));
  EXPECT_EQ(reduce_gradient(Tensor(1, 2, 1, 1, 1.0), x, {Reduction::max, {false, true, true}}).data,
            (std::vector<double>{0, 0, 1, 0, 1, 0})); // the first of two
}

TEST(ReferenceReduce, FiniteDifferences) {
  Tensor x = random_tensor(2, 4, 3, 5, 1);
  for (Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::max, Reduction::min, Reduction::l1,
                              Reduction::l2, Reduction::sum_square})
    for (Axes over : all_axes) {
      SCOPED_TRACE(int(reduction));
      const Reduce op{reduction, over};
      Tensor y = reduce(x, op), upstream = random_tensor(y.n, y.c, y.h, y.w, 2);
      expect_gradient([&](const Tensor &t) { return dot(reduce(t, op), upstream); }, x,
                      reduce_gradient(upstream, x, op));
    }
}

TEST(ReferenceReduce, Adjoints) {
  Tensor x = random_tensor(2, 4, 3, 5, 1);
  for (Reduction reduction : {Reduction::mean, Reduction::sum})
    for (Axes over : all_axes)
      expect_adjoint(
          [&](const Tensor &t) {
            return reduce(t, {reduction, over});
          },
          [&](const Tensor &t) {
            return reduce_gradient(t, x, {reduction, over});
          },
          x, 3);
}

TEST(ReferenceNormalize, ByHand) {
  Tensor x = from_floats({1, 3, 10, 30}, 1, 2, 1, 2);
  EXPECT_EQ(normalize(x, {{false, true, true}, 1, 0}).data, (std::vector<double>{-1, 1, -1, 1}));
  EXPECT_EQ(normalize(x, {{true, true, true}, 2, 0}).data, (std::vector<double>{-1, 1, -1, 1}));
  EXPECT_EQ(normalize(x, {{true, false, false}, 1, 0}).data, (std::vector<double>{-1, -1, 1, 1}));
  EXPECT_EQ(normalize(Tensor(1, 1, 1, 2, 7.0), {{true, true, true}}).data, (std::vector<double>{0, 0}));
}

TEST(ReferenceNormalize, FiniteDifferences) {
  Tensor x = random_tensor(2, 4, 3, 5, 1), upstream = random_tensor(2, 4, 3, 5, 2);
  for (Axes over : all_axes)
    for (int groups : {1, 2}) {
      if (groups > 1 && !(over.c && over.h && over.w))
        continue;
      const Normalize op{over, groups, 1e-3};
      expect_gradient([&](const Tensor &t) { return dot(normalize(t, op), upstream); }, x,
                      normalize_gradient(upstream, x, op));
    }
}

TEST(ReferenceSoftmax, ByHand) {
  Tensor x(1, 2, 1, 2);
  x.data = {std::log(1.0), 1000, std::log(3.0), 1000}; // large values must not overflow
  Tensor y = softmax(x, {});
  EXPECT_NEAR(y.data[0], 0.25, 1e-15);
  EXPECT_NEAR(y.data[2], 0.75, 1e-15);
  EXPECT_NEAR(y.data[1], 0.5, 1e-15);
  EXPECT_NEAR(softmax(x, {Axis::c, true}).data[2], std::log(0.75), 1e-15);
  EXPECT_NEAR(softmax(x, {Axis::w}).data[1], 1, 1e-15);
}

TEST(ReferenceSoftmax, FiniteDifferences) {
  Tensor x = random_tensor(2, 5, 2, 3, 1, -3, 3), upstream = random_tensor(2, 5, 2, 3, 2);
  for (Axis axis : axes)
    for (bool log : {false, true}) {
      const Softmax op{axis, log};
      expect_gradient([&](const Tensor &t) { return dot(softmax(t, op), upstream); }, x,
                      softmax_gradient(upstream, softmax(x, op), op));
    }
}

TEST(ReferenceLrn, ByHand) {
  Tensor x = from_floats({1, 2, 3}, 1, 3, 1, 1);
  const Tensor y = lrn(x, {2, 2, 1, 1}); // a channel and the one behind it
  EXPECT_NEAR(y.data[0], 1.0 / 6, 1e-15);
  EXPECT_NEAR(y.data[1], 2.0 / 14, 1e-15);
  EXPECT_NEAR(y.data[2], 3.0 / 10, 1e-15);
}

TEST(ReferenceLrn, FiniteDifferences) {
  Tensor x = random_tensor(2, 7, 2, 3, 1), upstream = random_tensor(2, 7, 2, 3, 2);
  for (const Lrn &op : {Lrn{}, Lrn{4, 1, 0.75F, 2}, Lrn{3, 0.5F, 1.5F, 1}, Lrn{20, 2, 0.5F, 1}})
    expect_gradient([&](const Tensor &t) { return dot(lrn(t, op), upstream); }, x, lrn_gradient(upstream, x, op));
}

} // namespace
} // namespace convscope::reference
