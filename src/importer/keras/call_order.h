// In which order the calls of a model's layers can run.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "importer/keras/config.h"

namespace convscope::keras {

struct CallStep {
  std::size_t layer, call; // indices into ModelConfig::layers and LayerConfig::calls; an InputLayer has one call
};

// Each call after those that it reads, otherwise in the file's order. UserError where a layer is there twice or reads
// its own output.
std::vector<CallStep> call_order(const std::string &file, const ModelConfig &model);

} // namespace convscope::keras
