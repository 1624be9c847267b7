#include "io/jpeg.h"

#include "base/error.h"
#include "io/exif.h"

#include <cstddef>
#include <cstdio>

// What comes first is what the next one expects.
#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace convscope {

namespace {

// A small file with thousands of progressive scans would take hours.
constexpr int scan_limit = 500;

// libjpeg leaves a failed call by longjmp, over which no destructor runs: the functions that call setjmp hold plain
// values only, and what owns memory lives in their callers.
struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  char error[JMSG_LENGTH_MAX] = "", warning[JMSG_LENGTH_MAX] = ""; // the first warning
  bool truncated = false, out_of_memory = false;
  // Rows of blocks, scan after scan: how many are lost, and up to which one that has been counted.
  long lost = 0, counted = 0;

  Decoder() = default;
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder &) = delete;
  Decoder &operator=(const Decoder &) = delete;
};

Decoder &decoder_of(j_common_ptr common) { return *static_cast<Decoder *>(common->client_data); }

void on_error(j_common_ptr common) {
  Decoder &decoder = decoder_of(common);
  common->err->format_message(common, decoder.error);
  decoder.out_of_memory = common->err->msg_code == JERR_OUT_OF_MEMORY;
  std::longjmp(decoder.failed, 1);
}

// Without restart markers what follows a damaged place is as good as lost, if not grey.
void count_lost(Decoder &decoder, bool to_the_end) {
  const auto rows = static_cast<long>(decoder.info.total_iMCU_rows), row = long(decoder.info.input_iMCU_row);
  if (row >= rows) // between scans, or behind the last
    return;
  const long scan = rows * (decoder.info.input_scan_number - 1L);
  const long begin = std::max(scan + row, decoder.counted), end = scan + (to_the_end ? rows : row + 1);
  decoder.lost += std::max(end - begin, 0L);
  decoder.counted = std::max(end, decoder.counted);
}

void on_message(j_common_ptr common, int level) {
  if (level >= 0) // traces
    return;
  Decoder &decoder = decoder_of(common);
  if (!decoder.warning[0])
    common->err->format_message(common, decoder.warning);
  const bool ended = decoder.info.unread_marker == JPEG_EOI || decoder.info.restart_interval == 0;
  switch (common->err->msg_code) {
  case JWRN_HUFF_BAD_CODE:
#ifdef D_ARITH_CODING_SUPPORTED
  case JWRN_ARITH_BAD_CODE:
#endif
  case JWRN_HIT_MARKER: // data end before their blocks do
    count_lost(decoder, ended);
    break;
  case JWRN_MUST_RESYNC: // at a restart marker
    count_lost(decoder, decoder.info.unread_marker == JPEG_EOI);
    break;
  case JWRN_JPEG_EOF:
    decoder.truncated = true;
    if (decoder.info.arith_code) // whose decoder takes the end for zeros, and says nothing
      count_lost(decoder, true);
    break;
  default: // bytes too many, odd headers: the picture is whole
    break;
  }
}

void on_progress(j_common_ptr common) {
  Decoder &decoder = decoder_of(common);
  if (decoder.info.input_scan_number <= scan_limit)
    return;
  std::snprintf(decoder.error, sizeof decoder.error, "it has more than %d scans", scan_limit);
  std::longjmp(decoder.failed, 1);
}

bool read_header(Decoder &decoder, std::span<const std::uint8_t> bytes) {
  if (setjmp(decoder.failed))
    return false;
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.info.client_data = &decoder;
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = on_progress;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&decoder.info, TRUE);
  const J_COLOR_SPACE colours = decoder.info.jpeg_color_space;
  decoder.info.out_color_space = colours == JCS_CMYK || colours == JCS_YCCK ? JCS_CMYK : JCS_RGB;
  return true;
}

// Whether a scan that the picture can't do without never came.
bool lacks_scans(const jpeg_decompress_struct &info) {
  for (int c = 0; c < info.num_components; ++c) {
    if (!info.comp_info[c].quant_table) // is taken over with a component's first scan
      return true;
    if (info.coef_bits && std::any_of(info.coef_bits[c], info.coef_bits[c] + DCTSIZE2, [](int b) { return b < 0; }))
      return true;
  }
  return false;
}

bool read_rows(Decoder &decoder, std::uint8_t *pixels) {
  if (setjmp(decoder.failed))
    return false;
  jpeg_start_decompress(&decoder.info);
  const std::size_t stride =
      std::size_t{decoder.info.output_width} * static_cast<std::size_t>(decoder.info.output_components);
  while (decoder.info.output_scanline < decoder.info.output_height) {
    JSAMPROW row = pixels + stride * decoder.info.output_scanline;
    jpeg_read_scanlines(&decoder.info, &row, 1);
  }
  const bool incomplete = decoder.truncated && lacks_scans(decoder.info);
  const long rows = static_cast<long>(decoder.info.total_iMCU_rows) * std::max(decoder.info.input_scan_number, 1);
  jpeg_finish_decompress(&decoder.info);
  if (incomplete || decoder.lost * 2 > rows) {
    std::memcpy(decoder.error, decoder.warning, sizeof decoder.error);
    return false;
  }
  return true;
}

// The first segment that `is_it`, its payload.
template <typename Test> std::span<const std::uint8_t> find_segment(std::span<const std::uint8_t> jpeg, Test is_it) {
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff) {
    const std::uint8_t found = jpeg[at + 1];
    if (found == 0xff) { // padding
      ++at;
      continue;
    }
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    // Start of scan: what follows is not segments.
    if (found == 0xda || length < 2 || at + 2 + length > jpeg.size())
      break;
    const auto payload = jpeg.subspan(at + 4, length - 2);
    if (is_it(found, payload))
      return payload;
    at += 2 + length;
  }
  return {};
}

// The payload of the first segment with this marker that begins with `signature`, without the signature.
std::span<const std::uint8_t> find_segment(std::span<const std::uint8_t> jpeg, std::uint8_t marker,
                                           std::string_view signature) {
  const auto payload = find_segment(jpeg, [&](std::uint8_t found, std::span<const std::uint8_t> bytes) {
    return found == marker && bytes.size() >= signature.size() &&
           std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
  });
  return payload.empty() ? payload : payload.subspan(signature.size());
}

} // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

std::int64_t jpeg_pixels(std::span<const std::uint8_t> bytes) {
  const auto frame = find_segment(bytes, [](std::uint8_t marker, std::span<const std::uint8_t> payload) {
    const bool of_frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    return of_frame && payload.size() >= 5;
  });
  const auto number = [&](std::size_t at) { return std::int64_t{frame[at]} << 8 | frame[at + 1]; };
  return frame.empty() ? 0 : number(1) * number(3);
}

int exif_orientation(std::span<const std::uint8_t> jpeg) {
  return tiff_orientation(find_segment(jpeg, 0xe1, std::string_view("Exif\0\0", 6)));
}

ImageRgb8 decode_jpeg(std::span<const std::uint8_t> bytes, const std::string &name, std::string &warning) {
  Decoder decoder;
  const auto fail = [&] {
    if (decoder.out_of_memory)
      throw std::bad_alloc();
    throw UserError(name + ": is a damaged JPEG: " + decoder.error);
  };
  if (!read_header(decoder, bytes))
    fail();
  check_image_size(decoder.info.image_width, decoder.info.image_height, name);
  const bool cmyk = decoder.info.out_color_space == JCS_CMYK;
  ImageRgb8 image(static_cast<int>(decoder.info.image_width), static_cast<int>(decoder.info.image_height));
  std::vector<std::uint8_t> inks(cmyk ? image.pixels.size() / 3 * 4 : 0);
  if (!read_rows(decoder, cmyk ? inks.data() : image.pixels.data()))
    fail();
  warning = decoder.warning[0] ? std::string("is read, though libjpeg warns: ") + decoder.warning : "";
  if (cmyk) {
    // Adobe's files store 255 for no ink, others 255 for full ink.
    const int paper = find_segment(bytes, 0xee, "Adobe").empty() ? 255 : 0;
    for (std::size_t i = 0; i < inks.size() / 4; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        image.pixels[i * 3 + c] =
            static_cast<std::uint8_t>(((inks[i * 4 + c] ^ paper) * (inks[i * 4 + 3] ^ paper) + 127) / 255);
  }
  return oriented(std::move(image), exif_orientation(bytes));
}

} // namespace convscope
