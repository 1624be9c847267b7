// The nets that have a name: vgg16, alexnet, resnet50v2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

struct ModelRequest {
  std::string model;       // a zoo name
  std::string weights;     // a .h5 or .safetensors file, or empty: the embedded ones
  std::string input_range; // "": as the net was trained; "raw": 0..1 as it is
  bool operator==(const ModelRequest &) const = default;
};

struct ZooEntry {
  std::string name, description;
  std::filesystem::path weights; // of the embedded weights, or empty
  bool works = false;            // without --weights
  std::uintmax_t bytes = 0;      // of the weights file
  int default_size = 224;
  std::string license; // of the weights
  std::string note;    // what the user should know: what is missing, which file to give
};

// The net with its weights and preprocessing. UserError on an unknown name, a missing or unsuitable weights file.
Graph load_model(const ModelRequest &request);

// The net without weights: layers, shapes and parameters are known, weights vectors are empty.
Graph load_architecture(const std::string &name, bool with_top = false);

std::vector<ZooEntry> list_zoo();

// The 1000 ImageNet classes in the order of Keras's and torchvision's heads; empty where the file is not found.
std::vector<std::string> imagenet_labels();

} // namespace convscope
