// Keras 3's .keras file: a zip archive of config.json, metadata.json and model.weights.h5.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "importer/hdf5_driver.h"

namespace convscope::keras {

class Zip;

// Open for as long as its weights are read.
class Archive {
public:
  // UserError that begins with the file's name where it is no such archive, damaged, or claims more than it can hold.
  explicit Archive(const std::filesystem::path &path);
  ~Archive();

  const std::string &config() const { return config_; }
  const std::string &metadata() const { return metadata_; } // "" where there is none
  // An HDF5 file: read where it lies, if it is stored as it is, as Keras does; else unpacked in memory.
  const ByteSource &weights() const { return weights_; }

private:
  std::unique_ptr<Zip> zip_;
  std::string config_, metadata_;
  std::vector<std::uint8_t> unpacked_;
  ByteSource weights_;
};

} // namespace convscope::keras
