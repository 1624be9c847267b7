// Philox 4x32-10 as its authors' library computes it.
#pragma once

#include <array>
#include <cstdint>

namespace convscope::reference {

std::array<std::uint32_t, 4> philox(const std::array<std::uint32_t, 4> &counter,
                                    const std::array<std::uint32_t, 2> &key);

} // namespace convscope::reference
