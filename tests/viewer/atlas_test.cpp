// The window's textures, read back and compared with what the CPU makes of the same floats.
#include "viewer/atlas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "figure/colormap.h"
#include "vulkan/device.h"

namespace convscope::viewer {
namespace {

using vulkan::Buffer;
using vulkan::Recording;

vulkan::Programs &programs() {
  static const vulkan::Device device([] {
    vulkan::DeviceOptions options;
    options.validation = true;
    return options;
  }());
  static vulkan::Programs cache(device);
  return cache;
}

const vulkan::Device &device() { return programs().device(); }

Buffer upload(const std::vector<float> &values) {
  Buffer buffer(device(), values.size() * sizeof(float), "source");
  buffer.write(0, std::as_bytes(std::span(values)));
  return buffer;
}

std::vector<float> download(const Buffer &buffer) {
  std::vector<float> values(buffer.bytes() / sizeof(float));
  buffer.read(0, std::as_writable_bytes(std::span(values)));
  return values;
}

std::vector<float> noise(int count, float low = 0, float high = 1) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(static_cast<std::size_t>(count));
  std::ranges::generate(values, [&] { return uniform(random); });
  return values;
}

template <typename Record> void run(Record record) {
  Recording recording(device(), "puts");
  record(recording);
  recording.finish();
  recording.run("testing an atlas");
}

using Rgba = std::array<int, 4>;
constexpr Rgba transparent{};

// All of an atlas, as it is in the device's memory.
class Readback {
public:
  explicit Readback(const Atlas &atlas) : atlas_(atlas) {
    const auto uv = atlas.uv(0);
    width_ = static_cast<int>(std::lround(float(atlas.cell_width()) / (uv[2] - uv[0])));
    height_ = static_cast<int>(std::lround(float(atlas.cell_height()) / (uv[3] - uv[1])));
    bytes_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_) * 4);
    const Buffer buffer(device(), bytes_.size(), "readback");
    run([&](Recording &recording) {
      recording.custom(
          [&](VkCommandBuffer commands) {
            VkImageMemoryBarrier barrier{};
            barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
            barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
            barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
            barrier.newLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
            barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
            barrier.image = atlas.image();
            barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
            vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
                                 nullptr, 0, nullptr, 1, &barrier);
            VkBufferImageCopy region{};
            region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
            region.imageExtent = {static_cast<std::uint32_t>(width_), static_cast<std::uint32_t>(height_), 1};
            vkCmdCopyImageToBuffer(commands, atlas.image(), VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer.slice().buffer,
                                   1, &region);
            std::swap(barrier.oldLayout, barrier.newLayout);
            barrier.srcAccessMask = barrier.dstAccessMask = 0;
            vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                                 nullptr, 0, nullptr, 1, &barrier);
          },
          "readback");
    });
    buffer.read(0, std::as_writable_bytes(std::span(bytes_)));
  }

  // Of a cell: 0,0 is the first pixel inside the border.
  Rgba at(int cell, int x, int y) const {
    const auto uv = atlas_.uv(cell);
    const auto left = static_cast<int>(std::lround(uv[0] * float(width_)));
    const auto top = static_cast<int>(std::lround(uv[1] * float(height_)));
    EXPECT_GE(left + x, 0);
    EXPECT_LT(left + x, width_);
    EXPECT_GE(top + y, 0);
    EXPECT_LT(top + y, height_);
    const auto pixel = static_cast<std::size_t>((top + y) * width_ + left + x) * 4;
    return {bytes_[pixel], bytes_[pixel + 1], bytes_[pixel + 2], bytes_[pixel + 3]};
  }

  void expect_cell_is(int cell, const Rgba &colour) const {
    for (int y = -1; y <= atlas_.cell_height(); ++y)
      for (int x = -1; x <= atlas_.cell_width(); ++x)
        ASSERT_EQ(at(cell, x, y), colour) << "cell " << cell << ", " << x << "," << y;
  }

  void expect_border_repeats_edge(int cell) const {
    const int w = atlas_.cell_width(), h = atlas_.cell_height();
    for (int y = -1; y <= h; ++y)
      for (int x = -1; x <= w; ++x)
        ASSERT_EQ(at(cell, x, y), at(cell, std::clamp(x, 0, w - 1), std::clamp(y, 0, h - 1))) << x << "," << y;
  }

private:
  const Atlas &atlas_;
  int width_ = 0, height_ = 0;
  std::vector<std::uint8_t> bytes_;
};

// The elements that an output pixel is the weighted sum of.
std::vector<std::pair<int, double>> taps(int pixel, int from, int to, bool nearest) {
  const double step = double(from) / to;
  if (from > to) {
    std::vector<std::pair<int, double>> covered;
    for (int i = 0; i < from; ++i) {
      const double part = std::min(i + 1.0, (pixel + 1) * step) - std::max(double(i), pixel * step);
      if (part > 1e-9)
        covered.emplace_back(i, part / step);
    }
    return covered;
  }
  if (nearest)
    return {{std::min(static_cast<int>(std::floor((pixel + 0.5) * step + 1e-9)), from - 1), 1.0}};
  const double at = std::clamp((pixel + 0.5) * step - 0.5, 0.0, from - 1.0);
  const int first = static_cast<int>(at), second = std::min(first + 1, from - 1);
  return {{first, 1 - (at - first)}, {second, at - first}};
}

struct Size {
  int width, height;
};

double resampled(const float *plane, Size source, Size cell, int x, int y, bool nearest) {
  double sum = 0;
  for (const auto &[row, weight_y] : taps(y, source.height, cell.height, nearest))
    for (const auto &[column, weight_x] : taps(x, source.width, cell.width, nearest))
      sum += weight_y * weight_x * plane[row * source.width + column];
  return sum;
}

// The levels 0..255 that a value may round to, float32 being as exact as it is.
std::pair<int, int> levels(double value) {
  const double level = std::clamp(value, 0.0, 1.0) * 255;
  return {static_cast<int>(std::lround(level - 1e-3)), static_cast<int>(std::lround(level + 1e-3))};
}

class AtlasTest : public ::testing::Test {
  void SetUp() override { before_ = vulkan::total_validation_messages(); }
  void TearDown() override { EXPECT_EQ(vulkan::total_validation_messages(), before_); }
  int before_ = 0;
};

TEST_F(AtlasTest, IsTransparentAtFirst) {
  const Atlas atlas(programs(), 5, 7, 3, "fresh");
  EXPECT_GE(atlas.cells(), 5);
  EXPECT_EQ(atlas.cell_width(), 7);
  EXPECT_EQ(atlas.cell_height(), 3);
  EXPECT_NE(atlas.view(), VkImageView{});
  EXPECT_NE(atlas.sampler(), VkSampler{});
  const Readback pixels(atlas);
  for (int cell = 0; cell < 5; ++cell)
    pixels.expect_cell_is(cell, transparent);
}

TEST_F(AtlasTest, CellsAreApart) {
  const Atlas atlas(programs(), 37, 9, 5, "apart");
  for (int a = 0; a < 37; ++a)
    for (int b = 0; b < a; ++b) {
      const auto one = atlas.uv(a), other = atlas.uv(b);
      EXPECT_TRUE(one[0] > other[2] || other[0] > one[2] || one[1] > other[3] || other[1] > one[3]) << a << " " << b;
    }
}

TEST_F(AtlasTest, ImageOfTheCellsSizeIsRounded) {
  constexpr int w = 19, h = 14, plane = w * h;
  std::vector<float> values = noise(3 * plane, -0.1F, 1.1F);
  for (int i = 0; i < 256; ++i)
    values[static_cast<std::size_t>(i)] = float(i) / 255.0F;
  values[300] = std::numeric_limits<float>::quiet_NaN();
  values[301] = std::numeric_limits<float>::infinity();
  values[302] = -std::numeric_limits<float>::infinity();
  const Buffer source = upload(values);
  Atlas atlas(programs(), 1, w, h, "exact");
  run([&](Recording &recording) { atlas.put_image(recording, 0, source.slice(), 0, h, w); });
  const Readback pixels(atlas);
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      const Rgba got = pixels.at(0, x, y);
      EXPECT_EQ(got[3], 255);
      for (int c = 0; c < 3; ++c) {
        const float v = values[static_cast<std::size_t>(c * plane + y * w + x)];
        EXPECT_EQ(got[static_cast<std::size_t>(c)], v > 0 ? std::lround(std::min(v, 1.0F) * 255.0F) : 0)
            << x << "," << y << " " << c;
      }
    }
  pixels.expect_border_repeats_edge(0);
}

// Planes as draw_planes() has them: grey, in the colours of three of six, and side by side.
TEST_F(AtlasTest, PlanesAreSeenAsInAPicture) {
  constexpr int w = 9, h = 7;
  struct Look {
    int planes;
    std::vector<int> rgb;
  };
  for (const Look &look : {Look{1, {}}, Look{6, {4, 2, 0}}, Look{6, {}}, Look{2, {}}, Look{5, {}}}) {
    SCOPED_TRACE(look.planes);
    const Array image{{look.planes, h, w}, noise(look.planes * w * h)};
    const PlaneView view = plane_view(look.planes, look.rgb);
    const ImageRgb8 expected = draw_planes(image, view);
    const Buffer source = upload(image.data);
    const convscope::Size cell = cell_size(view, {w, h}, 4096);
    Atlas atlas(programs(), 2, cell.width, cell.height, "planes");
    run([&](Recording &recording) { atlas.put_image(recording, 1, source.slice(), 0, h, w, view); });
    const Readback pixels(atlas);
    ASSERT_EQ(cell, (convscope::Size{expected.width, expected.height}));
    for (int y = 0; y < cell.height; ++y)
      for (int x = 0; x < cell.width; ++x) {
        const Rgba got = pixels.at(1, x, y);
        const int column = x / (w + plane_gap), row = y / (h + plane_gap);
        const bool between = !view.one_picture() && (x % (w + plane_gap) >= w || y % (h + plane_gap) >= h ||
                                                     row * view.columns + column >= look.planes);
        if (between) {
          EXPECT_EQ(got, transparent) << x << "," << y;
          continue;
        }
        for (int c = 0; c < 3; ++c)
          EXPECT_EQ(got[static_cast<std::size_t>(c)], expected.at(x, y)[c]) << x << "," << y << " " << c;
        EXPECT_EQ(got[3], 255);
      }
  }
  const convscope::Size large = cell_size(plane_view(100, {}), {128, 64}, 256);
  EXPECT_EQ(large.width, 256) << "very many planes are made smaller";
  EXPECT_EQ(cell_size(plane_view(3, {}), {500, 400}, 256), (convscope::Size{500, 400}));
}

// A source's size, a cell's size.
class Resampling : public AtlasTest, public ::testing::WithParamInterface<std::pair<Size, Size>> {};

TEST_P(Resampling, Image) {
  const auto [in, out] = GetParam();
  constexpr int skipped = 5; // the picture begins where no binding may
  const std::vector<float> values = noise(skipped + 3 * in.width * in.height);
  const Buffer source = upload(values);
  Atlas atlas(programs(), 6, out.width, out.height, "images");
  const int cell = 4;
  run([&, in = in](Recording &recording) {
    atlas.put_image(recording, cell, source.slice(2 * sizeof(float), source.bytes() - 2 * sizeof(float)), skipped - 2,
                    in.height, in.width);
  });
  const Readback pixels(atlas);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const Rgba got = pixels.at(cell, x, y);
      EXPECT_EQ(got[3], 255);
      for (int c = 0; c < 3; ++c) {
        const float *plane = values.data() + skipped + c * in.width * in.height;
        const auto [low, high] = levels(resampled(plane, in, out, x, y, false));
        ASSERT_THAT(got[static_cast<std::size_t>(c)], ::testing::AllOf(::testing::Ge(low), ::testing::Le(high)))
            << x << "," << y << " " << c;
      }
    }
  pixels.expect_border_repeats_edge(cell);
  for (int other = 0; other < 6; ++other)
    if (other != cell)
      pixels.expect_cell_is(other, transparent);
}

TEST_P(Resampling, Map) {
  const auto [in, out] = GetParam();
  constexpr int skipped = 3, cells = 20, cell = 18;
  const std::vector<float> values = noise(skipped + in.width * in.height, -1.5F, 6.25F);
  const Buffer source = upload(values), maxima = upload(std::vector<float>(cells, -7.0F));
  Atlas atlas(programs(), cells, out.width, out.height, "maps");
  run([&, in = in](Recording &recording) {
    atlas.put_map(recording, cell, source.slice(), skipped, in.height, in.width, maxima.slice());
  });

  std::vector<float> expected(cells, -7.0F);
  const float maximum = expected[cell] = *std::max_element(values.begin() + skipped, values.end());
  EXPECT_EQ(download(maxima), expected);

  const Readback pixels(atlas);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const auto [low, high] =
          levels(maximum > 0 ? resampled(values.data() + skipped, in, out, x, y, true) / maximum : 0);
      const Rgba got = pixels.at(cell, x, y);
      const auto is = [&](int level) {
        const Rgb &rgb = magma_table()[static_cast<std::size_t>(level)];
        return got == Rgba{rgb[0], rgb[1], rgb[2], 255};
      };
      ASSERT_TRUE(is(low) || is(high)) << x << "," << y;
    }
  pixels.expect_border_repeats_edge(cell);
  for (int other = 0; other < cells; ++other)
    if (other != cell)
      pixels.expect_cell_is(other, transparent);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Resampling,
                         ::testing::Values(std::pair{Size{16, 16}, Size{16, 16}}, // as it is
                                           std::pair{Size{32, 48}, Size{16, 16}}, // whole boxes
                                           std::pair{Size{37, 23}, Size{10, 9}},  // parts of boxes
                                           std::pair{Size{7, 5}, Size{28, 15}},   // whole steps
                                           std::pair{Size{7, 5}, Size{24, 17}},   // parts of steps
                                           std::pair{Size{40, 3}, Size{12, 20}},  // reduced across, enlarged down
                                           std::pair{Size{1, 1}, Size{6, 4}}, std::pair{Size{9, 11}, Size{1, 1}},
                                           std::pair{Size{224, 224}, Size{96, 96}}));

TEST_F(AtlasTest, MapsWithoutPositiveValuesAreDark) {
  constexpr int plane = 12;
  std::vector<float> values(3 * plane, 0.0F);
  for (int i = 0; i < plane; ++i) {
    values[static_cast<std::size_t>(plane + i)] = -1.0F - float(i);
    values[static_cast<std::size_t>(2 * plane + i)] = std::numeric_limits<float>::quiet_NaN();
  }
  values[2 * plane + 5] = 2.0F;
  const Buffer source = upload(values), maxima = upload(std::vector<float>(3, 9.0F));
  Atlas atlas(programs(), 3, 4, 3, "dark");
  run([&](Recording &recording) {
    for (int cell = 0; cell < 3; ++cell)
      atlas.put_map(recording, cell, source.slice(), cell * plane, 3, 4, maxima.slice());
  });
  EXPECT_EQ(download(maxima), (std::vector<float>{0.0F, -1.0F, 2.0F})); // a NaN is no maximum
  const Readback pixels(atlas);
  const auto colour = [](double value) {
    const Rgb rgb = magma(value);
    return Rgba{rgb[0], rgb[1], rgb[2], 255};
  };
  pixels.expect_cell_is(0, colour(0));
  pixels.expect_cell_is(1, colour(0));
  EXPECT_EQ(pixels.at(2, 0, 0), colour(0));
  EXPECT_EQ(pixels.at(2, 1, 1), colour(1));
}

TEST_F(AtlasTest, AVeilIsAsOpaqueAsTheMapIsHigh) {
  const std::vector<float> values = {0, 1, 2, 4, -3, 4};
  const Buffer source = upload(values), maxima = upload({9.0F});
  Atlas atlas(programs(), 1, 3, 2, "veil");
  run([&](Recording &recording) {
    atlas.put_map(recording, 0, source.slice(), 0, 2, 3, maxima.slice(), MapLook::veil);
  });
  const Readback pixels(atlas);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto level = static_cast<std::size_t>(std::max(values[i], 0.0F) / 4 * 255 + 0.5F);
    const Rgb &rgb = magma_table()[level];
    EXPECT_EQ(pixels.at(0, static_cast<int>(i % 3), static_cast<int>(i / 3)),
              (Rgba{rgb[0], rgb[1], rgb[2], static_cast<int>(level)}))
        << values[i];
  }
}

TEST_F(AtlasTest, ManyPutsInOneRecording) {
  constexpr int cells = 300, plane = 36;
  std::vector<float> values = noise(cells * plane + 3 * plane);
  const Buffer source = upload(values), maxima = upload(std::vector<float>(cells, 0.0F));
  Atlas atlas(programs(), cells, 6, 6, "many");
  run([&](Recording &recording) {
    for (int cell = 0; cell < cells; ++cell)
      atlas.put_map(recording, cell, source.slice(), cell * plane, 6, 6, maxima.slice());
  });
  const std::vector<float> got = download(maxima);
  const Readback pixels(atlas);
  for (int cell = 0; cell < cells; ++cell) {
    const auto first = values.begin() + cell * plane;
    const auto brightest = std::max_element(first, first + plane);
    EXPECT_EQ(got[static_cast<std::size_t>(cell)], *brightest);
    const int at = static_cast<int>(brightest - first);
    const Rgb &top = magma_table()[255];
    EXPECT_EQ(pixels.at(cell, at % 6, at / 6), (Rgba{top[0], top[1], top[2], 255})) << cell;
  }
}

TEST_F(AtlasTest, CellsAreReplaced) {
  constexpr int plane = 20;
  std::vector<float> values(6 * plane, 0.2F);
  std::fill(values.begin() + 3 * plane, values.end(), 0.6F);
  const Buffer source = upload(values), maxima = upload({0, 0, 0, 0});
  const Rgba light{153, 153, 153, 255}, dim{51, 51, 51, 255};
  Atlas first(programs(), 4, 5, 4, "replaced");
  Atlas atlas = std::move(first);
  run([&](Recording &recording) { // the last one stays
    for (int round = 0; round < 3; ++round) {
      atlas.put_map(recording, 1, source.slice(), 0, 4, 5, maxima.slice());
      atlas.put_image(recording, 1, source.slice(), 0, 4, 5);
      atlas.put_image(recording, 1, source.slice(), 3 * plane, 4, 5);
    }
    atlas.put_image(recording, 0, source.slice(), 0, 4, 5);
    atlas.put_image(recording, 3, source.slice(), 0, 4, 5);
  });
  const Readback pixels(atlas);
  pixels.expect_cell_is(0, dim);
  pixels.expect_cell_is(1, light);
  pixels.expect_cell_is(2, transparent);
  pixels.expect_cell_is(3, dim);
}

TEST_F(AtlasTest, KeepsAccountOfItsMemory) {
  const auto before = device().memory_used();
  {
    const Atlas atlas(programs(), 10, 30, 30, "counted");
    EXPECT_GE(device().memory_used(), before + 2 * 10 * 32 * 32 * 4);
  }
  EXPECT_EQ(device().memory_used(), before);
}

TEST_F(AtlasTest, SaysHowManyFit) {
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(device().physical(), &properties);
  const int side = static_cast<int>(properties.limits.maxImageDimension2D);
  const auto refusal = [](int cells, int width, int height) -> std::string {
    try {
      const Atlas atlas(programs(), cells, width, height, "the wall");
    } catch (const UserError &error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(refusal(5, side / 2 - 2, side / 2 - 2), ::testing::HasSubstr(": 4 fit"));
  EXPECT_THAT(refusal(1, side - 1, 1), ::testing::HasSubstr(": 0 fit"));
  EXPECT_EQ(refusal(1, side - 2, 1), "none");
  EXPECT_EQ(refusal(side / 3, 1, side / 2), "none"); // one row alone would do, or two
  EXPECT_THROW(Atlas(programs(), 0, 4, 4, "empty"), std::logic_error);
}

TEST_F(AtlasTest, RefusesWhatIsOutside) {
  const Buffer source = upload(noise(48)), maxima = upload({0, 0});
  Atlas atlas(programs(), 4, 4, 4, "strict");
  EXPECT_THROW(atlas.uv(-1), std::logic_error);
  run([&](Recording &recording) {
    EXPECT_THROW(atlas.put_image(recording, atlas.cells(), source.slice(), 0, 4, 4), std::logic_error);
    EXPECT_THROW(atlas.put_image(recording, 0, source.slice(), 1, 4, 4), std::logic_error);
    EXPECT_THROW(atlas.put_image(recording, 0, source.slice(), 0, -4, -4), std::logic_error);
    EXPECT_THROW(atlas.put_map(recording, 0, source.slice(), -1, 4, 4, maxima.slice()), std::logic_error);
    EXPECT_THROW(atlas.put_map(recording, 2, source.slice(), 0, 4, 4, maxima.slice()), std::logic_error);
    atlas.put_image(recording, 0, source.slice(), 0, 4, 4);
  });
}

} // namespace
} // namespace convscope::viewer
