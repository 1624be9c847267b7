// Loops of a shader that go through an array of its own, read from its SPIR-V.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace convscope {

// What keeps an array of a function in memory instead of in registers, a line each: a loop without the control Unroll,
// or with one within that has none (Mesa's compilers then leave both rolled), on whose variable an index into the array
// depends. Empty where there is none. `code` is as glslang makes it without
// optimizations: variables are loaded and stored, and a loop's blocks stand between its header and what follows it.
std::vector<std::string> rolled_loops(std::span<const std::uint32_t> code);

} // namespace convscope
