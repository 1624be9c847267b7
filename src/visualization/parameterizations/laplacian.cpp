// `laplacian`: the parameters are tensors of four sizes, the planes' and each half the one before; the planes are their
// sum.
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/pyramid.h"

namespace convscope {

namespace {

constexpr int levels = 4;

std::vector<Pyramid::Level> levels_of(int height, int width) {
  std::vector<Pyramid::Level> all;
  for (int n = 0; n < levels; ++n)
    all.push_back({(height + (1 << n) - 1) >> n, (width + (1 << n) - 1) >> n});
  return all;
}

std::int64_t size_of(int planes, int height, int width) {
  std::int64_t size = 0;
  for (const Pyramid::Level &level : levels_of(height, width))
    size += std::int64_t{planes} * level.height * level.width;
  return size;
}

class LaplacianPlanes : public Planes {
public:
  explicit LaplacianPlanes(const PlanesRun &run)
      : Planes(run), pyramid_(run, levels_of(run.image.h, run.image.w), 0,
                              static_cast<int>(size_of(run.image.c, run.image.h, run.image.w)), false) {}

  std::vector<std::int64_t> shape(std::int64_t batch) const override {
    return {batch, size_of(run_.image.c, run_.image.h, run_.image.w)};
  }
  bool in_place() const override { return false; }
  std::vector<Own> own() const override {
    std::vector<float> table = pyramid_.table();
    const std::size_t size = table.size();
    // The planes have a tensor of their own: `work` is that of their gradient.
    return {{"levels", size, std::move(table)},
            {"planes", std::size_t(run_.batch) * std::size_t(run_.image.elements()), {}}};
  }
  TensorId append_planes(Plan &plan, const PlanesTensors &tensors) override {
    pyramid_.append(plan, tensors.parameters, tensors.own[0], tensors.own[1], layout(), 1, false);
    return tensors.own[1];
  }
  void append_gradient(Plan &plan, const PlanesTensors &tensors) override {
    pyramid_.append_gradient(plan, tensors.work, tensors.own[0], tensors.gradient, layout(), 1);
  }

private:
  Pyramid pyramid_;
};

} // namespace

std::unique_ptr<Planes> laplacian_planes(const PlanesRun &run) { return std::make_unique<LaplacianPlanes>(run); }

// All of it in the finest level: the others are changes from there.
Array laplacian_inverse(const Recipe &, const Array &planes) {
  const int count = static_cast<int>(planes.shape[0]), height = static_cast<int>(planes.shape[1]),
            width = static_cast<int>(planes.shape[2]);
  Array result{{1, size_of(count, height, width)}, {}};
  result.data.assign(planes.data.begin(), planes.data.end());
  result.data.resize(static_cast<std::size_t>(result.shape[1]));
  return result;
}

} // namespace convscope
