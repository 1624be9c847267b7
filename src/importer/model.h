// A net that is ready for use: from the zoo or from a file, with its preprocessing and the names of its classes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

struct ModelRequest {
  std::string model;       // a zoo name, or a .onnx, .h5 or .keras file
  std::string weights;     // of a zoo net: a .h5 or .safetensors file, or empty: the embedded or fetched ones
  std::string input_range; // "": as the net was trained; "raw": 0..1 as it is
  // What follows beats a file's sidecar (importer/sidecar.h), which beats what the model says of itself.
  std::optional<Preprocessing> preprocessing = {};
  std::string labels = {}; // a file with one class a line; "" for what the sidecar or the number of classes tells
  int size = 0;            // of the square input; 0: the model's
  bool operator==(const ModelRequest &) const = default;
};

struct Model {
  Graph graph;
  std::filesystem::path weights;     // the file that holds them, which is the model's where that is a file
  std::vector<std::string> labels;   // of the classes; empty where unknown
  std::filesystem::path labels_file; // "" where they come with the program
  std::string note;                  // what was guessed, for the user; "" where all is known
};

// Whether the name ends as a model's file does.
bool names_model_file(const std::string &model);

// The same request from any working folder.
ModelRequest absolute(ModelRequest request);

// UserError on an unknown name, and on a file that is missing or no model.
Model load_model(const ModelRequest &request);

} // namespace convscope
