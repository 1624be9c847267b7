// A model's configuration and weights as a Graph.
#pragma once

#include <cstdint>
#include <string>

#include "graph/graph.h"
#include "importer/hdf5_file.h"
#include "importer/input_choice.h"
#include "importer/keras/config.h"

namespace convscope::keras {

struct ModelFile {
  std::string name; // for errors
  ModelConfig model;
  int keras_version = 3;      // major
  std::string weights_root{}; // group of the model's weights in the HDF5 file
  std::int64_t bytes = 0;     // of that file
  InputChoice inputs{};
};

// UserError that names the file and the layer where something is damaged or does not fit; what is not supported
// becomes an Unsupported node.
Graph import_model(const ModelFile &file, const Hdf5File &weights);

} // namespace convscope::keras
