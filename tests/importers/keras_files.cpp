#include "importers/keras_files.h"

#include <fstream>
#include <iterator>

#include <zip.h>

namespace convscope {

Json keras_tensor(const std::string &layer, int call) {
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"shape", {nullptr, 4, 4, 3}}, {"keras_history", Json::array({layer, call, 0})}}}};
}

Json keras_layer(const std::string &kind, const std::string &name, Json arguments,
                 const std::vector<std::string> &from) {
  Json tensors = Json::array();
  for (const std::string &layer : from)
    tensors.push_back(keras_tensor(layer));
  const Json argument = tensors.size() == 1 ? tensors[0] : tensors;
  Json nodes = Json::array();
  if (!from.empty())
    nodes.push_back({{"args", Json::array({argument})}, {"kwargs", Json::object()}});
  arguments["name"] = name;
  return {{"module", "keras.layers"},
          {"class_name", kind},
          {"config", std::move(arguments)},
          {"name", name},
          {"inbound_nodes", nodes}};
}

Json keras_input(const std::string &name, const Json &batch_shape) {
  return keras_layer("InputLayer", name, {{"batch_shape", batch_shape}});
}

Json keras2_layer(const std::string &kind, const std::string &name, Json arguments,
                  const std::vector<std::string> &from) {
  Json node = Json::array();
  for (const std::string &layer : from)
    node.push_back(Json::array({layer, 0, 0, Json::object()}));
  arguments["name"] = name;
  return {
      {"class_name", kind}, {"config", std::move(arguments)}, {"name", name}, {"inbound_nodes", Json::array({node})}};
}

Json keras_operation(const std::string &kind, const std::string &name, const Json &arguments) {
  return {{"module", "keras.src.ops.numpy"},
          {"class_name", kind},
          {"config", {{"name", name}}},
          {"name", name},
          {"inbound_nodes", Json::array({{{"args", arguments}, {"kwargs", Json::object()}}})}};
}

Json keras_functional(const std::string &name, const std::vector<Json> &layers, const std::string &input,
                      const std::string &output) {
  return {{"module", "keras.src.models.functional"},
          {"class_name", "Functional"},
          {"config",
           {{"name", name},
            {"layers", layers},
            {"input_layers", Json::array({input, 0, 0})},
            {"output_layers", Json::array({output, 0, 0})}}},
          {"name", name}};
}

Json keras_sequential(const std::string &name, const std::vector<Json> &layers) {
  return {{"module", "keras"},
          {"class_name", "Sequential"},
          {"config", {{"name", name}, {"layers", layers}}},
          {"name", name}};
}

void write_zip(const std::filesystem::path &path, const std::vector<std::pair<std::string, std::string>> &entries,
               bool packed) {
  zip_t *zip = zip_open(path.string().c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  ASSERT_NE(zip, nullptr);
  for (const auto &[name, content] : entries) {
    const zip_int64_t index =
        zip_file_add(zip, name.c_str(), zip_source_buffer(zip, content.data(), content.size(), 0), 0);
    ASSERT_GE(index, 0);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

void write_keras(const std::filesystem::path &path, const Json &config, const std::vector<H5Tensor> &tensors,
                 bool packed) {
  const std::filesystem::path weights = path.string() + ".weights.h5";
  {
    H5Writer writer(weights);
    writer.group("/layers");
    for (const H5Tensor &tensor : tensors)
      writer.dataset("/" + tensor.name, tensor);
  }
  std::ifstream stream(weights, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  write_zip(
      path,
      {{"metadata.json", R"({"keras_version": "3.1.0"})"}, {"config.json", config.dump()}, {"model.weights.h5", bytes}},
      packed);
}

void write_keras_h5(const std::filesystem::path &path, const Json &config, const std::vector<H5Layer> &layers,
                    const std::string &version) {
  H5Writer writer(path);
  writer.layers("/model_weights", layers);
  writer.text("/", "model_config", config.dump());
  writer.text("/", "keras_version", version);
}

std::vector<float> counted_values(std::size_t count, float first, float step) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = first + step * static_cast<float>(i);
  return values;
}

} // namespace convscope
