#include "viewer/completion.h"

#include <algorithm>

#include "base/text.h"

namespace convscope::viewer {

namespace {

bool may_precede_a_name(char c) { return std::string_view(" \t+-*(,").find(c) != std::string_view::npos; }

} // namespace

Completion complete(std::string_view text, std::size_t cursor, const std::vector<std::string> &names) {
  cursor = std::min(cursor, text.size());
  Completion result;
  for (std::size_t from = 0; from < cursor && result.names.empty(); ++from) {
    if (from > 0 && !may_precede_a_name(text[from - 1]))
      continue;
    const std::string begun = lower(text.substr(from, cursor - from));
    result.from = from;
    for (const std::string &name : names)
      if (name.size() > begun.size() && lower(std::string_view(name).substr(0, begun.size())) == begun)
        result.names.push_back(name);
  }
  if (result.names.empty())
    return {};
  result.common = result.names.front();
  for (const std::string &name : result.names) {
    const auto [end, other] = std::mismatch(result.common.begin(), result.common.end(), name.begin(), name.end());
    result.common.erase(end, result.common.end());
  }
  return result;
}

} // namespace convscope::viewer
