// Weights that an ONNX model keeps in files beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace convscope::onnx_import {

// The file that `location` names. It stays in the model's folder, links followed: empty for any other.
std::filesystem::path external_path(const std::filesystem::path &model, const std::string &location);

// Those that the model's initializers are in, each once, in the order of the model. UserError where it is no model.
std::vector<std::filesystem::path> external_files(const std::filesystem::path &model);

} // namespace convscope::onnx_import
