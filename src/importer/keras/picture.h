// Which of a model's inputs is the picture.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "graph/graph.h"
#include "importer/keras/importer.h"

namespace convscope::keras {

struct Picture {
  std::size_t input = 0; // index into ModelConfig::inputs
  Shape shape;           // its own; sides that the model leaves open are those that such nets are trained at
  bool whole = false;    // whether its elements are whole numbers, which is to say 0..255
};

// The one that the user names, else the first that takes colour pictures, else the first that takes grey ones, else
// another. UserError where there is neither.
Picture find_picture(const ModelFile &file);

// The value of a further input: what the user says, or what a mask or a number of that name usually is, which `assumed`
// then tells. Nothing where neither tells, or its shape is not known.
std::optional<Constant> further_input(const ModelFile &file, std::size_t index, const Picture &picture,
                                      std::string &assumed);

// Whether some layer says that channels come first.
bool says_channels_first(const ModelConfig &model);

} // namespace convscope::keras
