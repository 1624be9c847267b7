#include "io/animation.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

namespace convscope {

namespace {

struct Kind {
  std::string_view extension;
  std::vector<std::uint8_t> (*encode)(const Animation &);
};
constexpr std::array<Kind, 3> kinds{{{".png", encode_apng}, {".gif", encode_gif}, {".y4m", encode_y4m}}};

const Kind *kind_of(const std::string &extension) {
  for (const Kind &kind : kinds)
    if (kind.extension == extension)
      return &kind;
  return nullptr;
}

} // namespace

bool is_animation(const std::string &extension) { return kind_of(extension) != nullptr; }

void write_animation(const std::filesystem::path &path, const Animation &animation) {
  const Kind *const kind = kind_of(lower_extension(path));
  if (!kind)
    throw UserError(fmt::format("{}: an animation's name ends in .png, .gif or .y4m", path_text(path)));
  if (animation.frames.empty())
    throw std::logic_error("an animation without frames");
  const ImageRgb8 &first = animation.frames.front();
  for (const ImageRgb8 &frame : animation.frames)
    if (frame.width != first.width || frame.height != first.height)
      throw UserError(fmt::format("{}: its frames are of {}x{} and {}x{} pixels", path_text(path), first.width,
                                  first.height, frame.width, frame.height));
  write_file_atomically(path, kind->encode(animation));
}

} // namespace convscope
