// JPEGs of every kind, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <jpeglib.h>

namespace convscope {

using JpegBytes = std::vector<std::uint8_t>;

struct JpegEncoding {
  J_COLOR_SPACE colours = JCS_RGB;
  int channels = 3;
  int across = 1, down = 1; // pixels that share a chroma sample
  bool progressive = false;
  unsigned restart_interval = 0; // in blocks; 0: none
};

inline JpegBytes make_jpeg(int width, int height, const JpegBytes &pixels, const JpegEncoding &encoding = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors); // an error ends the test
  jpeg_create_compress(&info);
  unsigned char *data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = encoding.channels;
  info.in_color_space = encoding.colours;
  jpeg_set_defaults(&info);
  if (encoding.colours == JCS_CMYK)
    jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, 95, TRUE);
  info.comp_info[0].h_samp_factor = encoding.across;
  info.comp_info[0].v_samp_factor = encoding.down;
  if (encoding.progressive)
    jpeg_simple_progression(&info);
  info.restart_interval = encoding.restart_interval;
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.data()) +
                   static_cast<std::size_t>(encoding.channels) * info.image_width * info.next_scanline;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  JpegBytes bytes(data, data + size);
  std::free(data);
  return bytes;
}

inline JpegBytes with_segment(const JpegBytes &jpeg, std::uint8_t marker, const JpegBytes &payload) {
  JpegBytes out(jpeg.begin(), jpeg.begin() + 2);
  const std::size_t length = payload.size() + 2;
  for (const std::size_t b : {std::size_t{0xff}, std::size_t{marker}, length >> 8, length & 255})
    out.push_back(static_cast<std::uint8_t>(b));
  out.insert(out.end(), payload.begin(), payload.end());
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

inline JpegBytes exif(std::uint8_t orientation, bool little) {
  if (little)
    return {'E', 'x', 'i',  'f', 0, 0, 'I', 'I', 42, 0, 8,           0, 0, 0,
            1,   0,   0x12, 1,   3, 0, 1,   0,   0,  0, orientation, 0, 0, 0};
  return {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0};
}

} // namespace convscope
