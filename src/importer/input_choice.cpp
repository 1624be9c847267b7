#include "importer/input_choice.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace convscope {

namespace {

bool has(std::string name, std::initializer_list<const char *> words) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(words.begin(), words.end(),
                     [&](const char *word) { return name.find(word) != std::string::npos; });
}

} // namespace

bool is_mask(const std::string &name) { return has(name, {"mask"}); }

std::optional<float> usual_value(const std::string &name, std::int64_t elements, bool boolean) {
  if (is_mask(name))
    return 1.F;
  if (elements != 1)
    return {};
  const bool factor =
      has(name, {"alpha", "temperature", "scale", "factor", "gain", "weight", "strength", "gamma", "keep"});
  return factor && !boolean ? 1.F : 0.F;
}

} // namespace convscope
