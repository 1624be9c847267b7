// Weights in a safetensors file: <layer>.weight and <layer>.bias in torch's layouts, batch normalizations with
// running_mean and running_var too.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "importer/architecture.h"
#include "importer/safetensors.h"

namespace convscope {

class SafetensorsWeights {
public:
  explicit SafetensorsWeights(const std::filesystem::path &path);

  // The classes that the file's classifier tells apart; 0: it has no classifier.
  int classes() const;
  // The name of the preprocessing that the file says it was trained with, or "".
  std::string preprocessing() const { return tensors_.metadata("preprocessing"); }
  // Fills every slot, or throws UserError that names the layer that does not fit.
  void load(Architecture &net) const;

private:
  std::string file_;
  Safetensors tensors_;
  std::map<std::string, std::vector<std::string>> layers_; // layer -> its tensors' last name parts
};

} // namespace convscope
