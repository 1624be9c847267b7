#include "importer/file_mark.h"

#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "importer/file_kind.h"
#include "importer/onnx/external_data.h"

namespace convscope {

FileMark mark_file(const std::string &file) {
  FileMark mark{file, 0, ""};
  std::uint64_t hash = fnv1a_start;
  std::vector<char> block(1 << 20);
  const auto add = [&](const std::filesystem::path &part) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(part, error);
    if (status.type() == std::filesystem::file_type::not_found)
      throw UserError(path_text(part) + ": no such file");
    const bool is_file = std::filesystem::is_regular_file(status); // a device or a pipe might never end
    std::ifstream stream(part, std::ios::binary);
    if (!is_file || !stream)
      throw UserError(path_text(part) + (std::filesystem::is_directory(status) ? ": is a folder" : ": cannot be read"));
    while (stream) {
      stream.read(block.data(), static_cast<std::streamsize>(block.size()));
      const auto count = static_cast<std::size_t>(stream.gcount());
      hash = fnv1a(std::as_bytes(std::span(block.data(), count)), hash);
      mark.bytes += count;
    }
  };
  add(file);
  if (file_content(file).kind == FileKind::onnx)
    for (const std::filesystem::path &part : onnx_import::external_files(file))
      add(part);
  mark.hash = hash_text(hash);
  return mark;
}

} // namespace convscope
