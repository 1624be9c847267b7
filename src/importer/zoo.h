// The nets that have a name: vgg16, alexnet, resnet50v2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

struct ZooEntry {
  std::string name, description;
  std::filesystem::path weights; // the embedded file, else a fetched one, else empty
  bool works = false;            // without --weights
  std::uintmax_t bytes = 0;      // of the weights file
  int default_size = 224;
  std::string license;                        // of the weights
  std::string note;                           // what the user should know: what is missing, which file to give
  std::vector<std::filesystem::path> fetched; // files of Keras's that 'fetch' has brought
};

// The file with the net's weights: embedded, or fetched. UserError where the zoo has no such net, or no weights of it
// are here; it says how to get them.
std::filesystem::path zoo_weights(const std::string &name);

// The net with the weights of that file, and the preprocessing that goes with them. UserError on an unknown name, a
// missing or unsuitable file.
Graph load_zoo(const std::string &name, const std::filesystem::path &file);

// The net without weights: layers, shapes and parameters are known, weights vectors are empty.
Graph load_architecture(const std::string &name, bool with_top = false);

std::vector<ZooEntry> list_zoo();

// ".h5" or ".hdf5".
bool is_hdf5(const std::string &extension);

} // namespace convscope
