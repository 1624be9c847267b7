// Files that users take for pictures that can be read: told by their content, with what to do about them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace convscope {

// "is a GIF; convert it to PNG or JPEG, e.g. `magick 'cat.gif[0]' cat.png`", for a file of that name. "" where the
// content is of no kind that is known here.
std::string other_kind(std::span<const std::uint8_t> bytes, const std::string &name);

} // namespace convscope
