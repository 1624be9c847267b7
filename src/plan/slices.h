// A tensor as slices along some of its axes, for the kernels of shaders/slices.glsl.
#pragma once

#include <array>
#include <cstdint>

#include "graph/graph.h"
#include "params.h"

namespace convscope {

struct Slices {
  gpu::SliceParams params{};
  std::uint32_t neighbours = 1; // slices a workgroup
  std::array<std::uint32_t, 3> groups{};
};

// Of each image: one slice for each place along the other axes, of all elements along these; with c among them, one for
// each of `channel_groups`. How many share a workgroup hangs on the kind of device and an image's shape, of which these
// may be some channels (Node::channels_of_net).
Slices slices_along(const Shape &shape, Axes axes, int batch, bool cpu, int channel_groups = 1, double epsilon = 0,
                    int channels_of_net = 0);

} // namespace convscope
