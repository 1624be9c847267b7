#include "io/webp.h"

#include "base/error.h"
#include "io/exif.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace convscope {

namespace {

struct Delete {
  void operator()(WebPDemuxer *demuxer) const { WebPDemuxDelete(demuxer); }
  void operator()(WebPAnimDecoder *decoder) const { WebPAnimDecoderDelete(decoder); }
};

const char *text_of(VP8StatusCode status) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY:
    throw std::bad_alloc();
  case VP8_STATUS_NOT_ENOUGH_DATA:
  case VP8_STATUS_SUSPENDED:
    return "it is truncated";
  case VP8_STATUS_UNSUPPORTED_FEATURE:
    return "it has a feature that libwebp does not know";
  default:
    return "libwebp can't decode it";
  }
}

// What a chunk of that name holds, where the file is whole enough to have it.
std::span<const std::uint8_t> chunk_of(const WebPDemuxer *demuxer, const char *name) {
  WebPChunkIterator chunk{};
  std::span<const std::uint8_t> payload;
  if (demuxer && WebPDemuxGetChunk(demuxer, name, 1, &chunk))
    payload = {chunk.chunk.bytes, chunk.chunk.size};
  WebPDemuxReleaseChunkIterator(&chunk); // the payload lies in the file's bytes
  return payload;
}

int orientation_of(std::span<const std::uint8_t> exif) {
  constexpr std::string_view prefix("Exif\0\0", 6); // JPEG's, which some writers leave there
  if (exif.size() >= prefix.size() && std::memcmp(exif.data(), prefix.data(), prefix.size()) == 0)
    exif = exif.subspan(prefix.size());
  return tiff_orientation(exif);
}

// The first frame on its canvas, as RGBA.
const std::uint8_t *first_frame(WebPAnimDecoder *decoder) {
  std::uint8_t *pixels = nullptr;
  int milliseconds = 0;
  return decoder && WebPAnimDecoderGetNext(decoder, &pixels, &milliseconds) ? pixels : nullptr;
}

} // namespace

bool is_webp(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 12 && std::memcmp(bytes.data(), "RIFF", 4) == 0 &&
         std::memcmp(bytes.data() + 8, "WEBP", 4) == 0;
}

std::int64_t webp_pixels(std::span<const std::uint8_t> bytes) {
  int width = 0, height = 0;
  return WebPGetInfo(bytes.data(), bytes.size(), &width, &height) ? std::int64_t{width} * height : 0;
}

ImageRgb8 decode_webp(std::span<const std::uint8_t> bytes, const std::string &name, std::string &warning) {
  const auto fail = [&](VP8StatusCode status) { throw UserError(name + ": is a damaged WebP: " + text_of(status)); };
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    throw std::bad_alloc();
  if (const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &config.input); status != VP8_STATUS_OK)
    fail(status);
  const int width = config.input.width, height = config.input.height;
  check_image_size(width, height, name);

  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, Delete> demuxer(WebPDemux(&data));
  ImageRgb8 image(width, height);
  if (config.input.has_animation) {
    if (!demuxer)
      fail(VP8_STATUS_NOT_ENOUGH_DATA);
    const std::unique_ptr<WebPAnimDecoder, Delete> decoder(WebPAnimDecoderNew(&data, nullptr));
    const std::uint8_t *const pixels = first_frame(decoder.get());
    if (!pixels)
      fail(VP8_STATUS_BITSTREAM_ERROR);
    lay_over_white({pixels, image.pixels.size() / 3 * 4}, image);
    const std::uint32_t frames = WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT);
    if (frames > 1)
      warning = "is an animation of " + std::to_string(frames) + " frames, of which this is the first";
  } else {
    std::vector<std::uint8_t> rgba(config.input.has_alpha ? image.pixels.size() / 3 * 4 : 0);
    std::vector<std::uint8_t> &out = config.input.has_alpha ? rgba : image.pixels;
    config.output.colorspace = config.input.has_alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {out.data(), width * (config.input.has_alpha ? 4 : 3), out.size()};
    const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK)
      fail(status);
    if (config.input.has_alpha)
      lay_over_white(rgba, image);
  }
  return oriented(std::move(image), orientation_of(chunk_of(demuxer.get(), "EXIF")));
}

} // namespace convscope
