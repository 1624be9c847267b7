// Half spectra on the device and the planes whose transforms they are, in place: by VkFFT, or as sums where a device
// does not take it.
#pragma once

#include <optional>

#include "params.h"
#include "plan/plan.h"
#include "visualization/fft.h"
#include "visualization/fourier_sums.h"
#include "visualization/parameterizations/planes.h"

namespace convscope {

// The plane of which an image is the middle: sides that the transform takes.
Margins spectrum_margins(int height, int width);

class Spectrum {
public:
  explicit Spectrum(const PlanesRun &run);

  const Margins &margins() const { return margins_; }
  int columns() const { return margins_.width / 2 + 1; }
  gpu::SpectrumParams params() const { return {margins_.height, margins_.width, columns(), 0, 0}; }
  std::int64_t numbers() const { return std::int64_t{margins_.height} * columns(); } // complex, a plane
  gpu::PlaneLayout layout() const;
  bool larger() const; // than the image
  void append(Plan &plan, TensorId work, bool inverse);

private:
  Shape image_;
  Margins margins_;
  std::optional<Fft> fft_;
  std::optional<FourierSums> sums_;
};

} // namespace convscope
