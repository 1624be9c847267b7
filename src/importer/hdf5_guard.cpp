#include "importer/hdf5_guard.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "importer/hdf5_watch.h"

namespace convscope {

namespace {

#ifdef SIGBUS
constexpr std::array crashes = {SIGSEGV, SIGFPE, SIGABRT, SIGILL, SIGBUS};
#else
constexpr std::array crashes = {SIGSEGV, SIGFPE, SIGABRT, SIGILL};
#endif
constexpr int user_error = 2; // exit status
constexpr std::chrono::seconds patience{20};

using Handler = void (*)(int);
std::array<Handler, crashes.size()> before{};
// Made beforehand: a handler must not allocate.
std::array<char, 4096> message{};
std::size_t message_length = 0;
std::optional<Hdf5Watch> watch;

extern "C" void end_with_message(int) {
  std::fwrite(message.data(), 1, message_length, stderr);
  std::_Exit(user_error);
}

} // namespace

Hdf5Guard::Hdf5Guard(const std::string &file) {
  const std::string text = "convscope: " + file + ": is a damaged HDF5 file";
  message_length = std::min(text.size(), message.size() - 1);
  std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(message_length), message.begin(),
                 [](char c) { return static_cast<unsigned char>(c) < ' ' ? '?' : c; });
  message[message_length++] = '\n';
  for (std::size_t i = 0; i < crashes.size(); ++i)
    before[i] = std::signal(crashes[i], end_with_message);
  watch.emplace(patience, [] { end_with_message(0); });
}

Hdf5Guard::~Hdf5Guard() {
  watch.reset();
  for (std::size_t i = 0; i < crashes.size(); ++i)
    std::signal(crashes[i], before[i] == SIG_ERR ? SIG_DFL : before[i]);
}

} // namespace convscope
