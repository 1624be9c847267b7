// What a device can do at the most: what kernels' speeds are held against.
#pragma once

#include "vulkan/program.h"

namespace convscope {

struct Ceilings {
  double gflops = 0; // of float32, multiplications and additions that depend on little
  double gb_s = 0;   // 1e9 bytes a second, read and written one after the other
};

// Takes about a second.
Ceilings measure_ceilings(vulkan::Programs &programs);

} // namespace convscope
