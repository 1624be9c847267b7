// The back ends of a convolution, and how exact they have to be.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace convscope {

// A back end asked for that can't do a shape leaves it to the automatic choice.
enum class ConvBackend {
  automatic,
  broadcast,
  gemm,
  depthwise,
  shared,
  shared16,
  direct,
  winograd2,
  winograd4,
  columns,
  winograd_fused,
  matrix,
  half
};

inline constexpr std::array<std::string_view, 13> backend_names = {
    "automatic", "broadcast", "gemm",    "depthwise",      "shared", "shared16", "direct",
    "winograd2", "winograd4", "columns", "winograd_fused", "matrix", "half"};
constexpr std::string_view backend_name(ConvBackend backend) {
  return backend_names[static_cast<std::size_t>(backend)];
}

// fp32: every convolution by its definition. fast: 3x3 ones by Winograd's method where that is faster, which rounds
// more. fp16: by their definition; where arithmetic is most of the work, by cooperative matrices or in packed
// arithmetic of 16 bits; with weights of 16 bits where those are most of what a GPU reads. Sums are float32 as ever,
// but for the few products that packed arithmetic adds up first.
enum class Precision { fp32, fast, fp16 };

inline constexpr std::array<const char *, 3> precision_names = {"fp32", "fast", "fp16"};
constexpr const char *precision_name(Precision precision) {
  return precision_names[static_cast<std::size_t>(precision)];
}
constexpr std::optional<Precision> precision_of(std::string_view name) {
  for (std::size_t i = 0; i < precision_names.size(); ++i)
    if (name == precision_names[i])
      return static_cast<Precision>(i);
  return std::nullopt;
}

} // namespace convscope
