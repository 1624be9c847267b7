// A net that is ready for use: from the zoo or from a file, with its preprocessing and the names of its classes.
#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace convscope {

struct ModelRequest {
  std::string model;       // a zoo name, or an ONNX or Keras file
  std::string weights;     // of a zoo net: a .h5 or .safetensors file, or empty: the embedded or fetched ones
  std::string input_range; // "": as the net was trained; "raw": 0..1 as it is
  // What follows beats a file's sidecar (importer/sidecar.h), which beats what the model says of itself.
  std::optional<Preprocessing> preprocessing = {};
  std::string labels = {}; // a file with one class a line; "" for what the sidecar or the number of classes tells
  Size size = {};          // of the input; not given: the model's
  // Which planes of a picture are red, green and blue, where the net's has neither one nor three; or empty.
  std::vector<int> rgb = {};
  std::string input_name = {}; // which of a file's inputs is the picture; "": the importer finds it
  std::vector<std::pair<std::string, std::string>> set =
      {}; // values of further inputs: numbers, or names of .npy files
  bool operator==(const ModelRequest &) const = default;
};

struct Model {
  Graph graph; // at the size of its own `input`
  // Which planes of a picture are red, green and blue: 0, 1, 2 where there are three, and what the user says where
  // there are more; else empty.
  std::vector<int> rgb;
  // Where the net's file computes from the picture's size: the net at another size. Null where `graph` is right at all.
  std::function<Graph(Size)> reread;
  std::filesystem::path weights;     // the file that holds them, which is the model's where that is a file
  std::vector<std::string> labels;   // of the classes; empty where unknown
  std::filesystem::path labels_file; // "" where they come with the program
  std::string note;                  // what was guessed, for the user; "" where all is known

  // The net for an input of that size. Where that is not `graph`, its nodes may be numbered otherwise (same_node), and
  // it is there until some other sizes have been asked for.
  const Graph &at(Size size) const;

private:
  mutable std::list<Graph> sized_; // the newest first
};

// Whether the name ends as a model's file does, or is that of a file or folder and of no net of the zoo.
bool names_model_file(const std::string &model);

// The same request from any working folder.
ModelRequest absolute(ModelRequest request);

// Whether the value of a further input names a file.
bool names_array(const std::string &value);

// UserError on an unknown name, and on a file that is missing or no model.
Model load_model(const ModelRequest &request);

} // namespace convscope
