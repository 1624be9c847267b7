// `pixel`: the parameters are the planes.
#include "visualization/parameterizations/forms.h"

namespace convscope {

namespace {

class PixelPlanes : public Planes {
public:
  using Planes::Planes;

  std::vector<std::int64_t> shape(std::int64_t batch) const override {
    return {batch, run_.image.c, run_.image.h, run_.image.w};
  }
  TensorId append_planes(Plan &, const PlanesTensors &tensors) override { return tensors.parameters; }
  void append_gradient(Plan &, const PlanesTensors &) override {}
};

} // namespace

std::unique_ptr<Planes> pixel_planes(const PlanesRun &run) { return std::make_unique<PixelPlanes>(run); }

Array pixel_inverse(const Recipe &, const Array &planes) {
  return {{1, planes.shape[0], planes.shape[1], planes.shape[2]}, planes.data};
}

} // namespace convscope
