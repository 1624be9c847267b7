// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace convscope {

class Safetensors {
public:
  // Checks the whole header before it returns. UserError names the file and, where one is at fault, the tensor.
  static Safetensors open(const std::filesystem::path &path);
  Safetensors(std::vector<std::uint8_t> bytes, std::string file);

  // Metadata by key, or "".
  std::string metadata(const std::string &key) const;
  bool has(const std::string &tensor) const { return tensors_.contains(tensor); }
  std::vector<std::string> names() const; // sorted
  const std::vector<std::int64_t> &shape(const std::string &tensor) const { return find(tensor).shape; }
  // F16, BF16 or F32 as float.
  std::vector<float> read(const std::string &name) const;

private:
  enum class Type { f16, bf16, f32 };
  struct Tensor {
    Type type;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0; // within the data
  };

  const Tensor &find(const std::string &tensor) const;
  [[noreturn]] void fail(const std::string &what) const;
  void parse_header(std::uint64_t length);
  void check_coverage() const;

  std::string file_;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t data_ = 0; // where the data begins
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Tensor> tensors_;
};

} // namespace convscope
