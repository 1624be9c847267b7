// Keras's legacy weight files (.h5): a list `layer_names`, a group for each layer, its tensors in the order of
// `weight_names`, whatever they are called. Whole-model files hold the same under `model_weights`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "importer/architecture.h"
#include "importer/hdf5_file.h"

namespace convscope {

class KerasWeights {
public:
  explicit KerasWeights(const std::filesystem::path &path);

  // The classes that the file's classifier tells apart; 0: it has no classifier.
  int classes() const;
  // Fills every slot, or throws UserError that names the layer that does not fit.
  void load(Architecture &net) const;

private:
  struct Layer {
    std::string name;                 // as Convscope calls it
    std::vector<std::string> tensors; // paths in the file, in Keras's order
  };

  std::vector<std::string> text_list(const std::string &group, const std::string &attribute) const;
  const Layer *find(const std::string &name) const;

  Hdf5File file_;
  std::vector<Layer> layers_; // those that have weights
};

} // namespace convscope
