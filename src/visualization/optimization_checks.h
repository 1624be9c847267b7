// What an optimization is given, checked, and made to fit the canvases that its steps have. All throw UserError.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "visualization/objective.h"
#include "visualization/optimization.h"
#include "visualization/parameterization.h"
#include "vulkan/device.h"

namespace convscope {

double checked_lr(double lr);
int checked_side(int side, int otherwise); // `otherwise`: where none is given
std::vector<Objective> checked_batch(std::vector<Objective> objectives);

inline Shape with_planes(int planes, Size size) { return {planes, size.height, size.width}; }

// infer_shapes()'s, of these layers.
std::vector<Shape> shapes_of(const Graph &graph, const std::vector<NodeId> &layers, Shape input);
// Of the layers that the objectives are of, which are to be had there.
std::vector<Shape> checked_shapes(const Graph &graph, const std::vector<Objective> &objectives, Shape input);
// The same objectives on a canvas of another size, whose graph and shapes `other` ones are.
std::vector<Objective> objectives_at(const std::vector<Objective> &objectives, const Graph &graph,
                                     const std::vector<Shape> &shapes, const Graph &other,
                                     const std::vector<Shape> &other_shapes);

// Kernels bind whole tensors. The net looks after its own.
void check_room(const vulkan::DeviceInfo &device, std::int64_t floats, int batch, const Shape &image);
// Whether images can have an opacity.
void check_opacity(const OptimizationOptions &options);
// The parameters to start from, one set an image.
std::vector<float> checked_init(const Array &init, const Parameterization &parameterization, int batch);
// The spectrum of PlanesRun, or null where none is given.
const Array *checked_spectrum(const OptimizationOptions &options, int planes);
// A picture that terms compare with, once an image; empty where it is not needed.
std::vector<float> checked_picture(const std::optional<Array> &picture, bool needed, const char *name,
                                   const Objective &objective, int batch, const Shape &image);

} // namespace convscope
