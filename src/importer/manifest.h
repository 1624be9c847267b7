// weights/manifest.json: where each zoo net's weights come from, their licenses, and how their input is prepared.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convscope {

struct EmbeddedWeights {
  std::string file, sha256, source, license;
};

struct KerasFile {
  std::string file, md5, url;
  bool top = false; // has the classifier
};

struct KerasSource {
  std::string preprocessing, license;
  std::vector<KerasFile> files;
};

struct ZooNet {
  std::string name, description, note;
  int default_size = 224;
  std::string safetensors_preprocessing; // of safetensors files that do not name their own
  std::optional<EmbeddedWeights> embedded;
  std::optional<KerasSource> keras;
};

struct Manifest {
  std::vector<ZooNet> nets;

  const ZooNet *find(std::string_view name) const; // nullptr where there is none
};

// UserError naming the file where it is missing or damaged.
Manifest read_manifest(const std::filesystem::path &path);

} // namespace convscope
