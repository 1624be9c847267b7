// What a convolution costs a GPU, from its shape alone: a roofline. It chooses between the definition and Winograd's
// method where nothing was measured (`convscope tune` does that).
#pragma once

#include <algorithm>

#include "params.h"

namespace convscope {

// Of one image, whatever the batch: arithmetic, two to a multiplication and addition or to an instruction in their
// place, and bytes that the device's memory gives or takes.
struct ConvWork {
  double flops, bytes;
};

// GPUs do 20 to 40 flops while they move a byte (peak float32 over memory bandwidth, as their makers tell: 20 H100, 27
// Vega 64, 31 Arc A770, 35 RTX 3060, 40 RX 6600), kernels like these some 60 % of that. A low figure speaks for the
// definition, which never moves more.
constexpr double flops_per_byte = 15;

// The time that it takes, as the bytes that would be moved meanwhile.
constexpr double roofline(const ConvWork &work) { return std::max(work.bytes, work.flops / flops_per_byte); }

// Tensors and weights once, the sums of `parts` (ConvKernel::parts) written and read.
constexpr double bytes_moved(const gpu::ConvParams &p, int parts) {
  const double in = 1.0 * p.in_c * p.in_h * p.in_w, out = 1.0 * p.out_c * p.out_h * p.out_w;
  const double weights = 1.0 * p.in_c * p.out_c * p.kernel_h * p.kernel_w;
  return 4 * p.groups * (in + weights + out * (parts > 1 ? 1 + 2 * parts : 1));
}

// By definition: shared_conv or direct_conv.
constexpr ConvWork work_by_definition(const gpu::ConvParams &p, int parts) {
  return {2.0 * p.groups * p.out_c * p.in_c * p.kernel_h * p.kernel_w * p.out_h * p.out_w, bytes_moved(p, parts)};
}

// Of a batch.
constexpr double convolution_flops(const gpu::ConvParams &p) { return p.batch * work_by_definition(p, 1).flops; }

} // namespace convscope
