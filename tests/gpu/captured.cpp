#include "gpu/captured.h"

#include <fstream>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace convscope {

Capture read_capture(const std::filesystem::path &file) {
  std::ifstream stream(file);
  if (!stream)
    throw std::runtime_error(fmt::format("no {}", file.string()));
  Capture capture;
  std::multiset<std::string> begun;
  for (std::string line; std::getline(stream, line);) {
    const auto object = nlohmann::json::parse(line);
    const std::string kind = object.at("kind"), name = object.at("name");
    if (kind == "device") {
      capture.device = name;
      capture.statistics = object.at("statistics");
    } else if (kind == "begin") {
      begun.insert(name);
    } else {
      const auto ended = begun.find(name);
      if (ended == begun.end())
        throw std::runtime_error(fmt::format("{} ends without beginning in {}", name, file.string()));
      begun.erase(ended);
      if (kind == "failure") {
        capture.failures.push_back(name);
        continue;
      }
      CapturedPipeline pipeline{name, {}};
      for (const auto &executable : object.at("executables")) {
        Executable &taken = pipeline.executables.emplace_back();
        taken.name = executable.at("name");
        for (const auto &[what, value] : executable.at("statistics").items())
          taken.statistics[what] = value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>();
      }
      capture.pipelines.push_back(std::move(pipeline));
    }
  }
  capture.unfinished.assign(begun.begin(), begun.end());
  return capture;
}

} // namespace convscope
