// Where a model file keeps each layer's weights, in its three layouts: Keras's legacy lists of names (`layer_names`,
// `weight_names`), Keras 3's numbered variables (`layers/conv2d_1/vars/0`), and the same as tf.keras 2.13 wrote it
// (`_layer_checkpoint_dependencies/conv2d_1/vars/0`).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "importer/hdf5_file.h"
#include "importer/keras/config.h"

namespace convscope::keras {

class ModelWeights {
public:
  // Of the file's outermost model. `root` is "model_weights" in a whole-model .h5, else "". All must outlive it.
  ModelWeights(const Hdf5File &file, const std::string &root, const ModelConfig &model);

  // Paths in the file, in Keras's order; empty where the layer has none there.
  std::vector<std::string> tensors(const LayerConfig &layer) const;
  // Of a nested model's layers.
  ModelWeights nested(const LayerConfig &model) const;

private:
  explicit ModelWeights(const Hdf5File &file) : file_(file) {}
  void number(const std::string &root, const ModelConfig &model);

  const Hdf5File &file_;
  bool numbered_ = false;
  std::map<std::string, std::string> groups_; // of each layer
  // Of a nested model in the legacy layout, which lists all its layers' tensors together. Each is known by its name:
  // ".../conv1/kernel".
  bool pooled_ = false;
  std::vector<std::string> pool_;
};

// One layer's tensors, taken in Keras's order.
class LayerWeights {
public:
  // `budget`: bytes that may still be read, of all layers together. All must outlive it.
  LayerWeights(const Hdf5File &file, const std::string &layer, std::vector<std::string> tensors, std::int64_t &budget)
      : file_(file), layer_(layer), tensors_(std::move(tensors)), budget_(budget) {}

  std::size_t left() const { return tensors_.size() - next_; }
  // The next tensor's. UserError where there is none.
  std::vector<std::int64_t> shape(const std::string &what) const;
  // The next tensor, finite. UserError where it is missing or has another shape.
  std::vector<float> take(const std::string &what, const std::vector<std::int64_t> &expected);
  // The same, transposed: as a matrix of `columns` columns, with the rows' map (importer/keras_layout.h).
  std::vector<float> take_transposed(const std::string &what, const std::vector<std::int64_t> &expected,
                                     std::size_t columns, Shape map = {});
  void skip() { ++next_; }
  std::int64_t taken() const { return taken_; } // values

private:
  [[noreturn]] void fail(const std::string &what) const;
  // Checks the next tensor, which then counts as taken. Its number of values.
  std::int64_t claim(const std::string &what, const std::vector<std::int64_t> &expected);
  const Hdf5File &file_;
  const std::string &layer_;
  std::vector<std::string> tensors_;
  std::int64_t &budget_;
  std::size_t next_ = 0;
  std::int64_t taken_ = 0;
};

// A list of texts that Keras cut in parts where it was too long for one attribute: layer_names0, layer_names1, ...
std::vector<std::string> text_list(const Hdf5File &file, const std::string &group, const std::string &attribute);

// The name that Keras 3 gives to the group of a layer of that class: "BatchNormalization" -> "batch_normalization".
std::string snake_case(const std::string &kind);

} // namespace convscope::keras
