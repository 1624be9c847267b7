#include "importer/manifest.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"

namespace convscope {

namespace {

using nlohmann::json;

KerasSource parse_keras(const json &entry) {
  KerasSource source{entry.at("preprocessing"), entry.at("license"), {}};
  const auto folder = entry.at("url").get<std::string>();
  for (const json &file : entry.at("files")) {
    const auto name = file.at("file").get<std::string>();
    source.files.push_back({name, file.at("md5"), folder + name, file.at("top")});
  }
  return source;
}

ZooNet parse_net(const json &entry) {
  ZooNet net;
  net.name = entry.at("name");
  net.description = entry.at("description");
  net.note = entry.at("note");
  net.default_size = entry.at("default_size");
  net.safetensors_preprocessing = entry.at("safetensors_preprocessing");
  if (const auto embedded = entry.find("embedded"); embedded != entry.end())
    net.embedded = {embedded->at("file"), embedded->at("sha256"), embedded->at("source"), embedded->at("license")};
  if (const auto keras = entry.find("keras"); keras != entry.end())
    net.keras = parse_keras(*keras);
  return net;
}

} // namespace

const ZooNet *Manifest::find(std::string_view name) const {
  const auto found = std::find_if(nets.begin(), nets.end(), [&](const ZooNet &net) { return net.name == name; });
  return found == nets.end() ? nullptr : &*found;
}

Manifest read_manifest(const std::filesystem::path &path) {
  const std::vector<std::uint8_t> bytes = read_file(path, 1 << 20);
  try {
    const json root = json::parse(bytes.begin(), bytes.end());
    Manifest manifest;
    for (const json &entry : root.at("nets"))
      manifest.nets.push_back(parse_net(entry));
    return manifest;
  } catch (const json::exception &error) {
    throw UserError(fmt::format("{}: is damaged: {}", path.string(), error.what()));
  }
}

} // namespace convscope
