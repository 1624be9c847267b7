// Keras's weight files (.h5). The legacy ones have a list `layer_names`, a group for each layer, its tensors in the
// order of `weight_names`, whatever they are called; whole-model files hold the same under `model_weights`. Keras 3's
// (.weights.h5) number the layers of each class in the order of the model's layers: `layers/conv2d_1/vars/0`.
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

  void list_legacy(const std::string &root);
  void list_numbered();
  // layers_ by the names that the net has for them.
  std::vector<Layer> layers_of(const Architecture &net) const;
  static const Layer *find(const std::vector<Layer> &layers, const std::string &name);

  Hdf5File file_;
  std::vector<Layer> layers_; // those that have weights
  bool numbered_ = false;     // layers_ then are called "conv2d_1"
};

} // namespace convscope
