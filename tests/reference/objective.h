// What an optimized image maximizes, at its layer.
#pragma once

#include <vector>

#include "reference/tensor.h"

namespace convscope::reference {

struct Objective {
  enum class Kind { ChannelMean, Unit, MeanSquare }; // MeanSquare: of the whole layer, (c, h, w)
  Kind kind = Kind::ChannelMean;
  int channel = 0;
  int x = 0, y = 0; // of a Unit
};

// One objective an image of the layer (n, c, h, w).
std::vector<double> objective_values(const Tensor &layer, const std::vector<Objective> &objectives);
Tensor objective_gradient(const Tensor &layer, const std::vector<Objective> &objectives);

} // namespace convscope::reference
