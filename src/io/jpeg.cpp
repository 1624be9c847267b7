#include "io/jpeg.h"

#include "base/error.h"

#include <turbojpeg.h>

#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace convscope {

namespace {

struct DestroyHandle {
  void operator()(void *handle) const { tjDestroy(handle); }
};

// The payload of the first segment with this marker that begins with `signature`, without the signature.
std::span<const std::uint8_t> find_segment(std::span<const std::uint8_t> jpeg, std::uint8_t marker,
                                           std::string_view signature) {
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
    if (found == marker && payload.size() >= signature.size() &&
        std::memcmp(payload.data(), signature.data(), signature.size()) == 0)
      return payload.subspan(signature.size());
    at += 2 + length;
  }
  return {};
}

// Orientation o as EXIF numbers them: the stored picture, turned and mirrored to how it is to be seen.
ImageRgb8 oriented(ImageRgb8 image, int orientation) {
  if (orientation == 1)
    return image;
  const bool transposed = orientation >= 5;
  ImageRgb8 out(transposed ? image.height : image.width, transposed ? image.width : image.height);
  // Which stored edge the seen picture begins at, along its own x and y.
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      int from_x = flip_x ? out.width - 1 - x : x, from_y = flip_y ? out.height - 1 - y : y;
      if (transposed)
        std::swap(from_x, from_y);
      std::memcpy(out.at(x, y), image.at(from_x, from_y), 3);
    }
  return out;
}

} // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

int exif_orientation(std::span<const std::uint8_t> jpeg) {
  const auto tiff = find_segment(jpeg, 0xe1, std::string_view("Exif\0\0", 6));
  if (tiff.size() < 8)
    return 1;
  const bool little = tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t size) -> std::size_t {
    std::size_t value = 0;
    if (at > tiff.size() || tiff.size() - at < size)
      return 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | tiff[little ? at + size - 1 - i : at + i];
    return value;
  };
  const std::size_t directory = number(4, 4);
  const std::size_t entries = number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (number(entry, 2) == 0x0112) {
      const std::size_t value = number(entry + 8, 2);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
  }
  return 1;
}

ImageRgb8 decode_jpeg(std::span<const std::uint8_t> bytes, const std::string &name) {
  const std::unique_ptr<void, DestroyHandle> handle(tjInitDecompress());
  if (!handle)
    throw std::bad_alloc();
  const auto fail = [&] { throw UserError(name + ": is a damaged JPEG: " + tjGetErrorStr2(handle.get())); };
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &width, &height, &subsampling, &colours) != 0)
    fail();
  check_image_size(width, height, name);

  int flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING;
#ifdef TJFLAG_LIMITSCANS
  // A small file with thousands of progressive scans would take hours.
  flags |= TJFLAG_LIMITSCANS;
#endif
  const bool cmyk = colours == TJCS_CMYK || colours == TJCS_YCCK;
  ImageRgb8 image(width, height);
  std::vector<std::uint8_t> inks(cmyk ? image.pixels.size() / 3 * 4 : 0);
  if (tjDecompress2(handle.get(), bytes.data(), bytes.size(), cmyk ? inks.data() : image.pixels.data(), width, 0,
                    height, cmyk ? TJPF_CMYK : TJPF_RGB, flags) != 0)
    fail();
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
