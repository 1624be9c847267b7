#include "check.h"
#include "reference/elementwise.h"
#include "reference/transform.h"

namespace convscope::reference {
namespace {

constexpr Affine identity{1, 0, 0, 0, 1, 0};
struct Sizes {
  int h, w, out_h, out_w;
};

constexpr double pi = 3.14159265358979323846;

// Rotated by `degrees`, scaled, moved.
Affine turned(double degrees, double scale, double tx, double ty, int h, int w, int out_h, int out_w) {
  double c = std::cos(degrees * pi / 180) * scale, s = std::sin(degrees * pi / 180) * scale;
  return centred_affine({c, -s, s, c}, tx, ty, h, w, out_h, out_w);
}

TEST(ReferenceTransform, IdentityAndCentring) {
  Tensor image = random_tensor(1, 3, 5, 7, 1);
  for (Outside outside : {Outside::Grey, Outside::Reflect})
    EXPECT_EQ(sample_affine(image, {identity}, 5, 7, outside).data, image.data);
  Affine centred = centred_affine({1, 0, 0, 1}, 0, 0, 5, 7, 5, 7);
  for (int i = 0; i < 6; ++i)
    EXPECT_DOUBLE_EQ(centred[i], identity[i]);
  // Of a canvas 4 larger, the middle is the image.
  Tensor padded = sample_affine(image, {centred_affine({1, 0, 0, 1}, 0, 0, 5, 7, 9, 11)}, 9, 11, Outside::Grey);
  EXPECT_LT(relative_error(zero_pad(padded, {-2, -2, -2, -2}), image), 1e-14);
  EXPECT_EQ(padded.at(0, 1, 0, 0), 0.5);
}

TEST(ReferenceTransform, AQuarterTurnIsExact) {
  Tensor image = random_tensor(1, 1, 5, 5, 1);
  Tensor result = sample_affine(image, {centred_affine({0, -1, 1, 0}, 0, 0, 5, 5, 5, 5)}, 5, 5, Outside::Grey);
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x)
      EXPECT_NEAR(result.at(0, 0, y, x), image.at(0, 0, x, 4 - y), 1e-14);
}

TEST(ReferenceTransform, Outside) {
  Tensor image(1, 1, 1, 3);
  image.data = {1, 2, 4};
  Affine shifted{1, 0, -2.5, 0, 1, 0}; // reads -2.5, -1.5, ... 2.5
  EXPECT_EQ(sample_affine(image, {shifted}, 1, 6, Outside::Grey).data,
            (std::vector<double>{0.5, 0.5, 0.75, 1.5, 3, 2.25}));
  EXPECT_EQ(sample_affine(image, {shifted}, 1, 6, Outside::Reflect).data,
            (std::vector<double>{3, 3, 1.5, 1.5, 3, 3})); // ... 2 4 2 [1 2 4] 2 1 ...
  Affine far{1, 0, -8, 0, 1, -5};                         // period 4: column -8 is 0; the only row is all rows
  EXPECT_EQ(sample_affine(image, {far}, 1, 4, Outside::Reflect).data, (std::vector<double>{1, 2, 4, 2}));
}

TEST(ReferenceTransform, EachImageHasItsMatrix) {
  Tensor image = random_tensor(2, 3, 4, 4, 1);
  Affine moved = turned(30, 1.1, 0.3, -0.2, 4, 4, 6, 5);
  Tensor both = sample_affine(image, {identity, moved}, 6, 5, Outside::Grey);
  Tensor second(1, 3, 4, 4);
  std::copy(image.data.begin() + 48, image.data.end(), second.data.begin());
  Tensor alone = sample_affine(second, {moved}, 6, 5, Outside::Grey);
  EXPECT_TRUE(std::equal(alone.data.begin(), alone.data.end(), both.data.begin() + 90));
}

TEST(ReferenceTransform, AdjointAndFiniteDifferences) {
  unsigned seed = 0;
  for (Sizes s : {Sizes{1, 1, 3, 2}, Sizes{5, 7, 9, 6}, Sizes{8, 1, 4, 5}, Sizes{9, 11, 6, 13}})
    for (Outside outside : {Outside::Grey, Outside::Reflect}) {
      std::vector<Affine> matrices = {turned(25, 1.2, 0.7, -1.3, s.h, s.w, s.out_h, s.out_w),
                                      turned(-170, 0.4, 0, 3.1, s.h, s.w, s.out_h, s.out_w)};
      Tensor x = random_tensor(2, 3, s.h, s.w, ++seed, 0, 1);
      auto sample = [&](const Tensor &t) { return sample_affine(t, matrices, s.out_h, s.out_w, outside); };
      auto adjoint = [&](const Tensor &t) { return sample_affine_adjoint(t, matrices, s.h, s.w, outside); };
      Tensor grey = sample(Tensor(2, 3, s.h, s.w)); // what a black image gives
      auto linear = [&](const Tensor &t) {
        Tensor y = sample(t);
        for (std::size_t i = 0; i < y.data.size(); ++i)
          y.data[i] -= grey.data[i];
        return y;
      };
      expect_adjoint(linear, adjoint, x, ++seed);
      Tensor upstream = random_tensor(2, 3, s.out_h, s.out_w, ++seed);
      expect_gradient([&](const Tensor &t) { return dot(sample(t), upstream); }, x, adjoint(upstream));
    }
}

TEST(ReferenceResize, ByHand) {
  Tensor image(1, 1, 1, 2);
  image.data = {0, 1};
  EXPECT_EQ(resize_bilinear(image, 1, 4).data, (std::vector<double>{0, 0.25, 0.75, 1}));
  EXPECT_EQ(resize_bilinear(image, 2, 1).data, (std::vector<double>{0.5, 0.5}));
  Tensor same = random_tensor(1, 3, 4, 5, 1);
  EXPECT_EQ(resize_bilinear(same, 4, 5).data, same.data);
}

TEST(ReferenceResize, Adjoint) {
  unsigned seed = 0;
  for (Sizes s : {Sizes{1, 1, 3, 5}, Sizes{5, 7, 9, 3}, Sizes{12, 10, 7, 23}, Sizes{4, 4, 4, 4}}) {
    Tensor x = random_tensor(2, 3, s.h, s.w, ++seed);
    auto resize = [&](const Tensor &t) { return resize_bilinear(t, s.out_h, s.out_w); };
    auto adjoint = [&](const Tensor &t) { return resize_bilinear_adjoint(t, s.h, s.w); };
    expect_adjoint(resize, adjoint, x, ++seed);
    Tensor upstream = random_tensor(2, 3, s.out_h, s.out_w, ++seed);
    expect_gradient([&](const Tensor &t) { return dot(resize(t), upstream); }, x, adjoint(upstream));
  }
}

} // namespace
} // namespace convscope::reference
