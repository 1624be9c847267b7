// What is told of pictures before they are decoded.
#include "io/image.h"

#include <gtest/gtest.h>

#include <webp/encode.h>

#include "io/png.h"
#include "unit/jpeg_writer.h"

namespace convscope {
namespace {

TEST(Image, PixelsThatItsHeaderTells) {
  const ImageRgb8 image(300, 7, 90);
  std::uint8_t *data = nullptr;
  const std::size_t size = WebPEncodeRGB(image.pixels.data(), 300, 7, 900, 80, &data);
  const std::vector<std::uint8_t> webp(data, data + size);
  WebPFree(data);
  const std::vector<std::uint8_t> jpeg = make_jpeg(300, 7, image.pixels),
                                  turned = with_segment(jpeg, 0xe1, exif(6, true)),
                                  progressive = make_jpeg(300, 7, image.pixels, {JCS_RGB, 3, 2, 2, true}),
                                  png = encode_png(image);
  for (const auto &bytes : {jpeg, turned, progressive, png, webp}) {
    EXPECT_TRUE(is_image(bytes));
    EXPECT_EQ(pixels_told(bytes), 2100);
    for (std::size_t end = 0; end < 40; ++end) // cut anywhere
      EXPECT_TRUE(pixels_told(std::span(bytes).first(end)) == 0 || pixels_told(std::span(bytes).first(end)) == 2100);
  }
  EXPECT_FALSE(is_image(std::vector<std::uint8_t>{'G', 'I', 'F', '8', '9', 'a'}));
}

} // namespace
} // namespace convscope
