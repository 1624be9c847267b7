#include "importer/zoo.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/architecture.h"
#include "importer/keras_weights.h"
#include "importer/manifest.h"
#include "importer/safetensors_weights.h"
#include "importer/weights_folder.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

bool is_hdf5(const std::string &extension) { return extension == ".h5" || extension == ".hdf5"; }

void check_name(const std::string &model) {
  const std::vector<std::string> &names = architecture_names();
  if (std::find(names.begin(), names.end(), model) != names.end())
    return;
  const std::string extension = lower_extension(model);
  if (is_hdf5(extension) || extension == ".safetensors")
    throw UserError(fmt::format("--model {}: this version builds no net from a file; give the weights of a zoo net "
                                "({}) as --model vgg16 --weights {}",
                                model, fmt::join(names, ", "), model));
  if (extension == ".onnx" || extension == ".keras")
    throw UserError(fmt::format("--model {}: this version can't read {} files; it has {}, which take --weights in "
                                ".h5 or .safetensors",
                                model, extension, fmt::join(names, ", ")));
  const std::string hint = did_you_mean(model, names);
  throw UserError(fmt::format("no model '{}'{}", model,
                              hint.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : hint));
}

Manifest zoo_manifest(const fs::path &folder) {
  if (folder.empty())
    throw UserError(
        "the folder of the zoo's weights was not found: set CONVSCOPE_WEIGHTS to the weights/ of Convscope");
  return read_manifest(folder / "manifest.json");
}

const ZooNet &zoo_net(const Manifest &manifest, const fs::path &folder, const std::string &name) {
  if (const ZooNet *net = manifest.find(name))
    return *net;
  throw UserError(fmt::format("{}: does not describe {}", (folder / "manifest.json").string(), name));
}

Preprocessing preprocessing(const Manifest &manifest, const std::string &name, const std::string &file) {
  const auto found = manifest.preprocessings.find(name);
  if (found == manifest.preprocessings.end())
    throw UserError(fmt::format("{}: asks for an unknown preprocessing '{}'", file, name));
  return found->second;
}

// Without --weights: the embedded file, or an error that names what to give.
fs::path embedded_file(const ZooNet &net, const fs::path &folder) {
  if (net.embedded)
    return folder / net.embedded->file;
  if (net.keras && !net.keras->files.empty())
    throw UserError(fmt::format("{} comes without weights: give --weights {} (from {})", net.name,
                                net.keras->files.front().file, net.keras->files.front().url));
  throw UserError(fmt::format("{} comes without weights: give --weights", net.name));
}

} // namespace

Graph load_model(const ModelRequest &request) {
  check_name(request.model);
  if (!request.input_range.empty() && request.input_range != "raw")
    throw UserError(fmt::format("--input-range '{}': the only other range is 'raw'", request.input_range));
  const fs::path folder = weights_folder();
  const Manifest manifest = zoo_manifest(folder);
  const ZooNet &net = zoo_net(manifest, folder, request.model);
  const fs::path file = request.weights.empty() ? embedded_file(net, folder) : fs::path(request.weights);

  const std::string extension = lower_extension(file);
  std::string preparation;
  Architecture architecture;
  if (is_hdf5(extension)) {
    if (!net.keras)
      throw UserError(fmt::format("--weights {}: {} takes .safetensors files", request.weights, net.name));
    const KerasWeights weights(file);
    architecture = make_architecture(net.name, weights.classes());
    weights.load(architecture);
    preparation = net.keras->preprocessing;
  } else if (extension == ".safetensors") {
    const SafetensorsWeights weights(file);
    architecture = make_architecture(net.name, weights.classes());
    weights.load(architecture);
    preparation = weights.preprocessing().empty() ? net.safetensors_preprocessing : weights.preprocessing();
  } else {
    throw UserError(fmt::format("--weights {}: weights are read from .h5 and .safetensors files", request.weights));
  }
  Graph graph = std::move(architecture.graph);
  graph.default_size = net.default_size;
  if (request.input_range.empty())
    graph.preprocessing = preprocessing(manifest, preparation, file.string());
  return graph;
}

Graph load_architecture(const std::string &name, bool with_top) {
  check_name(name);
  return make_architecture(name, with_top ? 1000 : 0).graph;
}

std::vector<ZooEntry> list_zoo() {
  const fs::path folder = weights_folder();
  std::vector<ZooEntry> entries;
  for (const ZooNet &net : zoo_manifest(folder).nets) {
    ZooEntry entry{net.name, net.description, {}, false, 0, net.default_size, "", net.note};
    std::error_code error;
    if (net.embedded) {
      entry.license = net.embedded->license;
      if (const fs::path file = folder / net.embedded->file; fs::is_regular_file(file, error)) {
        entry.weights = file;
        entry.bytes = fs::file_size(file, error);
        entry.works = true;
      }
    } else if (net.keras) {
      entry.license = net.keras->license;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> imagenet_labels() {
  const fs::path folder = weights_folder();
  const fs::path file = folder / "imagenet_labels.txt";
  std::error_code error;
  if (folder.empty() || !fs::is_regular_file(file, error))
    return {};
  const std::vector<std::uint8_t> bytes = read_file(file, 1 << 20);
  std::vector<std::string> labels = split(std::string(bytes.begin(), bytes.end()), '\n');
  for (std::string &label : labels)
    if (label.ends_with('\r'))
      label.pop_back();
  if (!labels.empty() && labels.back().empty())
    labels.pop_back();
  return labels;
}

} // namespace convscope
