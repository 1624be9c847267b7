#include "importer/zoo.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/architecture.h"
#include "importer/file_kind.h"
#include "importer/keras_weights.h"
#include "importer/manifest.h"
#include "importer/preprocessing.h"
#include "importer/safetensors_weights.h"
#include "importer/weights_folder.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;

void check_name(const std::string &model) {
  const std::vector<std::string> &names = architecture_names();
  if (std::find(names.begin(), names.end(), model) != names.end())
    return;
  const std::string hint = did_you_mean(model, names);
  throw UserError(fmt::format(
      "no model '{}'{}", model,
      hint.empty() ? fmt::format("; there are {}, and .onnx, .h5 and .keras files", fmt::join(names, ", ")) : hint));
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

// Where fetch puts Keras's files of that net: those that are there, in the manifest's order.
std::vector<fs::path> fetched_files(const ZooNet &net) {
  std::vector<fs::path> files;
  const fs::path folder = fetched_folder();
  std::error_code error;
  if (net.keras && !folder.empty())
    for (const KerasFile &each : net.keras->files)
      if (fs::is_regular_file(folder / each.file, error))
        files.push_back(folder / each.file);
  return files;
}

} // namespace

bool is_hdf5(const std::string &extension) { return extension == ".h5" || extension == ".hdf5"; }

fs::path zoo_weights(const std::string &name) {
  check_name(name);
  const fs::path folder = weights_folder();
  const Manifest manifest = zoo_manifest(folder);
  const ZooNet &net = zoo_net(manifest, folder, name);
  if (net.embedded)
    return folder / net.embedded->file;
  if (const std::vector<fs::path> fetched = fetched_files(net); !fetched.empty())
    return fetched.front();
  if (net.keras && !net.keras->files.empty())
    throw UserError(
        fmt::format("{} comes without weights: 'convscope fetch {}' gets them, or give --weights {} (from {})",
                    net.name, net.name, net.keras->files.front().file, net.keras->files.front().url));
  throw UserError(fmt::format("{} comes without weights: give --weights", net.name));
}

Graph load_zoo(const std::string &name, const fs::path &file) {
  check_name(name);
  const fs::path folder = weights_folder();
  const Manifest manifest = zoo_manifest(folder);
  const ZooNet &net = zoo_net(manifest, folder, name);
  const FileContent content = file_content(file);
  if (!content.text.empty())
    throw UserError(fmt::format("{}: {}", path_text(file), content.text));
  const std::string extension = lower_extension(file); // where the content is not known: its reader says what is wrong
  const FileKind kind = content.kind != FileKind::other ? content.kind
                        : is_hdf5(extension)            ? FileKind::hdf5
                        : extension == ".safetensors"   ? FileKind::safetensors
                                                        : FileKind::other;
  std::string preparation;
  Architecture architecture;
  if (kind == FileKind::hdf5) {
    if (!net.keras)
      throw UserError(fmt::format("--weights {}: {} takes .safetensors files", path_text(file), net.name));
    const KerasWeights weights(file);
    architecture = make_architecture(net.name, weights.classes());
    weights.load(architecture);
    preparation = net.keras->preprocessing;
  } else if (kind == FileKind::safetensors) {
    const SafetensorsWeights weights(file);
    architecture = make_architecture(net.name, weights.classes());
    weights.load(architecture);
    preparation = weights.preprocessing().empty() ? net.safetensors_preprocessing : weights.preprocessing();
  } else {
    throw UserError(fmt::format("--weights {}: {}", path_text(file),
                                kind == FileKind::onnx || kind == FileKind::keras
                                    ? "is a whole model: give it as --model"
                                    : "weights are read from .h5 and .safetensors files"));
  }
  Graph graph = std::move(architecture.graph);
  graph.input = {3, net.default_size, net.default_size};
  const auto known = named_preprocessing(preparation);
  if (!known)
    throw UserError(fmt::format("{}: asks for an unknown preprocessing '{}'", path_text(file), preparation));
  graph.preprocessing = *known;
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
    ZooEntry entry{net.name, net.description, {}, false, 0, net.default_size, "", net.note, fetched_files(net)};
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
      if (!entry.fetched.empty()) {
        entry.weights = entry.fetched.front();
        entry.bytes = fs::file_size(entry.weights, error);
        entry.works = true;
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

} // namespace convscope
