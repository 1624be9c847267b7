// What a dispatch must bind, read from a compute shader's SPIR-V.
#pragma once

#include <cstdint>
#include <span>

namespace convscope::vulkan {

struct ShaderInterface {
  std::uint32_t bindings = 0;   // the highest binding of set 0, plus 1
  std::uint32_t texels = 0;     // bit i: binding i is a samplerBuffer of vec4s, not a storage buffer
  bool matrices = false;        // whether it has cooperative matrices
  std::uint32_t push_bytes = 0; // to the end of the last member, rounded up to 4
};

// Throws std::logic_error where the code is damaged or uses another descriptor set than 0.
ShaderInterface reflect(std::span<const std::uint32_t> code);

} // namespace convscope::vulkan
