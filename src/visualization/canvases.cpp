#include "visualization/canvases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "params.h"
#include "visualization/random.h"

namespace convscope {

Canvases::Canvases(const Recipe &recipe, const Shape &image, bool fixed_input, std::uint64_t seed,
                   const std::function<bool(Size)> &takes)
    : seed_(seed) {
  const Size whole{canvas_side(recipe, image.w), canvas_side(recipe, image.h)};
  if (!scales_canvas(recipe, fixed_input)) {
    all_.push_back({whole, {}});
    return;
  }
  const std::vector<double> scales = canvas_scales(recipe);
  const std::vector<double> &values = recipe.scale.values;
  Size larger = whole;
  double from_1 = std::numeric_limits<double>::infinity();
  for (auto scale = scales.rbegin(); scale != scales.rend(); ++scale) { // the largest first
    const Size size{scaled_canvas_side(recipe, image.w, *scale), scaled_canvas_side(recipe, image.h, *scale)};
    if (takes(size))
      larger = size;
    const auto first = std::find(values.begin(), values.end(), *scale);
    if (std::abs(*scale - 1) < from_1) {
      from_1 = std::abs(*scale - 1);
      middle_ = all_.size();
    }
    all_.push_back({larger, static_cast<int>(first - values.begin())});
  }
  of_value_.clear();
  for (const double value : values)
    of_value_.push_back(static_cast<std::size_t>(scales.end() - std::lower_bound(scales.begin(), scales.end(), value)) -
                        1);
}

std::size_t Canvases::drawn(int step) const {
  const auto word =
      philox({static_cast<std::uint32_t>(step), gpu::PURPOSE_TRANSFORM, 0, 0}, philox_key(seed_, "canvas"))[0];
  return of_value_[static_cast<std::size_t>((std::uint64_t{word} * of_value_.size()) >> 32)];
}

double Canvases::mean(const std::function<double(std::size_t)> &value) const {
  double sum = 0;
  for (const std::size_t canvas : of_value_)
    sum += value(canvas);
  return sum / static_cast<double>(of_value_.size());
}

} // namespace convscope
