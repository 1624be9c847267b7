// What the capture library wrote of a program's pipelines (capture/report.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace convscope {

struct Executable {
  std::string name;
  std::map<std::string, double> statistics; // as the driver names them
};

struct CapturedPipeline {
  std::string name; // the shader and its constants: "conv_shared[1,2]"
  std::vector<Executable> executables;
};

struct Capture {
  std::string device;
  bool statistics = false; // does the driver tell any?
  std::vector<CapturedPipeline> pipelines;
  std::vector<std::string> failures;   // pipelines that the driver refused
  std::vector<std::string> unfinished; // at which it crashed
};

// Throws where the file is missing or damaged.
Capture read_capture(const std::filesystem::path &file);

} // namespace convscope
