// What Fft does, by sums over whole rows and columns in place of VkFFT's kernels, for devices that do not take those
// (Quirk::no_vkfft). Of an image's H x W pixels it takes H + W multiplications each, still little beside a net's.
#pragma once

#include "plan/plan.h"

namespace convscope {

class FourierSums {
public:
  FourierSums(vulkan::Programs &programs, int height, int width, int planes);
  // In `work`, as Fft says. This object outlives the plan's recordings.
  void append(Plan &plan, TensorId work, bool inverse) const;

private:
  vulkan::Programs &programs_;
  int height_, width_, planes_;
  vulkan::Buffer roots_;
};

} // namespace convscope
