// The door to the viewer: the one place that knows whether this build has it.
#pragma once

#include <string>

namespace convscope {

// UserError, as this build has none. `command` is what the user asked for.
[[noreturn]] void open_viewer(const std::string &command);

} // namespace convscope
