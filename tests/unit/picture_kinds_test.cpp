#include "io/picture_kinds.h"

#include "io/image.h"
#include "unit/scratch.h"

#include <gmock/gmock.h>

namespace convscope {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

std::string kind(const std::string &bytes, const std::string &name = "cat.img") {
  return other_kind(std::span(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()), name);
}

TEST(PictureKinds, NamedForWhatTheyAre) {
  EXPECT_EQ(kind("GIF89a....", "cat.gif"), "is a GIF; convert it to PNG or JPEG, e.g. `magick 'cat.gif[0]' cat.png`");
  EXPECT_EQ(kind("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"s, "a b.bmp"),
            "is a BMP; convert it to PNG or JPEG, e.g. `magick 'a b.bmp' 'a b.png'`");
  for (const std::string &tiff : {"II*\0...."s, "MM\0*...."s, "II+\0...."s})
    EXPECT_THAT(kind(tiff), HasSubstr("TIFF; convert it to PNG or JPEG"));
  EXPECT_THAT(kind("\0\0\0\x1c"
                   "ftypavif\0\0\0\0"s),
              HasSubstr("is an AVIF; convert"));
  for (const char *brand : {"heic", "heix", "hevc"})
    EXPECT_THAT(kind("\0\0\0\x1c"
                     "ftyp"s +
                     brand + "...."),
                HasSubstr("is a HEIC; convert"));
  EXPECT_THAT(kind("\0\0\0\x1c"
                   "ftypmif1...."s),
              HasSubstr("is a HEIF; convert"));
  EXPECT_THAT(kind("\0\0\0\x1c"
                   "ftypisom...."s),
              HasSubstr("is a video"));
  EXPECT_EQ(kind("%PDF-1.7", "scan.of.pdf"),
            "is a PDF; convert it to PNG or JPEG, e.g. `pdftoppm -png -singlefile scan.of.pdf scan.of`");
  EXPECT_THAT(kind("8BPS\0\1"s), HasSubstr("Photoshop"));
  EXPECT_THAT(kind("\0\0\0\x0cjP  \r\n\x87\n"s), HasSubstr("JPEG 2000"));
  EXPECT_THAT(kind("\xff\x4f\xff\x51\0"s), HasSubstr("JPEG 2000"));
  EXPECT_THAT(kind("\0\0\0\x0cJXL \r\n\x87\n"s), HasSubstr("JPEG XL"));
  EXPECT_THAT(kind("\xff\x0a..."), HasSubstr("JPEG XL"));
  EXPECT_THAT(kind("\0\0\1\0\1\0"s), HasSubstr("ICO"));
  EXPECT_THAT(kind("P6\n3 2\n255\n"), HasSubstr("Netpbm"));
}

TEST(PictureKinds, TextsThatAreNoPictures) {
  EXPECT_THAT(kind("<svg xmlns='http://www.w3.org/2000/svg'>", "a.svg"), HasSubstr("`rsvg-convert -o a.png a.svg`"));
  EXPECT_THAT(kind("\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg>"),
              HasSubstr("is an SVG drawing"));
  EXPECT_THAT(kind("\n\n <!DOCTYPE html>\n<html>"), HasSubstr("is an HTML page"));
  EXPECT_THAT(kind("<HTML><HEAD>"), HasSubstr("is an HTML page"));
  EXPECT_THAT(kind("<!-- saved from url --><html>"), HasSubstr("is an HTML page"));
  EXPECT_THAT(kind("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
              HasSubstr("is a Git LFS pointer"));
}

TEST(PictureKinds, OthersHaveNoName) {
  for (const std::string &bytes :
       {""s, "B"s, "BMW is a car, and this is a text"s, "ftyp"s, "hello"s, "\x89PNG\r\n\x1a\n"s, "\xff\xd8\xff\xe0"s,
        "RIFF....WEBPVP8 "s, "<?xml version='1.0'"s, "<!-- no end"s})
    EXPECT_EQ(kind(bytes), "");
}

// A file is what its content is, whatever its name says.
TEST(PictureKinds, ReadingSaysSo) {
  const Scratch scratch;
  const auto says = [&](const std::string &bytes) {
    const auto path = scratch.put("cat.jpg", bytes);
    return complaint([&] { read_image(path); });
  };
  EXPECT_THAT(says("GIF87a"), HasSubstr("cat.jpg: is a GIF; convert it"));
  EXPECT_EQ(kind("GIF87a", "cat.png"),
            "is a GIF; convert it to PNG or JPEG, e.g. `magick 'cat.png[0]' cat-converted.png`");
  EXPECT_THAT(says("no picture at all"), HasSubstr("cat.jpg: is neither PNG nor JPEG nor WebP"));
}

} // namespace
} // namespace convscope
