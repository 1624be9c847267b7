#include "io/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace convscope {
namespace {

Array noise(std::int64_t c, std::int64_t h, std::int64_t w) {
  Array out{{c, h, w}, {}};
  std::mt19937 random(7);
  for (std::int64_t i = 0; i < c * h * w; ++i)
    out.data.push_back(static_cast<float>(random() % 10000) / 10000.0f);
  return out;
}

// The definition, with no window: every output pixel is the mean of all inputs, weighted by two triangles.
double direct(const Array &in, std::int64_t c, int x, int y, int width, int height) {
  const std::int64_t h = in.shape[1], w = in.shape[2];
  const double step_x = static_cast<double>(w) / width, step_y = static_cast<double>(h) / height;
  double sum = 0, total = 0;
  for (std::int64_t j = 0; j < h; ++j)
    for (std::int64_t i = 0; i < w; ++i) {
      const double dx = std::abs(i + 0.5 - (x + 0.5) * step_x) / std::max(1.0, step_x);
      const double dy = std::abs(j + 0.5 - (y + 0.5) * step_y) / std::max(1.0, step_y);
      const double weight = std::max(0.0, 1 - dx) * std::max(0.0, 1 - dy);
      sum += weight * in.data[static_cast<std::size_t>((c * h + j) * w + i)];
      total += weight;
    }
  return sum / total;
}

TEST(Resize, EqualsTheDefinition) {
  const Array in = noise(2, 13, 17);
  for (const auto &[width, height] :
       {std::pair{5, 4}, {17, 6}, {30, 29}, {34, 26}, {1, 1}, {16, 13}, {100, 1}, {8, 40}}) {
    const Array out = resize(in, width, height);
    ASSERT_EQ(out.shape, (std::vector<std::int64_t>{2, height, width}));
    for (std::int64_t c = 0; c < 2; ++c)
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          EXPECT_NEAR(out.data[static_cast<std::size_t>((c * height + y) * width + x)],
                      direct(in, c, x, y, width, height), 1e-6)
              << width << "x" << height << " at " << x << "," << y;
  }
}

// [0, 1] to four samples: the outer ones are clamped, the inner ones a quarter of the way.
TEST(Resize, KnownValues) {
  const Array out = resize({{1, 1, 2}, {0, 1}}, 4, 1);
  EXPECT_EQ(out.data, (std::vector<float>{0, 0.25f, 0.75f, 1}));
  const Array half = resize({{1, 1, 4}, {0, 0, 1, 1}}, 2, 1);
  EXPECT_FLOAT_EQ(half.data[0], 1.0f / 7.0f);
  EXPECT_FLOAT_EQ(half.data[1], 6.0f / 7.0f);
}

TEST(Resize, SameSizeIsTheSame) {
  const Array in = noise(3, 9, 5);
  EXPECT_EQ(resize(in, 5, 9).data, in.data);
}

TEST(Resize, BytesSurviveFloat) {
  ImageRgb8 image(16, 16);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(to_rgb8(to_float(image)).pixels, image.pixels);
}

TEST(Resize, BytesAreClampedAndRounded) {
  const Array in{{3, 1, 3}, {-1, 2, std::nanf(""), 0.5f, 1, 0, 1.49f / 255, 1.51f / 255, HUGE_VALF}};
  const ImageRgb8 out = to_rgb8(in);
  EXPECT_EQ(out.pixels, (std::vector<std::uint8_t>{0, 128, 1, 255, 255, 2, 0, 0, 255}));
}

TEST(Resize, FitsAndCrops) {
  const Array in = noise(3, 30, 45);
  EXPECT_EQ(fit_shorter_side(in, 10).shape, (std::vector<std::int64_t>{3, 10, 15}));
  EXPECT_EQ(fit_shorter_side(in, 224).shape, (std::vector<std::int64_t>{3, 224, 336}));
  const Array square = center_crop(in, 7, 7);
  ASSERT_EQ(square.shape, (std::vector<std::int64_t>{3, 30, 30}));
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t y = 0; y < 30; ++y)
      for (std::size_t x = 0; x < 30; ++x)
        ASSERT_EQ(square.data[(c * 30 + y) * 30 + x], in.data[(c * 30 + y) * 45 + x + 7]);
  EXPECT_EQ(center_crop(in, 96, 32).shape, (std::vector<std::int64_t>{3, 15, 45}));
  EXPECT_EQ(center_crop(in, 1, 2).shape, (std::vector<std::int64_t>{3, 30, 15}));
  EXPECT_EQ(center_crop(in, 4096, 1).shape, (std::vector<std::int64_t>{3, 1, 45}));
}

TEST(Resize, WrongShapesAreRefused) {
  EXPECT_THROW(resize({{4, 4}, std::vector<float>(16)}, 2, 2), std::invalid_argument);
  EXPECT_THROW(resize(noise(3, 4, 4), 0, 2), std::invalid_argument);
  EXPECT_THROW(to_rgb8(noise(2, 4, 4)), std::invalid_argument);
}

// From the bytes, the same numbers as by way of floats.
TEST(Resize, PartsOfAPicture) {
  ImageRgb8 image(41, 29);
  std::mt19937 random(3);
  for (std::uint8_t &value : image.pixels)
    value = static_cast<std::uint8_t>(random());
  for (const auto &[width, height] : {std::pair{7, 7}, {96, 32}, {29, 29}, {1, 1}, {60, 50}}) {
    const Part middle = centered_part(image.width, image.height, width, height);
    const Array right = resize(center_crop(to_float(image), width, height), width, height);
    const Array part = resize(image, middle, width, height);
    EXPECT_EQ(part.shape, right.shape);
    EXPECT_EQ(part.data, right.data);
  }
  EXPECT_EQ(resize(image, {40, 28, 1, 1}, 1, 1).data[1], static_cast<float>(image.at(40, 28)[1]) / 255.0f);
  EXPECT_THROW(resize(image, {1, 0, 41, 29}, 5, 5), std::invalid_argument);
}

} // namespace
} // namespace convscope
