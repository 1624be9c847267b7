// What a file is by its content, whatever its name ends in.
#pragma once

#include <filesystem>
#include <string>

namespace convscope {

enum class FileKind {
  onnx,
  keras, // a zip archive that is a .keras file, or whose list of entries is lost
  hdf5,
  safetensors,
  other,
};

struct FileContent {
  FileKind kind = FileKind::other;
  // Of another kind that is known: "is a Git LFS pointer, ...: ...", with what to do; else empty.
  std::string text{};
  bool is_plain_text = false; // of no kind that begins in a way of its own
};

// UserError where there is no such file, or it can't be read; a folder is of kind `other`.
FileContent file_content(const std::filesystem::path &path);

} // namespace convscope
