#include "microscope/names.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace convscope {

namespace {

constexpr std::size_t longest = 48; // without the hash

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

// Devices of Windows, with whatever extension.
bool is_reserved(const std::string &name) {
  constexpr std::array<std::string_view, 4> devices{"con", "prn", "aux", "nul"};
  const std::string stem = lower(name.substr(0, name.find('.')));
  if (std::find(devices.begin(), devices.end(), stem) != devices.end())
    return true;
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

std::string plain(const std::string &name) {
  std::string text;
  for (const char c : name)
    if (is_plain(c))
      text += c;
    else if (!text.empty() && text.back() != '-')
      text += '-';
  const std::size_t from = text.find_first_not_of(".-");
  text = from == std::string::npos ? "" : text.substr(from, longest);
  while (!text.empty() && (text.back() == '.' || text.back() == '-'))
    text.pop_back();
  if (text.empty())
    return "layer";
  return is_reserved(text) ? fmt::format("layer-{}", text) : text;
}

} // namespace

std::vector<std::string> folder_names(const std::vector<std::string> &names) {
  std::map<std::string, int> users;
  for (const std::string &name : names)
    ++users[lower(plain(name))];
  std::set<std::string> taken;
  std::vector<std::string> folders(names.size());
  // Names that stay as they are come first, so that no other takes theirs.
  for (const bool changed : {false, true})
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string name = plain(names[i]);
      const bool stays = name == names[i] && users[lower(name)] == 1;
      if (stays == changed)
        continue;
      if (changed)
        name = fmt::format("{}-{}", name, hash_text(names[i]).substr(0, 8));
      for (int again = 2; !taken.insert(lower(name)).second; ++again)
        name = fmt::format("{}-{}-{}", plain(names[i]), hash_text(names[i]).substr(0, 8), again);
      folders[i] = name;
    }
  return folders;
}

} // namespace convscope
