// A 1x1 convolution that meets every pixel once, as a matrix product in registers, for devices whose loads cost more
// than their arithmetic (CPU drivers); with a group for each of its 16 or 36 products it is also Winograd's.
//
//   out (out_c x pixels) = weights (out_c x in_c) * in (in_c x pixels), for each image and group
//
//            pixels of one image, four a lane            weights of one step, [TILE_C][UNROLL_C]
//           q0 q1 q2 q3                                  lane 0        lane 1        lane 2   ...
//   lane 0 |===========|                                | w0 w1 w2 w3 | w4 w5 w6 w7 | ...      1st load
//   lane 1             |===========|                    | w(4 LANES) ...                       2nd load
//
// Where an image has fewer pixels than that, lanes go to SPLIT tiles of channels, PART lanes each, which share the pixels.
// A workgroup is one subgroup and does SPLIT * TILE_C channels: each vec4 that is loaded serves TILE_C * 4 products, and the four
// vec4s of a step stay in registers. Every output is bias plus the sum over the channels in that order, whatever the tile.
// The product may be some rows, from out_offset_h on, of the output, of the images from first_image on (im2col's parts).
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint SUBGROUP = 8;
layout(constant_id = 1) const uint EPILOGUE = 0;
layout(constant_id = 2) const int TILE_C = 32;     // output channels a workgroup
layout(constant_id = 3) const int UNROLL_C = 4;    // input channels a step; divides in_c
layout(constant_id = 4) const bool ALIGNED = true; // every plane begins at a multiple of 4 elements
layout(constant_id = 5) const int SPLIT = 1;       // divides SUBGROUP
layout(constant_id = 6) const bool WHOLE_WORDS = false; // of the mask, each tile's

layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, weights);
layout(binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(binding = 3) restrict buffer Output { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(4, residual);
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
#include "vector_epilogue.glsl"

const int LANES = int(SUBGROUP);
const int STEP_VECTORS = (TILE_C * UNROLL_C + 3) / 4; // weights of a step, in vec4s
const int PART = LANES / SPLIT;
const int LOADS = (STEP_VECTORS + PART - 1) / PART;

vec4 sums[TILE_C];

vec4 sum_quad(int c, int q) { return sums[c]; }
#include "store_channels.glsl"

// Of the lane's part, the first lane; and the lane's place in it. (A shuffle from a constant lane is one permutation.)
uint part_lane() { return SPLIT == 1 ? 0u : gl_SubgroupInvocationID / uint(PART) * uint(PART); }
int lane_of_part() { return int(gl_SubgroupInvocationID) % PART; }

void start(int channel) {
  float lane_bias[(TILE_C + PART - 1) / PART];
  [[unroll]] for (int j = 0; j < (TILE_C + PART - 1) / PART; ++j) {
    int mine = min(channel + j * PART + lane_of_part(), p.groups * p.out_c - 1);
    lane_bias[j] = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[mine] : 0.0;
  }
  [[unroll]] for (int c = 0; c < TILE_C; ++c)
    sums[c] = vec4(subgroupShuffle(lane_bias[c / PART], part_lane() + uint(c % PART)));
}

// `from` is the address of the lane's pixels in the first input channel, `tile` one of those of all groups.
void accumulate(int from, int tile) {
  int plane = p.in_h * p.in_w;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.groups * p.in_c * plane - 1) / 4;
  int first_weight = tile * STEP_VECTORS * (p.in_c / UNROLL_C);
  [[dont_unroll]] for (int i = 0; i < p.in_c; i += UNROLL_C, first_weight += STEP_VECTORS, from += UNROLL_C * plane) {
    vec4 lane_weights[LOADS];
    [[unroll]] for (int j = 0; j < LOADS; ++j)
      lane_weights[j] =
          FETCH(weights, first_weight + min(j * PART + lane_of_part(), STEP_VECTORS - 1));
    vec4 x[UNROLL_C];
    [[unroll]] for (int u = 0; u < UNROLL_C; ++u)
      x[u] = ALIGNED ? FETCH(inputs, (from + u * plane) / 4) : load_quad(inputs, from + u * plane, last);
    [[unroll]] for (int c = 0; c < TILE_C; ++c) {
      vec4 step_sum; // fewer additions to the large sums round less
      [[unroll]] for (int u = 0; u < UNROLL_C; ++u) {
        int e = c * UNROLL_C + u;
        float w = subgroupShuffle(lane_weights[e / 4 / PART][e % 4], part_lane() + uint(e / 4 % PART));
        step_sum = u == 0 ? w * x[u] : step_sum + w * x[u];
      }
      sums[c] += step_sum;
    }
  }
}

void main() {
  int pixels = p.out_h * p.out_w;
  int quads = (pixels + 3) / 4;
  int total = p.batch * quads;
  int quad = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * PART + lane_of_part();
  quad = min(quad, total - 1);
  int n = quad / quads;
  int pixel = quad % quads * 4;
  int tiles = (p.out_c + TILE_C - 1) / TILE_C;
  int splits = (tiles + SPLIT - 1) / SPLIT;
  int group = int(gl_WorkGroupID.y) / splits;
  int tile = int(gl_WorkGroupID.y) % splits * SPLIT + int(part_lane()) / PART;
  bool mine = quad < total && tile < tiles;
  tile = min(tile, tiles - 1);
  int first = group * p.out_c + tile * TILE_C;

  start(first);
  accumulate(p.in_base + n * p.in_batch_stride + group * p.in_c * pixels + pixel, group * tiles + tile);
  if (mine)
    store_channels(p.first_image + n, first, min(TILE_C, p.out_c - tile * TILE_C), 0, p.out_offset_h * p.out_cols + pixel,
                   min(4, pixels - pixel));
}
