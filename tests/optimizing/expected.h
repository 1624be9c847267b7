// What a step draws and what the net gets, in double: the random numbers as shaders/philox.glsl makes them, the maps
// that follow from a recipe, the preprocessing and its adjoint.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <utility>

#include "graph/graph.h"
#include "params.h"
#include "reference/philox.h"
#include "reference/tensor.h"
#include "reference/transform.h"
#include "visualization/recipe.h"

namespace convscope {

inline double drawn(const Draw &draw, std::uint32_t word) {
  if (draw.uniform)
    return draw.values[0] + (draw.values[1] - draw.values[0]) * (word >> 8) * 0x1p-24;
  return draw.values[(std::uint64_t{word} * draw.values.size()) >> 32];
}

// Box and Muller's.
inline std::pair<double, double> normal_pair(std::uint32_t first, std::uint32_t second) {
  const double radius = std::sqrt(-2 * std::log(((first >> 8) + 1) * 0x1p-24));
  const double angle = 2 * std::numbers::pi * ((second >> 8) * 0x1p-24);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

// How far a crop's centre is from the image's, along one side.
inline double crop_offset(double deviation, double normal, double image, double side) {
  const double room = std::max(0.5 * (image - side), 0.0);
  return std::clamp(deviation * image * normal, -room, room);
}

// Canvas pixel -> image, in that step; `shared`: the scale of all images, which the canvas has, too.
inline reference::Affine drawn_map(const Recipe &recipe, int step, std::array<std::uint32_t, 2> key, int h, int w,
                                   std::uint32_t view = 0, std::optional<double> shared = {}) {
  const auto a = reference::philox({std::uint32_t(step), gpu::PURPOSE_TRANSFORM, 0, view}, key);
  const auto b = reference::philox({std::uint32_t(step), gpu::PURPOSE_TRANSFORM, 1, view}, key);
  const double angle = drawn(recipe.rotation, a[3]) * std::numbers::pi / 180;
  double scale = shared ? *shared : drawn(recipe.scale, a[2]), x = drawn(recipe.jitter, a[0]),
         y = drawn(recipe.jitter, a[1]);
  if (recipe.crops > 0) {
    const auto c = reference::philox({std::uint32_t(step), gpu::PURPOSE_TRANSFORM, 2, view}, key);
    const double side = drawn(recipe.crop_side, c[0]) * std::min(h, w);
    const auto [first, second] = normal_pair(c[1], c[2]);
    scale *= std::min(canvas_side(recipe, h), canvas_side(recipe, w)) / side;
    x += crop_offset(recipe.crop_deviation, first, w, side);
    y += crop_offset(recipe.crop_deviation, second, h, side);
  }
  const double c = std::cos(angle) / scale, s = std::sin(angle) / scale;
  // Moving the canvas by jitter_after before the linear part is moving the image by its image.
  const double jx = drawn(recipe.jitter_after, b[0]), jy = drawn(recipe.jitter_after, b[1]);
  return reference::centred_affine({c, -s, s, c}, c * jx - s * jy + x, s * jx + c * jy + y, h, w,
                                   shared ? scaled_canvas_side(recipe, h, scale) : canvas_side(recipe, h),
                                   shared ? scaled_canvas_side(recipe, w, scale) : canvas_side(recipe, w));
}

// Four normal numbers of one Philox block.
inline std::array<double, 4> normals(std::uint32_t block, std::array<std::uint32_t, 2> key) {
  const auto words = reference::philox({block, gpu::PURPOSE_INIT, 0, 0}, key);
  const auto [first, second] = normal_pair(words[0], words[1]);
  const auto [third, fourth] = normal_pair(words[2], words[3]);
  return {first, second, third, fourth};
}

inline reference::Tensor preprocessed(const reference::Tensor &image, const Preprocessing &by, bool shift = true) {
  reference::Tensor result = image;
  for (int n = 0; n < image.n; ++n)
    for (int c = 0; c < image.c; ++c)
      for (int y = 0; y < image.h; ++y)
        for (int x = 0; x < image.w; ++x)
          result.at(n, c, y, x) = image.at(n, by.source[std::size_t(c)], y, x) * by.scale[std::size_t(c)] +
                                  (shift ? by.shift[std::size_t(c)] : 0.0F);
  return result;
}

inline reference::Tensor preprocessed_adjoint(const reference::Tensor &grad, const Preprocessing &by) {
  reference::Tensor result(grad.n, grad.c, grad.h, grad.w);
  for (int n = 0; n < grad.n; ++n)
    for (int c = 0; c < grad.c; ++c)
      for (int y = 0; y < grad.h; ++y)
        for (int x = 0; x < grad.w; ++x)
          result.at(n, by.source[std::size_t(c)], y, x) += grad.at(n, c, y, x) * by.scale[std::size_t(c)];
  return result;
}

} // namespace convscope
