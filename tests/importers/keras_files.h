// Writes Keras's model files, and broken ones, for tests.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "importers/h5_writer.h"

namespace convscope {

using Json = nlohmann::json;

// The batch_shape of pictures of 8x8.
inline const Json small_picture = Json::array({nullptr, 8, 8, 3});

// One layer of a configuration as Keras 3 writes it; reads the layers `from`.
Json keras_layer(const std::string &kind, const std::string &name, Json arguments = Json::object(),
                 const std::vector<std::string> &from = {});
Json keras_input(const std::string &name, const Json &batch_shape);
// The same layer with Keras 2's inbound_nodes.
Json keras2_layer(const std::string &kind, const std::string &name, Json arguments,
                  const std::vector<std::string> &from);
Json keras_operation(const std::string &kind, const std::string &name, const Json &arguments);
// An argument of a call: the output of that layer.
Json keras_tensor(const std::string &layer, int call = 0);
Json keras_functional(const std::string &name, const std::vector<Json> &layers, const std::string &input,
                      const std::string &output);
Json keras_sequential(const std::string &name, const std::vector<Json> &layers);

// Tensors by their path in model.weights.h5: {"layers/conv2d/vars/0", {3, 3, 3, 8}, values}.
void write_keras(const std::filesystem::path &path, const Json &config, const std::vector<H5Tensor> &tensors,
                 bool packed = false);
// Entries as they are, as Keras writes them, or packed.
void write_zip(const std::filesystem::path &path, const std::vector<std::pair<std::string, std::string>> &entries,
               bool packed = false);
void write_keras_h5(const std::filesystem::path &path, const Json &config, const std::vector<H5Layer> &layers,
                    const std::string &version = "3.1.0");

// first, first + step, ...
std::vector<float> counted_values(std::size_t count, float first = 0, float step = 1);

} // namespace convscope
