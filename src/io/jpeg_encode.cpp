#include "io/jpeg.h"

#include "base/error.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <jpeglib.h>

namespace convscope {

namespace {

// As in jpeg.cpp: libjpeg leaves a failed call by longjmp, so that only plain values live in the function that calls
// setjmp.
struct Encoder {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf failed{};
  unsigned char *bytes = nullptr;
  unsigned long size = 0;

  Encoder() = default;
  Encoder(const Encoder &) = delete;
  Encoder &operator=(const Encoder &) = delete;
  ~Encoder() {
    jpeg_destroy_compress(&info);
    std::free(bytes); // which libjpeg took from malloc
  }

  static void leave(j_common_ptr common) { std::longjmp(static_cast<Encoder *>(common->client_data)->failed, 1); }

  bool run(const ImageRgb8 &image, int quality, const char *comment, unsigned comment_length) {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = leave;
    info.client_data = this;
    if (setjmp(failed) != 0)
      return false;
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = static_cast<JDIMENSION>(image.width);
    info.image_height = static_cast<JDIMENSION>(image.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    info.dct_method = JDCT_ISLOW; // the same bytes on every machine
    info.optimize_coding = TRUE;
    jpeg_start_compress(&info, TRUE);
    if (comment_length > 0)
      jpeg_write_marker(&info, JPEG_COM, reinterpret_cast<const JOCTET *>(comment), comment_length);
    while (info.next_scanline < info.image_height) {
      auto *row = const_cast<JSAMPROW>(image.at(0, static_cast<int>(info.next_scanline)));
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    return true;
  }
};

} // namespace

std::vector<std::uint8_t> encode_jpeg(const ImageRgb8 &image, int quality, const std::string &comment) {
  check_image_size(image.width, image.height, "a JPEG");
  Encoder encoder;
  if (!encoder.run(image, quality, comment.data(), static_cast<unsigned>(comment.size())))
    throw std::bad_alloc(); // nothing else can fail in memory
  return {encoder.bytes, encoder.bytes + encoder.size};
}

std::string jpeg_comment(std::span<const std::uint8_t> jpeg) {
  std::size_t at = 2; // behind the start of the image
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xFF && jpeg[at + 1] != 0xDA) {
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) * 256 + jpeg[at + 3];
    if (length < 2 || at + 2 + length > jpeg.size())
      return "";
    if (jpeg[at + 1] == 0xFE)
      return {jpeg.begin() + static_cast<std::ptrdiff_t>(at + 4),
              jpeg.begin() + static_cast<std::ptrdiff_t>(at + 2 + length)};
    at += 2 + length;
  }
  return "";
}

} // namespace convscope
