// Where a device's profile is, and reading it.
#include <exception>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "session/session.h"

namespace convscope {

namespace {

constexpr std::uint64_t most_bytes = 1U << 20;

// A driver's next version may be fast where this one is not.
std::string device_text(const vulkan::DeviceInfo &info) {
  return fmt::format("{} {} {}", info.name, info.driver, info.driver_info);
}

} // namespace

std::filesystem::path Session::profile_file() {
  return cache_folder() / fmt::format("convolutions-{}.txt", hash_text(device_text(device().info())));
}

const ConvProfile *Session::profile() {
  if (!profile_) {
    profile_.emplace();
    const std::filesystem::path file = profile_file();
    std::error_code failed;
    if (std::filesystem::is_regular_file(file, failed)) {
      try {
        const std::vector<std::uint8_t> bytes = read_file(file, most_bytes);
        *profile_ = ConvProfile::parse({bytes.begin(), bytes.end()}, device_text(device().info()));
      } catch (const std::exception &) { // it counts as broken
      }
      if (!*profile_)
        profile_note_ = fmt::format("{}: is no profile of this device and is ignored; 'convscope tune' makes a new one",
                                    path_text(file));
    }
  }
  return *profile_ ? &**profile_ : nullptr;
}

std::string Session::profile_hash() {
  const ConvProfile *const found = profile();
  return found ? hash_text(found->text(device_text(device().info()))) : "";
}

void Session::check_profile_file() {
  const std::filesystem::path file = profile_file(), folder = file.parent_path();
  if (folder.empty())
    throw UserError("no folder to keep a profile in: set CONVSCOPE_CACHE");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw UserError(fmt::format("{}: can't be made: {}", path_text(folder), error.message()));
  check_writable(file);
}

void Session::save_profile(const ConvProfile &measured) {
  const std::filesystem::path file = profile_file();
  check_profile_file();
  write_file_atomically(file, measured.text(device_text(device().info())));
  profile_.emplace(measured);
}

} // namespace convscope
