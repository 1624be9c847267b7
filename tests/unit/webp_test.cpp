#include "io/webp.h"

#include "unit/scratch.h"

#include <gmock/gmock.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstdlib>

namespace convscope {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

Bytes taken(std::uint8_t *data, std::size_t size) {
  EXPECT_GT(size, 0U);
  Bytes bytes(data, data + size);
  WebPFree(data);
  return bytes;
}

// Red at the left, green at the right; the lower half is blue at the left. `alpha` of the right half, where not
// negative.
Bytes quarters(int width, int height, int alpha = -1) {
  Bytes pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const bool right = x >= width / 2, low = y >= height / 2;
      for (const int c : {!right && !low ? 255 : 0, right ? 255 : 0, !right && low ? 255 : 0})
        pixels.push_back(static_cast<std::uint8_t>(c));
      if (alpha >= 0)
        pixels.push_back(static_cast<std::uint8_t>(right ? alpha : 255));
    }
  return pixels;
}

Bytes lossy(int width, int height, const Bytes &rgb) {
  std::uint8_t *data = nullptr;
  const std::size_t size = WebPEncodeRGB(rgb.data(), width, height, width * 3, 95, &data);
  return taken(data, size);
}

Bytes lossless(int width, int height, const Bytes &rgb) {
  std::uint8_t *data = nullptr;
  const std::size_t size = WebPEncodeLosslessRGB(rgb.data(), width, height, width * 3, &data);
  return taken(data, size);
}

Bytes transparent(int width, int height, const Bytes &rgba, bool exact) {
  std::uint8_t *data = nullptr;
  const std::size_t size = exact ? WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &data)
                                 : WebPEncodeRGBA(rgba.data(), width, height, width * 4, 95, &data);
  return taken(data, size);
}

void put_number(Bytes &bytes, std::size_t value, int size) {
  for (int i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i & 255));
}

Bytes chunk(const std::string &name, const Bytes &payload) {
  Bytes bytes(name.begin(), name.end());
  put_number(bytes, payload.size(), 4);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize(bytes.size() + payload.size() % 2);
  return bytes;
}

Bytes riff(const std::vector<Bytes> &chunks) {
  Bytes all = {'W', 'E', 'B', 'P'};
  for (const Bytes &each : chunks)
    all.insert(all.end(), each.begin(), each.end());
  return chunk("RIFF", all);
}

Bytes extended(int flags, int width, int height) {
  Bytes payload;
  put_number(payload, static_cast<std::size_t>(flags), 4);
  put_number(payload, static_cast<std::size_t>(width) - 1, 3);
  put_number(payload, static_cast<std::size_t>(height) - 1, 3);
  return chunk("VP8X", payload);
}

// The picture's own chunk of a simple file.
Bytes inner(const Bytes &webp) { return {webp.begin() + 12, webp.end()}; }

Bytes frame(const Bytes &webp, int x, int y, int width, int height) {
  Bytes payload;
  for (const int value : {x / 2, y / 2, width - 1, height - 1, 100})
    put_number(payload, static_cast<std::size_t>(value), 3);
  payload.push_back(0);
  const Bytes picture = inner(webp);
  payload.insert(payload.end(), picture.begin(), picture.end());
  return chunk("ANMF", payload);
}

ImageRgb8 sound(const Bytes &webp) {
  std::string warning;
  ImageRgb8 image = decode_webp(webp, "a.webp", warning);
  EXPECT_EQ(warning, "");
  return image;
}

TEST(WebP, LosslessIsExact) {
  const Bytes pixels = quarters(37, 50);
  const Scratch scratch;
  const ImageRgb8 image = read_image(scratch.put("photo.png", lossless(37, 50, pixels))); // by content, not by name
  EXPECT_EQ(image.width, 37);
  EXPECT_EQ(image.height, 50);
  EXPECT_EQ(image.pixels, pixels);
}

TEST(WebP, Lossy) {
  const ImageRgb8 image = sound(lossy(38, 50, quarters(38, 50)));
  EXPECT_EQ(image.height, 50);
  EXPECT_NEAR(image.at(3, 3)[0], 254, 6);
  EXPECT_NEAR(image.at(34, 3)[1], 254, 6);
  EXPECT_NEAR(image.at(3, 46)[2], 254, 6);
}

TEST(WebP, AlphaIsLaidOverWhite) {
  for (const bool exact : {true, false}) {
    const ImageRgb8 image = sound(transparent(40, 24, quarters(40, 24, 51), exact));
    EXPECT_NEAR(image.at(3, 3)[0], 255, 6);
    EXPECT_NEAR(image.at(3, 3)[1], 0, 6);
    EXPECT_NEAR(image.at(36, 3)[0], 204, 6); // a fifth of green, four of white
    EXPECT_NEAR(image.at(36, 3)[1], 255, 6);
    EXPECT_NEAR(image.at(36, 3)[2], 204, 6);
  }
}

TEST(WebP, ExifOrientation) {
  const Bytes stored = inner(lossless(40, 24, quarters(40, 24)));
  const Bytes tiff = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
  Bytes prefixed = {'E', 'x', 'i', 'f', 0, 0};
  for (const std::uint8_t byte : tiff)
    prefixed.push_back(byte);
  for (const Bytes &exif : {tiff, prefixed}) {
    const ImageRgb8 image = sound(riff({extended(8, 40, 24), stored, chunk("EXIF", exif)}));
    EXPECT_EQ(image.width, 24); // turned to the right: the lower left corner comes up
    EXPECT_EQ(image.height, 40);
    EXPECT_EQ(image.at(2, 2)[2], 255);
    EXPECT_EQ(image.at(21, 2)[0], 255);
  }
  for (const Bytes &exif : {Bytes{}, Bytes{'I', 'I'}, Bytes(30, 255)})
    EXPECT_EQ(sound(riff({extended(8, 40, 24), stored, chunk("EXIF", exif)})).width, 40);
}

TEST(WebP, FirstFrameOfAnAnimation) {
  const Bytes first = lossless(20, 12, Bytes(20 * 12 * 3, 10)), second = lossless(40, 24, Bytes(40 * 24 * 3, 200));
  const Bytes setting(6, 0);
  const Bytes moving =
      riff({extended(2, 40, 24), chunk("ANIM", setting), frame(first, 4, 2, 20, 12), frame(second, 0, 0, 40, 24)});
  std::string warning;
  const ImageRgb8 image = decode_webp(moving, "a.webp", warning);
  EXPECT_THAT(warning, HasSubstr("2 frames, of which this is the first"));
  EXPECT_EQ(image.width, 40);
  EXPECT_EQ(image.at(10, 6)[0], 10);
  EXPECT_EQ(image.at(1, 1)[0], 255); // where no frame lies
  const Bytes still = riff({extended(2, 40, 24), chunk("ANIM", setting), frame(second, 0, 0, 40, 24)});
  EXPECT_EQ(sound(still).at(1, 1)[0], 200);
}

TEST(WebP, TruncatedAnywhere) {
  const Scratch scratch;
  const Bytes moving =
      riff({extended(2, 40, 24), chunk("ANIM", Bytes(6, 0)), frame(lossless(40, 24, quarters(40, 24)), 0, 0, 40, 24)});
  for (const Bytes &whole : {lossy(160, 120, quarters(160, 120)), lossless(160, 120, quarters(160, 120)),
                             transparent(40, 24, quarters(40, 24, 99), false), moving}) {
    ASSERT_NO_THROW(read_image(scratch.put("whole.webp", whole)));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto path = scratch.put("cut.webp", std::span(whole).first(size));
      EXPECT_THAT(complaint([&] { read_image(path); }), HasSubstr("cut.webp: ")) << size << " of " << whole.size();
    }
  }
}

TEST(WebP, DamagedAnywhere) {
  int refused = 0;
  for (const Bytes &whole : {lossy(64, 48, quarters(64, 48)), lossless(64, 48, quarters(64, 48))})
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int flip : {0x01, 0xff}) {
        Bytes bytes = whole;
        bytes[i] ^= static_cast<std::uint8_t>(flip);
        std::string warning;
        try {
          decode_webp(bytes, "damaged.webp", warning);
        } catch (const UserError &error) {
          EXPECT_THAT(error.what(), HasSubstr("damaged.webp: "));
          ++refused;
        }
      }
  EXPECT_GT(refused, 20);
}

TEST(WebP, Limits) {
  const Bytes picture = inner(lossless(8, 8, quarters(8, 8)));
  EXPECT_THAT(complaint([&] { sound(riff({extended(2, 1 << 24, 1 << 24), picture})); }), HasSubstr("a.webp: is "));
  EXPECT_THAT(complaint([&] {
                sound(riff({extended(2, 17000, 8), chunk("ANIM", Bytes(6, 0)),
                            frame(lossless(8, 8, quarters(8, 8)), 0, 0, 8, 8)}));
              }),
              HasSubstr("too large: 17000x8"));
}

} // namespace
} // namespace convscope
