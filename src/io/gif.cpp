// GIF by giflib: each frame has a palette of its own, of the 256 colours that its median cut chooses.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <gif_lib.h>

#include "base/error.h"
#include "io/animation.h"

namespace convscope {

namespace {

constexpr int colours = 256;

int append(GifFileType *file, const GifByteType *bytes, int count) {
  auto *to = static_cast<std::vector<std::uint8_t> *>(file->UserData);
  try {
    to->insert(to->end(), bytes, bytes + count);
  } catch (...) {
    return 0; // giflib is C: it is told that nothing was written
  }
  return count;
}

struct Closer {
  void operator()(GifFileType *file) const {
    int error = 0;
    EGifCloseFile(file, &error);
  }
};

void check(int result, const char *what) {
  if (result != GIF_OK)
    throw UserError(fmt::format("the GIF could not be made: {}", what));
}

struct Indexed {
  std::vector<GifByteType> pixels;
  std::array<GifColorType, colours> palette{};
};

Indexed indexed(const ImageRgb8 &frame) {
  Indexed made;
  const std::size_t count = frame.pixels.size() / 3;
  std::array<std::vector<GifByteType>, 3> planes;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < count; ++i)
      planes.at(c).push_back(frame.pixels[3 * i + c]);
  made.pixels.resize(count);
  int used = colours;
  check(GifQuantizeBuffer(static_cast<unsigned>(frame.width), static_cast<unsigned>(frame.height), &used,
                          planes[0].data(), planes[1].data(), planes[2].data(), made.pixels.data(),
                          made.palette.data()),
        "no palette was found");
  return made;
}

void put_loop(GifFileType *gif) {
  constexpr std::array<GifByteType, 3> for_ever{1, 0, 0};
  check(EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE), "its header");
  check(EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0"), "its header");
  check(EGifPutExtensionBlock(gif, for_ever.size(), for_ever.data()), "its header");
  check(EGifPutExtensionTrailer(gif), "its header");
}

} // namespace

std::vector<std::uint8_t> encode_gif(const Animation &animation) {
  constexpr int side_limit = 65535;
  const ImageRgb8 &first = animation.frames.front();
  if (first.width > side_limit || first.height > side_limit)
    throw UserError(fmt::format("a GIF's side is at most {} pixels, not {}x{}", side_limit, first.width, first.height));
  std::vector<std::uint8_t> bytes;
  int error = 0;
  std::unique_ptr<GifFileType, Closer> gif(EGifOpen(&bytes, append, &error));
  if (!gif)
    throw std::bad_alloc();
  EGifSetGifVersion(gif.get(), true);
  check(EGifPutScreenDesc(gif.get(), first.width, first.height, 8, 0, nullptr), "its header");
  put_loop(gif.get());
  for (const ImageRgb8 &frame : animation.frames) {
    Indexed picture = indexed(frame);
    const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject *)> map(
        GifMakeMapObject(colours, picture.palette.data()), GifFreeMapObject);
    if (!map)
      throw std::bad_alloc();
    GraphicsControlBlock control{DISPOSE_DO_NOT, false, 0, NO_TRANSPARENT_COLOR};
    control.DelayTime = static_cast<int>(std::lround(100.0 / animation.rate)); // in hundredths of a second
    std::array<GifByteType, 4> extension{};
    EGifGCBToExtension(&control, extension.data());
    check(EGifPutExtension(gif.get(), GRAPHICS_EXT_FUNC_CODE, extension.size(), extension.data()), "a frame");
    check(EGifPutImageDesc(gif.get(), 0, 0, frame.width, frame.height, false, map.get()), "a frame");
    for (int y = 0; y < frame.height; ++y)
      check(EGifPutLine(gif.get(), picture.pixels.data() + std::size_t(y) * std::size_t(frame.width), frame.width),
            "a frame");
  }
  if (EGifCloseFile(gif.release(), &error) != GIF_OK)
    throw UserError("the GIF could not be made: out of memory");
  return bytes;
}

} // namespace convscope
