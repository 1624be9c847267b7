#include "app/outputs.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "figure/page.h"
#include "figure/text.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

} // namespace

void check_outputs(const std::vector<Output> &outputs, const std::vector<Output> &inputs) {
  std::vector<const Output *> seen;
  for (const Output &input : inputs)
    if (!input.path.empty())
      seen.push_back(&input);
  for (const Output &output : outputs) {
    if (output.path.empty())
      continue;
    if (!output.extension.empty() && lower(fs::path(output.path).extension().string()) != output.extension)
      throw UserError(fmt::format("{} {}: the name must end in {}", output.option, output.path, output.extension));
    std::error_code error;
    const fs::path path = fs::weakly_canonical(output.path, error);
    for (const Output *other : seen) {
      const fs::path taken = fs::weakly_canonical(other->path, error);
      if (path == taken)
        throw UserError(fmt::format("{} and {} name the same file, {}", other->option, output.option, output.path));
      if (path.parent_path() == taken && fs::is_directory(taken, error) && fs::exists(path, error))
        throw UserError(
            fmt::format("{} {}: is a file of the folder that {} reads", output.option, output.path, other->option));
    }
    check_writable(output.path);
    seen.push_back(&output);
  }
}

void check_frames(const std::string &folder, const std::vector<Output> &inputs) {
  std::error_code error;
  for (const Output &input : inputs) {
    const fs::path path = fs::weakly_canonical(input.path, error);
    if (!input.path.empty() && path.parent_path() == fs::weakly_canonical(folder, error) &&
        path.filename().string().starts_with("frame-"))
      throw UserError(fmt::format("--frames {}: {}, which {} reads, may be the name of a frame", folder,
                                  path_text(path.filename()), input.option));
  }
}

std::vector<std::string> numbered_paths(const std::string &pattern, std::size_t count) {
  static const std::regex place("%(0[1-9])?d");
  std::smatch match;
  if (!std::regex_search(pattern, match, place))
    return {};
  const int digits = match[1].matched ? match[1].str()[1] - '0' : 1;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i)
    paths.push_back(fmt::format("{}{:0{}}{}", match.prefix().str(), i, digits, match.suffix().str()));
  return paths;
}

ImageRgb8 no_response_tile(int width, int height) {
  constexpr const char *text = "no response";
  ImageRgb8 tile(width, height, 236);
  double size = 16;
  while (size > 6 && measure_text(text, size) > width * 0.9)
    size -= 1;
  const TextMetrics metrics = text_metrics(size);
  const double length = measure_text(text, size);
  if (length <= width && metrics.ascent + metrics.descent <= height) // a smaller tile stays plain
    draw_text(tile, (width - length) / 2, (height + metrics.ascent - metrics.descent) / 2, text, size, page::dim);
  return tile;
}

} // namespace convscope
