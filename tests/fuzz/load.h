// What the fuzz targets do with their bytes: a file, which a reader loads or refuses with a UserError of one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "base/error.h"

namespace convscope {

template <typename Load> int load_bytes(const std::uint8_t *data, std::size_t size, const char *extension, Load load) {
  static const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("convscope-fuzz-" + std::to_string(getpid()) + extension);
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(size));
  try {
    load(path);
  } catch (const UserError &error) {
    if (std::string(error.what()).find('\n') != std::string::npos)
      std::abort();
  }
  return 0;
}

} // namespace convscope
