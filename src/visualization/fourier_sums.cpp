#include "visualization/fourier_sums.h"

#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "visualization/groups.h"

namespace convscope {
namespace {

std::vector<float> roots_of_one(int height, int width) {
  std::vector<float> roots;
  for (const int n : {height, width})
    for (int k = 0; k < n; ++k) {
      const double angle = 2 * std::numbers::pi * k / n;
      roots.push_back(static_cast<float>(std::cos(angle)));
      roots.push_back(static_cast<float>(std::sin(angle)));
    }
  return roots;
}

} // namespace

FourierSums::FourierSums(vulkan::Programs &programs, int height, int width, int planes)
    : programs_(programs), height_(height), width_(width), planes_(planes) {
  const std::vector<float> roots = roots_of_one(height, width);
  const auto bytes = std::as_bytes(std::span(roots));
  roots_ = vulkan::Buffer(programs.device(), bytes.size(), "roots of one");
  roots_.write(0, bytes);
}

void FourierSums::append(Plan &plan, TensorId work, bool inverse) const {
  const gpu::SpectrumParams params{height_, width_, width_ / 2 + 1, 0, 0};
  const std::int64_t numbers = std::int64_t{params.height} * params.columns;
  const TensorId between = plan.transient("between axes", plan.bytes(work));
  const TensorId roots = plan.external("roots of one", roots_.slice());
  const auto axis = [&](bool rows, TensorId from, TensorId to) {
    const double flops = (rows ? 4.0 * width_ : 8.0 * height_) * static_cast<double>(numbers) * planes_;
    plan.dispatch(inverse ? "fft inverse" : "fft forward",
                  programs_.get("fourier", {inverse ? 1U : 0U, rows ? 1U : 0U}), image_groups(numbers, planes_), params,
                  {reads(from), writes(to), reads(roots)}, flops);
  };
  axis(!inverse, work, between);
  axis(inverse, between, work);
}

} // namespace convscope
