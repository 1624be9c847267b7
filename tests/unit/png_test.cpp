#include "io/png.h"

#include "base/files.h"
#include "unit/scratch.h"

#include <gmock/gmock.h>
#include <png.h>

#include <functional>

namespace convscope {
namespace {

using testing::HasSubstr;

ImageRgb8 picture(int width, int height) {
  ImageRgb8 image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(x * 7);
      image.at(x, y)[1] = static_cast<std::uint8_t>(y * 5);
      image.at(x, y)[2] = static_cast<std::uint8_t>(x * y);
    }
  return image;
}

struct Kind {
  int depth = 8;
  int colour_type = PNG_COLOR_TYPE_RGB;
  int interlace = PNG_INTERLACE_NONE;
  std::function<void(png_structp, png_infop)> prepare = [](png_structp, png_infop) {};
};

// A PNG of any kind from rows as libpng wants them.
std::vector<std::uint8_t> make_png(int width, int height, const Kind &kind, std::vector<std::uint8_t> data) {
  std::vector<std::uint8_t> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep from, std::size_t count) {
        auto *to = static_cast<std::vector<std::uint8_t> *>(png_get_io_ptr(p));
        to->insert(to->end(), from, from + count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), kind.depth,
               kind.colour_type, kind.interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  kind.prepare(png, info);
  png_write_info(png, info);
  const std::size_t stride = data.size() / static_cast<std::size_t>(height);
  std::vector<png_bytep> rows;
  for (int y = 0; y < height; ++y)
    rows.push_back(data.data() + static_cast<std::size_t>(y) * stride);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

using Pixels = std::vector<std::uint8_t>;

TEST(Png, RoundTrip) {
  const Scratch scratch;
  for (const auto &[width, height] : {std::pair{1, 1}, {3, 200}, {257, 5}}) {
    const ImageRgb8 image = picture(width, height);
    write_png(scratch / "a.png", image);
    const ImageRgb8 again = read_image(scratch / "a.png");
    EXPECT_EQ(again.width, width);
    EXPECT_EQ(again.height, height);
    EXPECT_EQ(again.pixels, image.pixels);
  }
  EXPECT_EQ(scratch.entries(), 1);
}

// Which is laid over white where it is read again.
TEST(Png, AnOpacityGoesWithThePixels) {
  const Scratch scratch;
  const ImageRgb8 image = picture(5, 3);
  std::vector<std::uint8_t> opacity(15, 255);
  opacity[7] = 0;
  opacity[8] = 51;
  write_png(scratch / "a.png", image, "{}", opacity);
  const ImageRgb8 again = read_image(scratch / "a.png");
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const double share = opacity[i / 3] / 255.0;
    EXPECT_NEAR(again.pixels[i], 255 + share * (image.pixels[i] - 255), 1) << i;
  }
  EXPECT_EQ(encode_png(image)[25], 2); // colour type
  EXPECT_EQ(encode_png(image, "", opacity)[25], 6);
  EXPECT_EQ(read_png_settings(scratch / "a.png"), "{}");
}

TEST(Png, SettingsTravelAlong) {
  const Scratch scratch;
  const std::string settings = R"({"model": "vgg16", "objective": "block3_conv1:13 \u00e9", "seed": 0})";
  write_png(scratch / "a.png", picture(8, 8), settings);
  EXPECT_EQ(read_png_settings(scratch / "a.png"), settings);
  EXPECT_EQ(read_image(scratch / "a.png").pixels, picture(8, 8).pixels);
  const std::string long_settings = "[" + std::string(300000, '1') + "]";
  write_png(scratch / "b.png", picture(8, 8), long_settings);
  EXPECT_EQ(read_png_settings(scratch / "b.png"), long_settings);
}

TEST(Png, NoSettingsIsExplained) {
  const Scratch scratch;
  write_png(scratch / "x.png", picture(8, 8));
  EXPECT_THAT(complaint([&] { read_png_settings(scratch / "x.png"); }), HasSubstr("it was not made by convscope"));
  scratch.put("y.png", std::string_view("something else"));
  EXPECT_THAT(complaint([&] { read_png_settings(scratch / "y.png"); }), HasSubstr("it is not a PNG"));
}

TEST(Png, SameImageSameBytes) { EXPECT_EQ(encode_png(picture(40, 30), "{}"), encode_png(picture(40, 30), "{}")); }

TEST(Png, Sixteen) {
  const auto bytes = make_png(2, 1, {16, PNG_COLOR_TYPE_RGB}, {0, 0, 0x80, 0x80, 0xff, 0xff, 1, 1, 2, 2, 0x01, 0x82});
  EXPECT_EQ(decode_png(bytes, "a").pixels, (Pixels{0, 128, 255, 1, 2, 2}));
}

TEST(Png, Grey) {
  EXPECT_EQ(decode_png(make_png(2, 1, {8, PNG_COLOR_TYPE_GRAY}, {7, 200}), "a").pixels,
            (Pixels{7, 7, 7, 200, 200, 200}));
  EXPECT_EQ(decode_png(make_png(2, 1, {1, PNG_COLOR_TYPE_GRAY}, {0x40}), "a").pixels, (Pixels{0, 0, 0, 255, 255, 255}));
}

TEST(Png, AlphaLiesOverWhite) {
  const auto rgba = make_png(3, 1, {8, PNG_COLOR_TYPE_RGBA}, {9, 8, 7, 0, 9, 8, 7, 255, 0, 100, 255, 51});
  EXPECT_EQ(decode_png(rgba, "a").pixels, (Pixels{255, 255, 255, 9, 8, 7, 204, 224, 255}));
  const auto grey = make_png(1, 1, {8, PNG_COLOR_TYPE_GRAY_ALPHA}, {0, 128});
  EXPECT_EQ(decode_png(grey, "a").pixels, (Pixels{127, 127, 127}));
}

TEST(Png, Palette) {
  Kind kind{8, PNG_COLOR_TYPE_PALETTE};
  kind.prepare = [](png_structp png, png_infop info) {
    const png_color colours[2] = {{10, 20, 30}, {40, 50, 60}};
    png_set_PLTE(png, info, colours, 2);
  };
  EXPECT_EQ(decode_png(make_png(2, 1, kind, {1, 0}), "a").pixels, (Pixels{40, 50, 60, 10, 20, 30}));
  const auto opaque = kind.prepare;
  kind.prepare = [opaque](png_structp png, png_infop info) {
    opaque(png, info);
    const png_byte alpha[1] = {0};
    png_set_tRNS(png, info, alpha, 1, nullptr);
  };
  EXPECT_EQ(decode_png(make_png(2, 1, kind, {1, 0}), "a").pixels, (Pixels{40, 50, 60, 255, 255, 255}));
}

TEST(Png, Interlaced) {
  const ImageRgb8 image = picture(37, 21);
  Kind kind;
  kind.interlace = PNG_INTERLACE_ADAM7;
  EXPECT_EQ(decode_png(make_png(37, 21, kind, image.pixels), "a").pixels, image.pixels);
}

TEST(Png, TruncatedAnywhere) {
  const Scratch scratch;
  const std::vector<std::uint8_t> whole = encode_png(picture(64, 48), R"({"model": "vgg16"})");
  for (std::size_t size = 0; size < whole.size(); size += size < 100 || size + 100 > whole.size() ? 1 : 97) {
    const auto path = scratch.put("cut.png", std::span(whole).first(size));
    EXPECT_THAT(complaint([&] { read_image(path); }), HasSubstr("cut.png: "));
    complaint([&] { read_png_settings(path); });
  }
}

// Whatever the bytes, it is an image or a UserError.
TEST(Png, DamagedAnywhere) {
  const std::vector<std::uint8_t> whole = encode_png(picture(64, 48), R"({"model": "vgg16"})");
  int refused = 0;
  for (std::size_t i = 8; i < whole.size(); i += 3) {
    std::vector<std::uint8_t> bytes = whole;
    bytes[i] ^= 0x5a;
    try {
      decode_png(bytes, "damaged.png");
    } catch (const UserError &) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Png, HugeSizesAreRefusedBeforeMemoryIsTaken) {
  for (const auto &[width, height] : {std::pair{20000, 1}, {1, 16385}, {40000, 20}}) {
    const std::size_t size = (static_cast<std::size_t>(width) + 7) / 8 * static_cast<std::size_t>(height);
    const auto bytes = make_png(width, height, {1, PNG_COLOR_TYPE_GRAY}, std::vector<std::uint8_t>(size));
    EXPECT_THAT(complaint([&] { decode_png(bytes, "big.png"); }), HasSubstr("big.png: is too large"));
  }
  EXPECT_NO_THROW(check_image_size(16384, 16384, "a"));
  complaint([] { check_image_size(16385, 1, "a"); });
  complaint([] { check_image_size(0, 1, "a"); });
  complaint([] { encode_png(ImageRgb8()); });
}

TEST(Image, NoPicture) {
  const Scratch scratch;
  const auto path = scratch.put("a.png", std::string_view("just a text"));
  EXPECT_THAT(complaint([&] { read_image(path); }), HasSubstr("a.png: is neither PNG nor JPEG nor WebP"));
  complaint([&] { read_image(scratch / "none.png"); });
  complaint([&] { read_image(scratch / ""); });
}

} // namespace
} // namespace convscope
