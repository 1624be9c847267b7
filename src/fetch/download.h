// One file over HTTP: it appears under its name when it is whole and its checksum is right, or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace convscope {

struct Download {
  std::string url;              // http or https; redirects are followed, proxies of the environment used
  std::filesystem::path target; // in a folder that exists
  std::string md5;              // 32 hexadecimal digits
  int stall_seconds = 30;       // with next to nothing received, before the server counts as silent
  int attempts = 4;             // goes on by itself after a cut, as long as each attempt brings something
  std::uint64_t largest = std::uint64_t{4} << 30; // bytes; what is longer is not what was asked for
};

enum class Fetched { was_there, whole, stopped };

// What has come so far lies in `target`.part and is gone on with (range requests), now or at the next call; a server
// that knows no ranges sends all again. `progress` gets bytes here and in total (0: unknown), and answers whether to go
// on; false gives `stopped`. UserError that names the address and the reason; the .part file stays where going on may
// help, and goes where its content is wrong. A target of the right checksum is left as it is, another one replaced.
Fetched fetch(const Download &what, const std::function<bool(std::uint64_t, std::uint64_t)> &progress);

} // namespace convscope
