// The two kinds of failure that reach a user, caught once, in main.
#pragma once

#include <stdexcept>
#include <string>

namespace convscope {

// Something the user can mend: names the file or option, what is wrong, and the nearest valid name. Exit 2.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// No usable Vulkan device, or the driver failed: says what was being done. Exit 3.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace convscope
