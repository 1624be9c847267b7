// What a file's content was when something was made from it.
#pragma once

#include <cstdint>
#include <string>

namespace convscope {

struct FileMark {
  std::string file; // "" for the embedded weights
  std::uint64_t bytes = 0;
  std::string hash; // 64-bit FNV-1a, hexadecimal
  bool operator==(const FileMark &) const = default;
};
// With an ONNX model's files of weights. UserError where one can't be read.
FileMark mark_file(const std::string &file);

} // namespace convscope
