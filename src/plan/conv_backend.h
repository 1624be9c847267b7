// The back ends of a convolution, and how exact they have to be.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace convscope {

// A back end asked for that can't do a shape leaves it to the automatic choice.
enum class ConvBackend { automatic, broadcast, gemm, depthwise, shared, direct, winograd2, winograd4 };

inline constexpr std::array<std::string_view, 8> backend_names = {"automatic", "broadcast", "gemm",      "depthwise",
                                                                  "shared",    "direct",    "winograd2", "winograd4"};
constexpr std::string_view backend_name(ConvBackend backend) {
  return backend_names[static_cast<std::size_t>(backend)];
}

// fp32: every convolution by its definition. fast: 3x3 ones by Winograd's method where that is faster, which rounds
// more.
enum class Precision { fp32, fast };
constexpr const char *precision_name(Precision precision) { return precision == Precision::fp32 ? "fp32" : "fast"; }

} // namespace convscope
