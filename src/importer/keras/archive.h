// Keras 3's .keras file: a zip archive of config.json, metadata.json and model.weights.h5, read into memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace convscope::keras {

struct Archive {
  std::string config, metadata;
  std::vector<std::uint8_t> weights; // an HDF5 file
};

// UserError that begins with the file's name where it is no such archive, damaged, or claims more than it can hold.
Archive read_archive(const std::filesystem::path &path);

} // namespace convscope::keras
