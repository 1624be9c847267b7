// How a name that is begun in an objective's text goes on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace convscope::viewer {

struct Completion {
  std::size_t from = 0;           // in the text: where the begun name stands, up to the cursor
  std::vector<std::string> names; // that begin so, in any case, in their order; none where nothing is begun
  std::string common;             // what all of them begin with
};

// Names may hold any sign: the longest begun name is taken that some name goes on from.
Completion complete(std::string_view text, std::size_t cursor, const std::vector<std::string> &names);

} // namespace convscope::viewer
