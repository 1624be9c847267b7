// Keras's model files: whole-model .h5 (Keras 2 and 3) and .keras.
#pragma once

#include <filesystem>
#include <string>

#include "graph/graph.h"
#include "importer/input_choice.h"

namespace convscope {

// The net with its weights, and what the file tells of its preprocessing. UserError, which begins with the file's
// name, where the file is damaged, holds no model, or is of another kind (a weights file: the error says which zoo
// net it may go with), or has no such inputs. Layers that have no place in a Graph are Unsupported nodes.
Graph load_keras_model(const std::filesystem::path &path, const InputChoice &inputs = {});

} // namespace convscope
