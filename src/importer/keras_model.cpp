#include "importer/keras_model.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "importer/file_kind.h"
#include "importer/hdf5_file.h"
#include "importer/keras/archive.h"
#include "importer/keras/importer.h"
#include "importer/keras/weights.h"
#include "importer/weights_check.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

// "2.15.0" -> 2; 3 where it can't be read.
int major_version(const std::string &text) {
  return !text.empty() && text[0] >= '1' && text[0] <= '9' ? text[0] - '0' : 3;
}

std::string version_in(const std::string &metadata) {
  const auto json = keras::Json::parse(metadata, nullptr, false);
  const auto found = json.is_object() ? json.find("keras_version") : json.end();
  return json.is_object() && found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Graph load_archive(const fs::path &path, const InputChoice &inputs) {
  const keras::Archive archive(path);
  const std::string name = path_text(path);
  keras::ModelFile file{name, keras::parse_model(name, archive.config())};
  file.keras_version = major_version(version_in(archive.metadata()));
  file.bytes = static_cast<std::int64_t>(archive.weights().size);
  file.inputs = inputs;
  const Hdf5File weights(name, archive.weights());
  return keras::import_model(file, weights);
}

// What a file without a model is, so that its owner knows what to do with it.
[[noreturn]] void fail_without_model(const Hdf5File &file, const std::string &name) {
  if (!file.has_attribute("", "layer_names") && !file.has_attribute("", "layer_names0") && !file.has("layers") &&
      !file.has("_layer_checkpoint_dependencies"))
    throw UserError(fmt::format("{}: is not a Keras model: it has no 'model_config'", name));
  const std::string owner = zoo_net_of(keras::text_list(file, "", "layer_names"));
  const std::string hint = owner.empty() ? "give the whole model, as model.save() writes it, or a zoo net (vgg16, "
                                           "resnet50v2) with --weights"
                                         : fmt::format("give --model {} --weights {}", owner, name);
  throw UserError(fmt::format("{}: holds weights alone, not the net that they belong to: {}", name, hint));
}

Graph load_hdf5(const fs::path &path, const InputChoice &inputs) {
  const Hdf5File weights(path);
  const std::string name = path_text(path);
  if (!weights.has_attribute("", "model_config"))
    fail_without_model(weights, name);
  keras::ModelFile file{name, keras::parse_model(name, weights.text("", "model_config"))};
  if (weights.has_attribute("", "keras_version"))
    file.keras_version = major_version(weights.text("", "keras_version"));
  file.weights_root = "model_weights";
  file.inputs = inputs;
  if (!weights.has("model_weights"))
    throw UserError(fmt::format("{}: has a net, but no weights", name));
  std::error_code error;
  file.bytes = static_cast<std::int64_t>(fs::file_size(path, error));
  return keras::import_model(file, weights);
}

} // namespace

Graph load_keras_model(const fs::path &path, const InputChoice &inputs) {
  std::error_code error; // of which its reader tells
  const FileKind kind = fs::is_regular_file(path, error) ? file_content(path).kind : FileKind::other;
  const bool archive = kind == FileKind::keras || (kind != FileKind::hdf5 && lower_extension(path) == ".keras");
  return archive ? load_archive(path, inputs) : load_hdf5(path, inputs);
}

} // namespace convscope
