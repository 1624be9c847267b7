// The files of src/microscope/web/, as the build embeds them.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace convscope {

std::span<const std::pair<std::string_view, std::string_view>> web_files(); // name, content

} // namespace convscope
