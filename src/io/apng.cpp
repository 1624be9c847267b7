// Animated PNG: each frame is a PNG of its own whose data go on as `fdAT` chunks. https://www.w3.org/TR/png-3/
#include <algorithm>
#include <cstring>
#include <string_view>

#include <zlib.h>

#include "io/animation.h"
#include "io/png.h"

namespace convscope {

namespace {

using Bytes = std::vector<std::uint8_t>;

void put(Bytes &to, std::uint32_t value, int bytes = 4) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    to.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t number_at(const Bytes &bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | bytes.at(at + i);
  return value;
}

void put_chunk(Bytes &to, std::string_view type, std::span<const std::uint8_t> data) {
  put(to, static_cast<std::uint32_t>(data.size()));
  const std::size_t covered = to.size();
  to.insert(to.end(), type.begin(), type.end());
  to.insert(to.end(), data.begin(), data.end());
  put(to, static_cast<std::uint32_t>(crc32(0, to.data() + covered, static_cast<uInt>(to.size() - covered))));
}

// Of `sequence`, which counts fcTL and fdAT chunks.
void put_frame_control(Bytes &to, std::uint32_t &sequence, const Animation &animation) {
  constexpr std::uint8_t as_it_is = 0;
  Bytes data;
  put(data, sequence++);
  put(data, static_cast<std::uint32_t>(animation.frames.front().width));
  put(data, static_cast<std::uint32_t>(animation.frames.front().height));
  put(data, 0); // x, y
  put(data, 0);
  put(data, 1, 2); // seconds a frame
  put(data, static_cast<std::uint32_t>(animation.rate), 2);
  data.insert(data.end(), {as_it_is, as_it_is}); // neither disposed of nor blended
  put_chunk(to, "fcTL", data);
}

} // namespace

std::vector<std::uint8_t> encode_apng(const Animation &animation) {
  constexpr std::size_t signature = 8, around_data = 12; // length and type before it, the sum behind
  Bytes file;
  std::uint32_t sequence = 0;
  for (std::size_t i = 0; i < animation.frames.size(); ++i) {
    const Bytes png = encode_png(animation.frames[i], i == 0 ? animation.settings_json : "");
    if (i == 0)
      file.assign(png.begin(), png.begin() + signature);
    bool data_begun = false;
    for (std::size_t at = signature; at + around_data <= png.size();) {
      const std::size_t length = number_at(png, at);
      const std::string_view type(reinterpret_cast<const char *>(png.data()) + at + 4, 4);
      const std::span<const std::uint8_t> data(png.data() + at + 8, length);
      at += length + around_data;
      if (type == "IDAT" && !data_begun) {
        data_begun = true;
        put_frame_control(file, sequence, animation);
      }
      if (type == "IDAT" && i > 0) {
        Bytes numbered;
        put(numbered, sequence++);
        numbered.insert(numbered.end(), data.begin(), data.end());
        put_chunk(file, "fdAT", numbered);
      } else if (type == "IDAT" || (i == 0 && type != "IEND")) {
        put_chunk(file, type, data);
      }
      if (i == 0 && type == "IHDR") {
        Bytes control;
        put(control, static_cast<std::uint32_t>(animation.frames.size()));
        put(control, 0); // for ever
        put_chunk(file, "acTL", control);
      }
    }
  }
  put_chunk(file, "IEND", {});
  return file;
}

} // namespace convscope
