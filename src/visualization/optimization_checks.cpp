#include "visualization/optimization_checks.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/natural_spectrum.h"

namespace convscope {

namespace {

constexpr int largest_side = 4096; // far above what a device has room for

} // namespace

double checked_lr(double lr) {
  if (!std::isfinite(lr) || lr <= 0 || !std::isfinite(static_cast<float>(lr)) || static_cast<float>(lr) == 0)
    throw UserError(fmt::format("the learning rate must be a positive number, not {}", lr));
  return lr;
}

int checked_side(int side, int otherwise) {
  if (side == 0)
    side = otherwise;
  if (side < 1 || side > largest_side)
    throw UserError(fmt::format("an image's side is 1 to {} pixels, not {}", largest_side, side));
  return side;
}

std::vector<Objective> checked_batch(std::vector<Objective> objectives) {
  if (objectives.empty())
    throw UserError("no objective to optimize");
  return objectives;
}

std::vector<Objective> objectives_at(const std::vector<Objective> &objectives, const Graph &graph,
                                     const std::vector<Shape> &shapes, const Graph &other,
                                     const std::vector<Shape> &other_shapes) {
  std::vector<Shape> of_same(shapes.size());
  for (const NodeId layer : layers_of(objectives[0]))
    of_same[std::size_t(layer)] = other_shapes[std::size_t(same_node(graph, layer, other))];
  std::vector<Objective> moved;
  for (const Objective &objective : objectives)
    moved.push_back(same_objective(at_size(objective, shapes, of_same), graph, other));
  return moved;
}

std::vector<Shape> shapes_of(const Graph &graph, const std::vector<NodeId> &layers, Shape input) {
  std::vector<Shape> shapes(graph.nodes.size());
  for (const NodeId layer : layers)
    shapes[std::size_t(layer)] = infer_shapes(graph, input, layer)[std::size_t(layer)];
  return shapes;
}

std::vector<Shape> checked_shapes(const Graph &graph, const std::vector<Objective> &objectives, Shape input) {
  std::vector<Shape> shapes = shapes_of(graph, layers_of(objectives[0]), input);
  for (const Objective &objective : objectives)
    check_objective(objective, graph, shapes);
  return shapes;
}

void check_room(const vulkan::DeviceInfo &device, std::int64_t floats, int batch, const Shape &image) {
  const double needed = double(floats) * batch * sizeof(float);
  const auto limit = double(device.max_binding());
  if (needed > limit)
    throw UserError(fmt::format("{} of {}x{} pixels needs {:.0f} MB in one piece, where {} takes {:.0f} MB",
                                batch == 1 ? "an image" : fmt::format("a batch of {} images", batch), image.w, image.h,
                                needed * 1e-6, device.name, limit * 1e-6));
}

void check_opacity(const OptimizationOptions &options) {
  if (options.opacity && options.gallery)
    throw UserError("--alpha: images that take turns have no opacity");
}

std::vector<float> checked_init(const Array &init, const Parameterization &parameterization, int batch) {
  const bool shared = !init.shape.empty() && init.shape[0] == 1;
  const auto wanted = parameterization.shape(shared ? 1 : batch);
  if (init.shape != wanted)
    throw UserError(fmt::format("the parameters to start from have the shape ({}), where ({}) is needed",
                                fmt::join(init.shape, ", "), fmt::join(wanted, ", ")));
  if (!std::all_of(init.data.begin(), init.data.end(), [](float v) { return std::isfinite(v); }))
    throw UserError("the parameters to start from hold a number that is not finite");
  std::vector<float> values;
  for (int n = 0; n < (shared ? batch : 1); ++n)
    values.insert(values.end(), init.data.begin(), init.data.end());
  return values;
}

const Array *checked_spectrum(const OptimizationOptions &options, int planes) {
  if (!options.spectrum)
    return nullptr;
  check_spectrum(*options.spectrum, planes, "the spectrum");
  return &*options.spectrum;
}

std::vector<float> checked_picture(const std::optional<Array> &picture, bool needed, const char *name,
                                   const Objective &objective, int batch, const Shape &image) {
  if (!needed)
    return {};
  if (!picture)
    throw UserError(fmt::format("objective '{}' compares with a picture: --{} is required", objective.text, name));
  if (picture->shape != std::vector<std::int64_t>{image.c, image.h, image.w})
    throw UserError(fmt::format("the {} picture's shape is ({}), where the image's is ({}, {}, {})", name,
                                fmt::join(picture->shape, ", "), image.c, image.h, image.w));
  std::vector<float> all;
  for (int n = 0; n < batch; ++n)
    all.insert(all.end(), picture->data.begin(), picture->data.end());
  return all;
}

} // namespace convscope
