// Pictures in motion, by the file's name: an animated PNG, a GIF, or raw video that any encoder takes.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/image.h"

namespace convscope {

struct Animation {
  std::vector<ImageRgb8> frames; // one or more, of one size
  int rate = 25;                 // frames a second, 1 to 100
  std::string settings_json;     // as encode_png() takes them; carried by a PNG alone
};

// Whether that extension (".png", ".gif", ".y4m") names a kind of animation.
bool is_animation(const std::string &extension);

// The kind follows the extension; the animation repeats for ever where its kind can. UserError for another extension,
// where frames differ in size or are too large for that kind, or the file can't be written.
void write_animation(const std::filesystem::path &path, const Animation &animation);

// The kinds, a file each: the whole file's bytes.
std::vector<std::uint8_t>
encode_apng(const Animation &animation);                          // viewers that know no animation show the first frame
std::vector<std::uint8_t> encode_gif(const Animation &animation); // 256 colours a frame
std::vector<std::uint8_t> encode_y4m(const Animation &animation); // 4:4:4, BT.601, full range

} // namespace convscope
