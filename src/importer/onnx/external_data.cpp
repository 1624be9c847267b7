#include "importer/onnx/external_data.h"

#include <algorithm>
#include <system_error>

#include "importer/onnx/model_file.h"

namespace convscope::onnx_import {

namespace fs = std::filesystem;

fs::path external_path(const fs::path &model, const std::string &location) {
  const fs::path relative(location);
  if (location.empty() || relative.has_root_path())
    return {};
  for (const fs::path &part : relative)
    if (part == "..")
      return {};
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::absolute(model).parent_path(), error);
  const fs::path file = error ? fs::path() : fs::weakly_canonical(folder / relative, error);
  if (error)
    return {};
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end() && rest != file.end() ? file : fs::path();
}

std::vector<fs::path> external_files(const fs::path &model) {
  ModelFile file(model);
  std::vector<fs::path> files;
  for (const onnx::TensorProto &tensor : file.graph().initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
      continue;
    for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
      if (entry.key() != "location")
        continue;
      const fs::path found = external_path(model, entry.value());
      std::error_code error;
      if (!found.empty() && fs::is_regular_file(found, error) &&
          std::find(files.begin(), files.end(), found) == files.end())
        files.push_back(found);
    }
  }
  return files;
}

} // namespace convscope::onnx_import
