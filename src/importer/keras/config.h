// A Keras model as its JSON describes it: layers and how they are called. Functional and Sequential models, nested
// ones, and both forms of inbound_nodes (Keras 2's lists and Keras 3's objects) become the same here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "importer/keras/arguments.h"

namespace convscope::keras {

struct TensorRef { // an output of one call of a layer
  std::string layer;
  int call = 0, output = 0;
};

// An argument of a call. Json moves without exceptions, but does not say so of all its parts.
struct Operand {                  // NOLINT(bugprone-exception-escape)
  std::string key;                // of one given by name, else empty
  std::vector<TensorRef> tensors; // one, or those of a list
  Json constant;                  // where there are no tensors
};
using Call = std::vector<Operand>;

struct ModelConfig;

struct LayerConfig {      // NOLINT(bugprone-exception-escape)
  std::string name, kind; // kind: the class, "Conv2D"
  bool operation = false; // one of Keras 3's bare operations (keras.ops), which is no layer
  bool foreign = false;   // the class is neither Keras's nor TensorFlow's: of its code only the name is known
  std::string wrapper{};  // the class around it, of which the rest tells nothing: "SpectralNormalization"
  std::string problem{};  // why nothing more is known of it: "its 'inbound_nodes' can't be read"; else empty
  Json arguments;
  Json built_for; // the shape of its input, where the file tells
  std::vector<Call> calls;
  std::unique_ptr<ModelConfig> model; // of a nested model
};

struct ModelConfig {
  std::string name, kind;
  std::vector<LayerConfig> layers;
  std::vector<std::string> inputs; // InputLayers
  std::vector<TensorRef> outputs;
};

// `text` is config.json's or model_config's. UserError that begins with the file's name.
ModelConfig parse_model(const std::string &file, std::string_view text);

// The batch shape that an InputLayer says, its unknown sides -1; empty where it says none.
std::vector<int> batch_shape(const Arguments &arguments);

} // namespace convscope::keras
