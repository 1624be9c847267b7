// YUV4MPEG2: raw frames behind one line of text; ffmpeg, x264, aomenc and others read it.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "io/animation.h"

namespace convscope {

namespace {

// Luma and BT.601's colour differences of red, green and blue, all 0..255.
constexpr std::array<std::array<double, 3>, 3> rows{
    {luma, {-0.299 / 1.772, -0.587 / 1.772, 0.886 / 1.772}, {0.701 / 1.402, -0.587 / 1.402, -0.114 / 1.402}}};

} // namespace

std::vector<std::uint8_t> encode_y4m(const Animation &animation) {
  const ImageRgb8 &first = animation.frames.front();
  const std::string header =
      fmt::format("YUV4MPEG2 W{} H{} F{}:1 Ip A1:1 C444 XCOLORRANGE=FULL\n", first.width, first.height, animation.rate);
  const std::string_view begins = "FRAME\n";
  std::vector<std::uint8_t> bytes(header.begin(), header.end());
  for (const ImageRgb8 &frame : animation.frames) {
    bytes.insert(bytes.end(), begins.begin(), begins.end());
    for (std::size_t plane = 0; plane < rows.size(); ++plane)
      for (std::size_t i = 0; i < frame.pixels.size(); i += 3) {
        double value = plane == 0 ? 0 : 128;
        for (std::size_t c = 0; c < 3; ++c)
          value += rows.at(plane).at(c) * frame.pixels[i + c];
        bytes.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L)));
      }
  }
  return bytes;
}

} // namespace convscope
