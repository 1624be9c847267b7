#include <filesystem>

#include "check.h"
#include "io/npy.h"
#include "reference/parameterization.h"

namespace convscope::reference {
namespace {

constexpr double pi = 3.14159265358979323846;

struct Size {
  int h, w;
};

TEST(ReferenceParameterization, OneFrequencyIsAPlaneWave) {
  for (auto [h, w] : {Size{6, 8}, Size{5, 7}, Size{1, 4}, Size{4, 1}, Size{3, 2}})
    for (int j = 0; j < h; ++j)
      for (int k = 0; k <= w / 2; ++k) {
        Tensor spectrum(1, 1, h, 2 * (w / 2 + 1));
        spectrum.at(0, 0, j, 2 * k) = 0.3;
        spectrum.at(0, 0, j, 2 * k + 1) = -0.7;
        Tensor image = irfft2(spectrum, w), expected = image;
        bool own_conjugate = k == 0 || 2 * k == w; // such a column is real after the transform along H
        for (int y = 0; y < h; ++y)
          for (int x = 0; x < w; ++x) {
            double angle = 2 * pi * (double(j) * y / h + double(k) * x / w);
            double wave = 0.3 * std::cos(angle) + 0.7 * std::sin(angle);
            expected.at(0, 0, y, x) = (own_conjugate ? wave : 2 * wave) / (h * w);
          }
        for (std::size_t i = 0; i < image.data.size(); ++i)
          EXPECT_NEAR(image.data[i], expected.data[i], 1e-14);
      }
}

TEST(ReferenceParameterization, Scale) {
  std::vector<double> scale = spectrum_scale(4, 6); // (4, 4)
  EXPECT_DOUBLE_EQ(scale[0], std::sqrt(24.0) * 6);  // DC counts as one cycle over the longer side
  EXPECT_DOUBLE_EQ(scale[3], std::sqrt(24.0) / 0.5);
  EXPECT_DOUBLE_EQ(scale[4], std::sqrt(24.0) / 0.25);
  EXPECT_DOUBLE_EQ(scale[12], scale[4]); // row 3 is frequency -1/4
  EXPECT_DOUBLE_EQ(scale[9], std::sqrt(24.0) / std::hypot(0.5, 1.0 / 6));
  EXPECT_DOUBLE_EQ(spectrum_scale(4, 6, 2)[3], std::sqrt(24.0) / 0.25);
}

TEST(ReferenceParameterization, Adjoints) {
  unsigned seed = 0;
  for (Size size : {Size{6, 8}, Size{5, 7}, Size{1, 4}, Size{4, 1}, Size{3, 2}, Size{7, 6}, Size{1, 1}}) {
    Tensor spectrum = random_tensor(2, 3, size.h, 2 * (size.w / 2 + 1), ++seed);
    expect_adjoint([&](const Tensor &t) { return irfft2(t, size.w); }, irfft2_adjoint, spectrum, ++seed);
    Tensor image = random_tensor(2, 3, size.h, size.w, ++seed);
    expect_adjoint(colour, colour_adjoint, image, ++seed);
  }
}

TEST(ReferenceParameterization, FiniteDifferences) {
  unsigned seed = 0;
  for (Size size : {Size{6, 4}, Size{3, 5}})
    for (double decay : {1.0, 1.5}) {
      Tensor spectrum = random_tensor(2, 3, size.h, 2 * (size.w / 2 + 1), ++seed);
      Tensor upstream = random_tensor(2, 3, size.h, size.w, ++seed);
      Tensor image = image_from_spectrum(spectrum, size.w, decay);
      expect_gradient([&](const Tensor &t) { return dot(image_from_spectrum(t, size.w, decay), upstream); }, spectrum,
                      spectrum_gradient(upstream, image, decay));
    }
  Tensor pixels = random_tensor(2, 3, 3, 4, 10), upstream = random_tensor(2, 3, 3, 4, 11);
  expect_gradient([&](const Tensor &t) { return dot(image_from_pixels(t), upstream); }, pixels,
                  pixels_gradient(upstream, image_from_pixels(pixels)));
}

Tensor read(const std::filesystem::path &file, int n, int c, int h, int w) {
  Array array = read_npy(file);
  EXPECT_EQ(array.elements(), std::int64_t{n} * c * h * w) << file;
  return from_floats(array.data, n, c, h, w);
}

TEST(ReferenceParameterization, Golden) {
  std::filesystem::path folder = std::filesystem::path(CONVSCOPE_SOURCE_DIR) / "../shared/golden/parameterization";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "no golden files at " << folder;
  for (auto [h, w] : {Size{127, 129}, Size{128, 128}, Size{150, 150}, Size{96, 160}}) {
    std::string name = std::to_string(h) + "x" + std::to_string(w);
    SCOPED_TRACE(name);
    Tensor spectrum = read(folder / (name + ".spectrum.npy"), 1, 3, h, 2 * (w / 2 + 1));
    Tensor image = image_from_spectrum(spectrum, w);
    EXPECT_LT(relative_error(image, read(folder / (name + ".image.npy"), 1, 3, h, w)), 1e-6);
    Tensor upstream = read(folder / (name + ".upstream.npy"), 1, 3, h, w);
    Tensor expected = read(folder / (name + ".spectrum_grad.npy"), 1, 3, h, 2 * (w / 2 + 1));
    EXPECT_LT(relative_error(spectrum_gradient(upstream, image), expected), 1e-6);
  }
}

} // namespace
} // namespace convscope::reference
