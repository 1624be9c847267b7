#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "app/command.h"
#include "app/command_line.h"
#include "base/error.h"

namespace {

// One line, whatever names the message holds.
int fail(int status, std::string message) {
  for (char &c : message)
    if (static_cast<unsigned char>(c) < ' ')
      c = '?';
  std::fprintf(stderr, "convscope: %s\n", message.c_str());
  return status;
}

} // namespace

int main(int argc, char **argv) {
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error like a full disk
#endif
  try {
    return convscope::run_command_line(argc, argv);
  } catch (const convscope::UserError &error) {
    return fail(convscope::exit_user_error, error.what());
  } catch (const convscope::DeviceError &error) {
    return fail(convscope::exit_device_error, error.what());
  } catch (const std::bad_alloc &) {
    const std::string command = argc > 1 ? argv[1] : "starting";
    return fail(convscope::exit_device_error, "out of memory while running '" + command + "'");
  } catch (const std::exception &error) {
    return fail(convscope::exit_device_error, std::string("internal error: ") + error.what());
  }
}
