#include "io/jpeg.h"

#include "unit/jpeg_writer.h"
#include "unit/scratch.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

namespace convscope {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

// Of a picture that there is nothing to be said against.
ImageRgb8 sound(const Bytes &jpeg) {
  std::string warning;
  ImageRgb8 image = decode_jpeg(jpeg, "a.jpg", warning);
  EXPECT_EQ(warning, "");
  return image;
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

TEST(Jpeg, ColoursAndPlace) {
  for (const auto &[across, down] : {std::pair(1, 1), {2, 1}, {2, 2}, {1, 2}})
    for (const bool progressive : {false, true}) {
      const ImageRgb8 image =
          sound(make_jpeg(37, 50, quarters(37, 50), {JCS_RGB, 3, across, down, progressive, progressive ? 0U : 2U}));
      EXPECT_EQ(image.width, 37);
      EXPECT_EQ(image.height, 50);
      EXPECT_EQ(corners(image), "rgbg");
      EXPECT_NEAR(image.at(3, 3)[0], 254, 3);
    }
}

TEST(Jpeg, ByContentNotByName) {
  const Scratch scratch;
  const auto path = scratch.put("photo.png", make_jpeg(32, 32, quarters(32, 32)));
  EXPECT_EQ(corners(read_image(path)), "rgbg");
}

TEST(Jpeg, Grey) {
  const ImageRgb8 image = sound(make_jpeg(16, 8, Bytes(128, 77), {JCS_GRAYSCALE, 1}));
  EXPECT_EQ(image.pixels, Bytes(16 * 8 * 3, 77));
}

TEST(Jpeg, Cmyk) {
  Bytes inks;
  for (int i = 0; i < 256; ++i)
    for (const int v : {200, 100, 50, 240})
      inks.push_back(static_cast<std::uint8_t>(v));
  // libjpeg marks its CMYK as Adobe's, where 255 is no ink.
  const ImageRgb8 image = sound(make_jpeg(16, 16, inks, {JCS_CMYK, 4}));
  EXPECT_NEAR(image.at(8, 8)[0], 200 * 240 / 255, 4);
  EXPECT_NEAR(image.at(8, 8)[1], 100 * 240 / 255, 4);
  EXPECT_NEAR(image.at(8, 8)[2], 50 * 240 / 255, 4);
}

TEST(Jpeg, ExifOrientation) {
  const Bytes stored = make_jpeg(40, 24, quarters(40, 24));
  // Corners as seen: top left, top right, bottom left, bottom right.
  const std::array<std::string, 8> seen = {"rgbg", "grgb", "gbgr", "bgrg", "rbgg", "brgg", "ggbr", "ggrb"};
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool little : {false, true}) {
      const Bytes jpeg = with_segment(stored, 0xe1, exif(static_cast<std::uint8_t>(orientation), little));
      EXPECT_EQ(exif_orientation(jpeg), orientation);
      const ImageRgb8 image = sound(jpeg);
      EXPECT_EQ(image.width, orientation < 5 ? 40 : 24);
      EXPECT_EQ(corners(image), seen[static_cast<std::size_t>(orientation - 1)]) << orientation;
    }
}

TEST(Jpeg, DamagedExifIsIgnored) {
  const Bytes stored = make_jpeg(40, 24, quarters(40, 24));
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

// How many of the first pixels are as in the whole picture, give or take what a neighbour's chroma does.
double share_alike(const ImageRgb8 &image, const ImageRgb8 &whole) {
  std::size_t alike = 0;
  for (std::size_t i = 0; i < whole.pixels.size(); ++i)
    alike += std::abs(image.pixels.at(i) - whole.pixels[i]) < 24 ? 1 : 0;
  return static_cast<double>(alike) / static_cast<double>(whole.pixels.size());
}

// Smooth, and nowhere alike.
Bytes slopes(int width, int height) {
  Bytes pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (const int c : {x * 255 / width, y * 255 / height, (x + y) * 7 % 64 + 64})
        pixels.push_back(static_cast<std::uint8_t>(c));
  return pixels;
}

// What cameras and old downloads leave: bytes before the end marker, none at all, a restart marker that is missing.
TEST(Jpeg, WhatLibjpegOnlyWarnsOfIsRead) {
  for (const bool progressive : {false, true}) {
    const Bytes whole = make_jpeg(120, 80, slopes(120, 80), {JCS_RGB, 3, 2, 2, progressive});
    const ImageRgb8 right = sound(whole);
    std::string warning;
    Bytes stray = whole;
    stray.insert(stray.end() - 2, 14, 0);
    EXPECT_EQ(decode_jpeg(stray, "a.jpg", warning).pixels, right.pixels);
    EXPECT_THAT(warning, HasSubstr("extraneous bytes before marker 0xd9"));
    EXPECT_EQ(decode_jpeg({whole.data(), whole.size() - 2}, "a.jpg", warning).pixels, right.pixels);
    EXPECT_THAT(warning, HasSubstr("Premature end"));
  }
  Bytes marked = make_jpeg(120, 80, slopes(120, 80), {JCS_RGB, 3, 2, 2, false, 1});
  const ImageRgb8 right = sound(marked);
  const std::array<std::uint8_t, 2> third = {0xff, 0xd3};
  const auto marker = std::search(marked.begin(), marked.end(), third.begin(), third.end());
  ASSERT_NE(marker, marked.end());
  marked.erase(marker, marker + 2);
  const Scratch scratch;
  std::string warning;
  const ImageRgb8 image = read_image(scratch.put("marker.jpg", marked), &warning);
  EXPECT_GT(share_alike(image, right), 0.9);
  EXPECT_THAT(warning, HasSubstr("marker.jpg: is read, though libjpeg warns: "));
}

// Up to a half may be lost, and is told.
TEST(Jpeg, TruncatedAnywhere) {
  const Scratch scratch;
  for (const JpegEncoding &encoding :
       {JpegEncoding{}, JpegEncoding{JCS_RGB, 3, 2, 2, true}, JpegEncoding{JCS_RGB, 3, 2, 2, false, 3}}) {
    const Bytes whole = make_jpeg(160, 120, slopes(160, 120), encoding);
    const ImageRgb8 right = sound(whole);
    int refused = 0, read = 0;
    for (std::size_t size = 0; size < whole.size(); size += size < 100 || size + 100 > whole.size() ? 1 : 97) {
      const auto path = scratch.put("cut.jpg", std::span(whole).first(size));
      std::string warning;
      try {
        const ImageRgb8 image = read_image(path, &warning);
        EXPECT_THAT(warning, HasSubstr("cut.jpg: ")) << size << " of " << whole.size();
        EXPECT_GT(share_alike(image, right), 0.5) << size << " of " << whole.size();
        EXPECT_GT(size * 10, whole.size() * 3);
        ++read;
      } catch (const UserError &error) {
        EXPECT_THAT(error.what(), HasSubstr("cut.jpg: "));
        EXPECT_LT(size * 10, whole.size() * 8);
        ++refused;
      }
    }
    EXPECT_GT(refused, 100);
    EXPECT_GT(read, 100);
  }
}

TEST(Jpeg, DamagedAnywhere) {
  const Bytes whole = make_jpeg(64, 48, quarters(64, 48), {JCS_RGB, 3, 2, 2});
  int refused = 0, warned = 0;
  for (std::size_t i = 2; i < whole.size(); ++i)
    for (const int flip : {0x01, 0xff}) {
      Bytes bytes = whole;
      bytes[i] ^= static_cast<std::uint8_t>(flip);
      std::string warning;
      try {
        decode_jpeg(bytes, "damaged.jpg", warning);
        warned += warning.empty() ? 0 : 1;
      } catch (const UserError &) {
        ++refused;
      }
    }
  EXPECT_GT(refused, 20);
  EXPECT_GT(warned, 5);
}

// A small file with thousands of scans would take hours.
TEST(Jpeg, ManyScans) {
  const Bytes once = make_jpeg(16, 16, quarters(16, 16), {JCS_RGB, 3, 1, 1, true});
  const std::array<std::uint8_t, 2> scan = {0xff, 0xda}, tables = {0xff, 0xc4};
  const auto last = std::find_end(once.begin(), once.end(), scan.begin(), scan.end());
  const auto from = std::find_end(once.begin(), last, tables.begin(), tables.end());
  Bytes many(once.begin(), once.end() - 2);
  for (int i = 0; i < 600; ++i)
    many.insert(many.end(), std::min(from, last), once.end() - 2);
  std::string warning;
  EXPECT_THAT(complaint([&] { decode_jpeg(many, "a.jpg", warning); }), HasSubstr("more than 500 scans"));
}

} // namespace
} // namespace convscope
