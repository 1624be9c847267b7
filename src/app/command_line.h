// The whole command line: parses it and runs the command that it names.
#pragma once

namespace convscope {

// The exit status. Throws UserError, DeviceError and whatever else fails: main catches it.
int run_command_line(int argc, const char *const *argv);

} // namespace convscope
