#include "importer/labels.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/file_kind.h"
#include "importer/weights_folder.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

// UTF-8 without control characters, as RFC 3629 has it: no overlong forms, no surrogates.
bool is_utf8(const std::vector<std::uint8_t> &bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const std::uint8_t first = bytes[i++];
    if (first < 0x80) {
      if ((first < ' ' && first != '\n' && first != '\r' && first != '\t') || first == 0x7f)
        return false;
      continue;
    }
    const int more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
    if (first < 0xc2 || more == 0 || i + static_cast<std::size_t>(more) > bytes.size())
      return false;
    std::uint32_t point = first & (0x3fU >> more);
    for (int k = 0; k < more; ++k) {
      if ((bytes[i] & 0xc0U) != 0x80)
        return false;
      point = point << 6 | (bytes[i++] & 0x3fU);
    }
    const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return false;
  }
  return true;
}

std::vector<std::string> lines_of(const fs::path &file) {
  const FileContent content = file_content(file);
  if (!content.text.empty() && !content.is_plain_text)
    throw UserError(fmt::format("{}: {}; labels are a text with one class a line", path_text(file), content.text));
  const std::vector<std::uint8_t> bytes = read_file(file, 16 << 20);
  if (!is_utf8(bytes))
    throw UserError(fmt::format("{}: is no text in UTF-8", path_text(file)));
  const std::string_view mark = "\xef\xbb\xbf";
  std::string text(bytes.begin(), bytes.end());
  if (text.starts_with(mark))
    text.erase(0, mark.size());
  std::vector<std::string> lines = split(text, '\n');
  for (std::string &line : lines)
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.pop_back();
  if (lines.back().empty()) // after the last line's end
    lines.pop_back();
  return lines;
}

} // namespace

std::vector<std::string> read_labels(const fs::path &file, std::int64_t classes, const std::string &model) {
  std::vector<std::string> labels = lines_of(file);
  if (classes == 1 && labels.size() == 2) // the one unit says how much it is the second
    labels.erase(labels.begin());
  if (static_cast<std::int64_t>(labels.size()) != classes)
    throw UserError(
        fmt::format("{}: has {} lines, but {} has {} classes", path_text(file), labels.size(), model, classes));
  return labels;
}

std::vector<std::string> imagenet_labels() {
  const fs::path folder = weights_folder();
  const fs::path file = folder / "imagenet_labels.txt";
  std::error_code error;
  if (folder.empty() || !fs::is_regular_file(file, error))
    return {};
  return lines_of(file);
}

std::vector<std::string> usual_labels(std::int64_t classes) {
  if (classes != 1000 && classes != 1001)
    return {};
  std::vector<std::string> labels = imagenet_labels();
  if (labels.size() != 1000)
    return {};
  if (classes == 1001)
    labels.insert(labels.begin(), "background");
  return labels;
}

} // namespace convscope
