// What a dispatch must bind, read from a compute shader's SPIR-V.
#pragma once

#include <cstdint>
#include <span>

namespace convscope::vulkan {

struct ShaderInterface {
  std::uint32_t bindings = 0;     // the highest binding of set 0, plus 1
  std::uint32_t texels = 0;       // bit i: binding i is a samplerBuffer of vec4s, not a storage buffer
  bool matrices = false;          // whether it has cooperative matrices
  std::uint32_t push_bytes = 0;   // to the end of the last member, rounded up to 4
  std::uint64_t invocations = 0;  // of a workgroup
  std::uint64_t shared_bytes = 0; // of its shared memory
  // The axis whose workgroups count on where those of x end (gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x):
  // 1 or 2; 0 where gl_NumWorkGroups is not used; -1 where other components are, or x in no such
  // sum: of such a shader no program is made.
  int layer_axis = 0;
  bool doubles = false; // whether it computes in float64
};

// Throws std::logic_error where the code is damaged or uses another descriptor set than 0.
// `constants` are specialization constants 0, 1, 2, ...; those that are not given have their defaults.
ShaderInterface reflect(std::span<const std::uint32_t> code, std::span<const std::uint32_t> constants = {});

} // namespace convscope::vulkan
