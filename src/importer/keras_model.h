// Keras's model files: whole-model .h5 (Keras 2 and 3) and .keras.
#pragma once

#include <filesystem>
#include <string>

#include "graph/graph.h"

namespace convscope {

// The net with its weights, and what the file tells of its preprocessing. UserError, which begins with the file's
// name, where the file is damaged, holds no model, or is of another kind (a weights file: the error says which zoo
// net it may go with), or has no input `picture`. Layers that have no place in a Graph are Unsupported nodes.
// `picture`: the name of the input that is it; "": the one that looks like it.
Graph load_keras_model(const std::filesystem::path &path, const std::string &picture = "");

} // namespace convscope
