#include "doctor/step_cases.h"

#include <cmath>

#include <fmt/format.h>

#include "doctor/kernel_cases.h"
#include "doctor/noise.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/random.h"

namespace convscope::doctor {

std::string ParameterizationCase::key(const char *output) const {
  return fmt::format("parameters, {} > {}", name, output);
}

std::vector<ParameterizationCase> parameterization_cases() {
  return {{"Fourier, 15x14, colours", ParameterizationKind::fft, {3, 15, 14}},
          {"Fourier, 11x13, four planes", ParameterizationKind::fft, {4, 11, 13}},
          {"pixels, 9x7", ParameterizationKind::pixel, {3, 9, 7}},
          {"pyramid, 9x7", ParameterizationKind::laplacian, {3, 9, 7}},
          {"phases, 15x14", ParameterizationKind::maco, {3, 15, 14}},
          {"a net that paints, 5x4", ParameterizationKind::cppn, {3, 5, 4}},
          {"shared, 18x20", ParameterizationKind::shared, {3, 18, 20}}};
}

Recipe ParameterizationCase::recipe() const {
  Recipe by;
  set_parameterization(by, kind);
  return by;
}

std::vector<float> ParameterizationCase::parameters(std::size_t count) const {
  const double range = kind == ParameterizationKind::cppn ? 0.25 : 1; // whose layers follow one another
  if (kind != ParameterizationKind::shared)
    return noise(count, parameters_seed, -range, range);
  // What images have in common is the same in each of them; here all is.
  const std::vector<float> one = noise(count / std::size_t{batch}, parameters_seed, -range, range);
  std::vector<float> all;
  for (int n = 0; n < batch; ++n)
    all.insert(all.end(), one.begin(), one.end());
  return all;
}

Recipe DrawingCase::recipe() {
  Recipe by;
  set_parameterization(by, ParameterizationKind::cppn);
  return by;
}

std::string DrawingCase::key() { return "parameters, a net that paints, drawn at 19x7 > image"; }

Recipe OpacityCase::recipe() {
  Recipe by;
  set_parameterization(by, ParameterizationKind::pixel);
  return by;
}

std::string OpacityCase::key(const char *output) { return fmt::format("parameters, an opacity > {}", output); }

std::string TransformCase::key(const char *output) const { return fmt::format("transform, {} > {}", name, output); }

Recipe TransformCase::recipe() const {
  Recipe by;
  by.transforms = true;
  by.canvas_margin = margin;
  by.border = border;
  return by;
}

std::vector<TransformCase> transform_cases() {
  return {{"on grey", {3, 16, 13}, 12, 0, Border::grey},
          {"mirrored", {3, 9, 15}, 0, 0, Border::reflect},
          {"on grey, then resized", {3, 12, 10}, 3, 19, Border::grey}};
}

// Rotations and scales of all sizes about the centres, in plain arithmetic; floats are what both sides work with.
std::array<float, 6> transform_map(const TransformCase &of, int n) {
  constexpr std::array<std::array<double, 4>, TransformCase::batch> linear{
      {{0.875, -0.25, 0.25, 0.875}, {0.5, 1.25, -1.25, 0.5}, {-0.3125, 0.1875, -0.1875, -0.3125}}};
  const auto &a = linear.at(static_cast<std::size_t>(n));
  const double canvas_x = (of.image.w + of.margin - 1) / 2.0, canvas_y = (of.image.h + of.margin - 1) / 2.0;
  const double x = (of.image.w - 1) / 2.0 + 1.375 * n - 1, y = (of.image.h - 1) / 2.0 + 0.625 - 2 * n;
  return {
      static_cast<float>(a[0]), static_cast<float>(a[1]), static_cast<float>(x - a[0] * canvas_x - a[1] * canvas_y),
      static_cast<float>(a[2]), static_cast<float>(a[3]), static_cast<float>(y - a[2] * canvas_x - a[3] * canvas_y)};
}

Preprocessing turned_preprocessing() { return {{2, 1, 0}, {2.0F, 0.5F, 1.5F}, {-0.25F, 0.125F, 0.75F}, "turned"}; }

std::string AdamCase::key() { return "Adam, clipped > parameters"; }

Recipe AdamCase::recipe() {
  Recipe by;
  by.parameterization = ParameterizationKind::pixel;
  by.clip_norm = 1;
  return by;
}

std::vector<float> AdamCase::start() { return noise(std::size_t{batch} * 3 * height * width, 46); }

std::vector<float> AdamCase::gradient(int step) {
  const double range = step % 2 == 0 ? 0.25 : 0.0625;
  return noise(std::size_t{batch} * 3 * height * width, 47 + static_cast<unsigned>(step), -range, range);
}

std::vector<float> GalleryCase::shares() { return noise(std::size_t{images} * groups, 71, 0, 1); }

std::vector<float> GalleryCase::start() { return noise(std::size_t{images + groups} * count, 72); }

std::vector<float> GalleryCase::gradient(int step) {
  return noise(std::size_t{slots} * count, 73 + static_cast<unsigned>(step), -0.1, 0.1);
}

std::vector<int> GalleryCase::chosen(int step) { return {step % images, (step + 2) % images, (step + 3) % images}; }

std::string GalleryCase::key(const char *output) { return fmt::format("Adam, by turns > {}", output); }

std::string OptimizationCase::key(const char *output) const {
  return fmt::format("optimization, {} > {}", recipe_name, output);
}

std::vector<OptimizationCase> optimization_cases() {
  return {{"plain", {"add:1", "add:3"}, 12, 10, 0},
          // Not behind the pool: over a mirrored border its taps are equal, and rounding decides between them.
          {"article", {"conv1:2 - 0.5*conv1", "conv1:4 - 0.25*conv1"}, 12, 14, 0},
          {"lucid", {"add:1@center", "add:2@1,3"}, 10, 12, 17}};
}

Graph small_net() {
  Graph graph;
  graph.name = "a small net";
  push(graph, Input{}, {}, "input");
  const auto conv = [](int in_c, int out_c, unsigned seed) {
    Conv made = coarse_conv(in_c, out_c, square_window(3, 1, 1), seed);
    for (float &value : made.bias.own())
      value = std::abs(value); // units that are alive
    return made;
  };
  const NodeId stem = push(graph, conv(3, 6, 51), {0}, "conv1/pre");
  graph.nodes.back().layer = false;
  const NodeId conv1 = push(graph, Relu{}, {stem}, "conv1");
  const NodeId pool = push(graph, MaxPool{square_window(2, 2)}, {conv1}, "pool1");
  const NodeId conv2 = push(graph, conv(6, 6, 53), {pool}, "conv2");
  push(graph, Add{}, {conv2, pool}, "add");
  graph.preprocessing = turned_preprocessing();
  graph.input = {3, 16, 16};
  return graph;
}

std::array<std::uint32_t, 2> DrawCase::philox_key_of(int n) { return philox_key(5, fmt::format("layer:{}", n)); }

std::string DrawCase::key(const char *output) { return fmt::format("random numbers, Philox > {}", output); }

} // namespace convscope::doctor
