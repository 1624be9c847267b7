// The back ends of a convolution: for each, which shader, how its weights are packed, how it is dispatched.
// Forward and input gradient are the same kernels; plan/network.cpp turns both into ConvParams.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "params.h"
#include "plan/conv_work.h"

namespace convscope::vulkan {
struct DeviceInfo;
}

namespace convscope {

struct ConvKernel {
  // (groups*out_c, in_c, kernel_h, kernel_w), as ONNX and PyTorch store it, as the shader reads it. It depends on
  // shapes alone, never on the batch; so does the order of additions: a unit alone equals itself in a batch. What it
  // gives are words: the shader may take them for something else than floats.
  using Pack = std::function<std::vector<float>(std::span<const float> weights)>;

  std::string shader;                    // name of the embedded SPIR-V, as in shaders/<name>.comp
  std::vector<std::uint32_t> constants;  // specialization constants 0, 1, 2, ...
  std::array<std::uint32_t, 3> groups{}; // workgroups
  Pack pack;
  std::string packing; // tells packings apart that depend on the size of the map
  int parts = 1;       // of the sums: where there are several, finish_parts comes after it
  bool halves = false; // whether it reads the packed weights as half-precision floats, two in a word
};

// A net that runs at several sizes has its weights packed once: `sized` are the params at the size that decides how.

// Bindings of every convolution shader: 0 input, 1 weights, 2 bias (groups*out_c), 3 output, 4 residual, 5 mask.

// Registers hold the tile, weights are loaded lane-wise and handed to all lanes by subgroupShuffle: for CPU drivers,
// whose loads cost more than their arithmetic. Any kernel size, stride, dilation, groups.
ConvKernel broadcast_conv(const gpu::ConvParams &params, const gpu::ConvParams &sized, std::uint32_t epilogue,
                          std::uint32_t subgroup_size);

// Whether every pixel of the output's planes is one of its positions: not of a phase of a gradient.
bool writes_whole_planes(const gpu::ConvParams &params);
// Whether its rows begin and end with whole vec4s of the output.
bool writes_whole_quads(const gpu::ConvParams &params);

// The same for 1x1 convolutions that meet every pixel once (is_matrix_product), at twice the speed.
bool is_matrix_product(const gpu::ConvParams &params);
ConvKernel gemm_conv(const gpu::ConvParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size);
std::vector<float> pack_gemm(const gpu::ConvParams &params, std::span<const float> weights);
// The same tile by tile: output channels of a tile, as equal as can be (the last may have fewer); what all take, zeros
// to begin with; and one tile of one group, from its (channels, in_c) weights.
int gemm_tile_channels(const gpu::ConvParams &params);
std::size_t packed_gemm_floats(const gpu::ConvParams &params);
void pack_gemm_tile(const gpu::ConvParams &params, std::size_t group, std::size_t tile, const float *weights,
                    std::span<float> packed);

// For CPU drivers, where every output channel has one input channel (is_depthwise): small kernels of any stride.
bool is_depthwise(const gpu::ConvParams &params);
ConvKernel depthwise_conv(const gpu::ConvParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size);
// The adjoint of such a convolution with strides, all its phases at once: `params` are adjoint_params', weights the
// convolution's own.
bool has_depthwise_adjoint(const gpu::ConvParams &forward);
ConvKernel depthwise_adjoint(const gpu::ConvParams &params, std::uint32_t epilogue, std::uint32_t subgroup_size);

// What a workgroup of shaders/conv_shared.comp does at once: a thread thread_m x thread_n sums (multiples of 4).
struct SharedTile {
  int lanes_m, lanes_n, thread_m, thread_n;
  int unroll = 16;   // of the 16 input channels of a step, those whose products are unrolled; a divisor
  bool ahead = true; // the next step's tile is loaded while this one is multiplied: into registers
  int channels() const { return lanes_m * thread_m; }
  int positions() const { return lanes_n * thread_n; }
  int threads() const { return lanes_m * lanes_n; }
};
// All of them, the largest first; and the one for a device and a shape. Never by the batch.
std::span<const SharedTile> shared_tiles();
SharedTile shared_tile(const gpu::ConvParams &params, const vulkan::DeviceInfo &device);

// Implicit GEMM through shared memory: for GPUs. Any kernel size, stride, dilation, groups. Small maps with long sums
// have these cut in parts, so that there is work for a whole device: the output then is (parts, images, groups*out_c,
// out_h, out_w), and finish_parts makes the convolution's of it (bindings: 0 parts, 1 bias, 2 output, 3 residual,
// 4 mask); `whole` leaves sums whole. What one channel gives stays in one part, and as many parts are made as for
// `channels_of_net` outputs, so that sums are the same where only some channels are computed. `halves` as ConvKernel's.
ConvKernel shared_conv(const gpu::ConvParams &params, int channels_of_net, std::uint32_t epilogue,
                       const SharedTile &tile, bool halves, bool whole = false);
ConvKernel finish_parts(const gpu::ConvParams &params, std::uint32_t epilogue, int parts);

// Winograd's F(2x2,3x3) in one kernel: for GPUs, where winograd_applies (plan/winograd.h) and workgroups may be large
// enough. Sums of few tiles and many channels are cut in parts, as shared_conv's are.
bool winograd_fused_applies(const gpu::ConvParams &params, const vulkan::DeviceInfo &device);
ConvKernel winograd_fused_conv(const gpu::ConvParams &params, int channels_of_net, std::uint32_t epilogue,
                               const vulkan::DeviceInfo &device);
ConvWork winograd_fused_work(const gpu::ConvParams &params, const vulkan::DeviceInfo &device);
// Whether it is clearly less work than the definition, whose sums have so many parts.
bool winograd_fused_pays(const gpu::ConvParams &params, const vulkan::DeviceInfo &device, int parts_by_definition);

// Implicit GEMM of halves: the weights, and the inputs on their way to shared memory, each scaled by powers of two, so
// that values of any size keep their 11 bits. For GPUs; any shape, though what has fewer than 16 channels is padded to
// that. `parts` and `whole` as shared_conv's. By cooperative matrices, with float32 sums:
bool matrices_fit(const vulkan::DeviceInfo &device);
ConvKernel matrix_conv(const gpu::ConvParams &params, const gpu::ConvParams &sized, std::uint32_t epilogue,
                       const vulkan::DeviceInfo &device, bool whole = false);
// or in packed arithmetic, whose sums go over to float32 after 8 products:
bool halves_fit(const vulkan::DeviceInfo &device);
bool halves_pay(const vulkan::DeviceInfo &device); // by what compilers make of them
ConvKernel half_conv(const gpu::ConvParams &params, const gpu::ConvParams &sized, std::uint32_t epilogue,
                     const vulkan::DeviceInfo &device, bool whole = false);

// One thread an output position, few channels: stems, their gradients, depthwise. Any shape.
ConvKernel direct_conv(const gpu::ConvParams &params, std::uint32_t epilogue);

} // namespace convscope
