// Text from files, fit for a line of output.
#pragma once

#include <string>
#include <string_view>

namespace convscope {

// Control characters and bytes that are no UTF-8 become '?'.
std::string printable(std::string_view text);

} // namespace convscope
