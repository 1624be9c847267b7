// Real two-dimensional Fourier transforms on the device, in place, by VkFFT: no factor in either direction.
#pragma once

#include <memory>

#include <vulkan/vulkan.h>

#include "vulkan/device.h"

namespace convscope {

// `planes` images of height x width floats, in rows padded to 2 * (width / 2 + 1), become half spectra
// (planes, height, width / 2 + 1) of complex numbers, and back. The columns that are their own conjugates must be
// so on the way back.
class Fft {
public:
  Fft(const vulkan::Device &device, int height, int width, int planes);
  Fft(Fft &&) noexcept;
  Fft &operator=(Fft &&) noexcept;
  ~Fft();

  // Records both passes with the barrier between them. The first call of all compiles the kernels (a second or so);
  // every call must name the same buffer, which holds the planes from its beginning on.
  void append(VkCommandBuffer commands, VkBuffer buffer, bool inverse);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope
