#include "io/jpeg.h"

#include "unit/scratch.h"

#include <gmock/gmock.h>
#include <turbojpeg.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace convscope {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

Bytes make_jpeg(int width, int height, int pixel_format, const Bytes &pixels, int subsampling, int flags = 0) {
  const std::unique_ptr<void, int (*)(void *)> handle(tjInitCompress(), tjDestroy);
  unsigned char *data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle.get(), pixels.data(), width, 0, height, pixel_format, &data, &size, subsampling, 95,
                        flags | TJFLAG_ACCURATEDCT),
            0);
  Bytes bytes(data, data + size);
  tjFree(data);
  return bytes;
}

// Red at the left, green at the right; the lower half is blue at the left.
Bytes quarters(int width, int height) {
  Bytes pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const bool right = x >= width / 2, low = y >= height / 2;
      for (const int c : {!right && !low ? 255 : 0, right ? 255 : 0, !right && low ? 255 : 0})
        pixels.push_back(static_cast<std::uint8_t>(c));
    }
  return pixels;
}

// 'r', 'g', 'b' for the strongest channel.
char colour(const ImageRgb8 &image, int x, int y) {
  const std::uint8_t *p = image.at(x, y);
  return p[0] > p[1] && p[0] > p[2] ? 'r' : p[1] > p[2] ? 'g' : 'b';
}

std::string corners(const ImageRgb8 &image) {
  const int x = image.width - 3, y = image.height - 3;
  return {colour(image, 2, 2), colour(image, x, 2), colour(image, 2, y), colour(image, x, y)};
}

Bytes with_segment(const Bytes &jpeg, std::uint8_t marker, const Bytes &payload) {
  Bytes out(jpeg.begin(), jpeg.begin() + 2);
  const std::size_t length = payload.size() + 2;
  for (const std::size_t b : {std::size_t{0xff}, std::size_t{marker}, length >> 8, length & 255})
    out.push_back(static_cast<std::uint8_t>(b));
  out.insert(out.end(), payload.begin(), payload.end());
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

Bytes exif(std::uint8_t orientation, bool little) {
  if (little)
    return {'E', 'x', 'i',  'f', 0, 0, 'I', 'I', 42, 0, 8,           0, 0, 0,
            1,   0,   0x12, 1,   3, 0, 1,   0,   0,  0, orientation, 0, 0, 0};
  return {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0};
}

TEST(Jpeg, ColoursAndPlace) {
  for (const int subsampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440}) {
    const ImageRgb8 image = decode_jpeg(make_jpeg(37, 50, TJPF_RGB, quarters(37, 50), subsampling), "a.jpg");
    EXPECT_EQ(image.width, 37);
    EXPECT_EQ(image.height, 50);
    EXPECT_EQ(corners(image), "rgbg");
    EXPECT_NEAR(image.at(3, 3)[0], 254, 3);
  }
}

TEST(Jpeg, ByContentNotByName) {
  const Scratch scratch;
  const auto path = scratch.put("photo.png", make_jpeg(32, 32, TJPF_RGB, quarters(32, 32), TJSAMP_420));
  EXPECT_EQ(corners(read_image(path)), "rgbg");
}

TEST(Jpeg, Grey) {
  const ImageRgb8 image = decode_jpeg(make_jpeg(16, 8, TJPF_GRAY, Bytes(128, 77), TJSAMP_GRAY), "a.jpg");
  EXPECT_EQ(image.pixels, Bytes(16 * 8 * 3, 77));
}

TEST(Jpeg, Cmyk) {
  Bytes inks;
  for (int i = 0; i < 256; ++i)
    for (const int v : {200, 100, 50, 240})
      inks.push_back(static_cast<std::uint8_t>(v));
  // TurboJPEG marks its CMYK as Adobe's, where 255 is no ink.
  const Bytes jpeg = make_jpeg(16, 16, TJPF_CMYK, inks, TJSAMP_444);
  const ImageRgb8 image = decode_jpeg(jpeg, "a.jpg");
  EXPECT_NEAR(image.at(8, 8)[0], 200 * 240 / 255, 4);
  EXPECT_NEAR(image.at(8, 8)[1], 100 * 240 / 255, 4);
  EXPECT_NEAR(image.at(8, 8)[2], 50 * 240 / 255, 4);
}

TEST(Jpeg, ExifOrientation) {
  const Bytes stored = make_jpeg(40, 24, TJPF_RGB, quarters(40, 24), TJSAMP_444);
  // Corners as seen: top left, top right, bottom left, bottom right.
  const std::array<std::string, 8> seen = {"rgbg", "grgb", "gbgr", "bgrg", "rbgg", "brgg", "ggbr", "ggrb"};
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool little : {false, true}) {
      const Bytes jpeg = with_segment(stored, 0xe1, exif(static_cast<std::uint8_t>(orientation), little));
      EXPECT_EQ(exif_orientation(jpeg), orientation);
      const ImageRgb8 image = decode_jpeg(jpeg, "a.jpg");
      EXPECT_EQ(image.width, orientation < 5 ? 40 : 24);
      EXPECT_EQ(corners(image), seen[static_cast<std::size_t>(orientation - 1)]) << orientation;
    }
}

TEST(Jpeg, DamagedExifIsIgnored) {
  const Bytes stored = make_jpeg(40, 24, TJPF_RGB, quarters(40, 24), TJSAMP_444);
  EXPECT_EQ(exif_orientation(stored), 1);
  EXPECT_EQ(exif_orientation(with_segment(stored, 0xe1, exif(9, true))), 1);
  const Bytes whole = exif(6, true);
  for (std::size_t size = 0; size < whole.size() - 3; ++size)
    exif_orientation(
        with_segment(stored, 0xe1, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
  Bytes far_directory = whole;
  for (std::size_t i = 10; i < 14; ++i)
    far_directory[i] = 0xff;
  EXPECT_EQ(exif_orientation(with_segment(stored, 0xe1, far_directory)), 1);
}

TEST(Jpeg, TruncatedAnywhere) {
  const Scratch scratch;
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    const Bytes whole = make_jpeg(160, 120, TJPF_RGB, quarters(160, 120), TJSAMP_420, flags);
    for (std::size_t size = 0; size < whole.size(); size += size < 100 || size + 100 > whole.size() ? 1 : 97) {
      const auto path = scratch.put("cut.jpg", std::span(whole).first(size));
      EXPECT_THAT(complaint([&] { read_image(path); }), HasSubstr("cut.jpg: ")) << size << " of " << whole.size();
    }
  }
}

TEST(Jpeg, DamagedAnywhere) {
  const Bytes whole = make_jpeg(64, 48, TJPF_RGB, quarters(64, 48), TJSAMP_420);
  int refused = 0;
  for (std::size_t i = 2; i < whole.size(); ++i)
    for (const int flip : {0x01, 0xff}) {
      Bytes bytes = whole;
      bytes[i] ^= static_cast<std::uint8_t>(flip);
      try {
        decode_jpeg(bytes, "damaged.jpg");
      } catch (const UserError &) {
        ++refused;
      }
    }
  EXPECT_GT(refused, 20);
}

} // namespace
} // namespace convscope
