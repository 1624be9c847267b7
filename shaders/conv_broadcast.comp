// Convolution with its tile in registers, for devices whose loads cost more than their arithmetic (CPU drivers).
//
// A workgroup is one subgroup. A lane owns a horizontal run of RUN output pixels, in TILE_C channels:
//
//             pixels of one image row                 weights of one step, [TILE_C][UNROLL_C][TAPS]
//           r0 r1 r2 ... RUN-1                        lane 0        lane 1        lane 2   ...
//   lane 0 |==================|                      | w0 w1 w2 w3 | w4 w5 w6 w7 | ...          1st load
//   lane 1                    |==================|   | w(4 LANES) ...                           2nd load
//   lane 2 |==================| (the next row; rows of all images follow one another)
//
// A step is one row of one input channel: the lane loads the window that its run sees through TAPS kernel columns, once,
// and each weight reaches all lanes by a subgroupShuffle from a constant lane. (On llvmpipe that is one permutation, where
// subgroupBroadcast first searches for the first active lane. A load from a storage buffer is a loop over the lanes there;
// four floats of a texel buffer cost half of one float from that: hence the texels.)
// Every output is bias plus the sum over (channel, ky, kx) in that order, whatever the tile.
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
layout(constant_id = 2) const int RUN = 8;       // pixels a lane
layout(constant_id = 3) const int TILE_C = 16;   // output channels a workgroup
layout(constant_id = 4) const int TAPS = 3;      // kernel columns a step; divides KERNEL_W
layout(constant_id = 5) const int KERNEL_H = 3;
layout(constant_id = 6) const int KERNEL_W = 3;
layout(constant_id = 7) const int STRIDE_H = 1;
layout(constant_id = 8) const int STRIDE_W = 1;
layout(constant_id = 9) const int DILATION_H = 1;
layout(constant_id = 10) const int DILATION_W = 1;
layout(constant_id = 11) const int SHIFT = -1;   // every window starts at an address of this remainder by 4; -1: any
layout(constant_id = 12) const bool ALIGNED = false; // the output's runs are whole quads at multiples of 4 elements
layout(constant_id = 13) const int STEP = 1;     // columns of the output from a pixel to the next
const bool WHOLE_WORDS = false; // of the mask: its tiles are mostly narrower

layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, weights);
layout(binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(binding = 3) restrict buffer Output { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(4, residual);
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "vector_epilogue.glsl"

const int LANES = int(SUBGROUP);
const int STEP_VECTORS = (TILE_C * TAPS + 3) / 4; // weights of a step, in vec4s
const int LOADS = (STEP_VECTORS + LANES - 1) / LANES;
#include "window.glsl"

float sums[TILE_C * RUN];
float step_sums[RUN]; // of one channel: fewer additions to the large sums round less
vec4 lane_weights[LOADS];

vec4 sum_quad(int c, int q) {
  vec4 v = vec4(0);
  [[unroll]] for (int r = 0; r < 4; ++r)
    if (4 * q + r < RUN)
      v[r] = sums[c * RUN + 4 * q + r];
  return v;
}
#include "store_channels.glsl"

// Sums begin with the bias, which the lanes load together and share.
void start(int channel) {
  float lane_bias[(TILE_C + LANES - 1) / LANES];
  [[unroll]] for (int j = 0; j < (TILE_C + LANES - 1) / LANES; ++j) {
    int mine = min(channel + j * LANES + int(gl_SubgroupInvocationID), p.groups * p.out_c - 1);
    lane_bias[j] = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[mine] : 0.0;
  }
  [[unroll]] for (int c = 0; c < TILE_C; ++c)
    [[unroll]] for (int r = 0; r < RUN; ++r)
      sums[c * RUN + r] = subgroupShuffle(lane_bias[c / LANES], uint(c % LANES));
}

void accumulate(int n, int group, int oy, int ox) {
  int lane = int(gl_SubgroupInvocationID);
  int plane = p.in_h * p.in_w;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.groups * p.in_c * plane - 1) / 4;
  int from = p.in_base + n * p.in_batch_stride + group * p.in_c * plane;
  int first_weight = int(gl_WorkGroupID.y) * STEP_VECTORS * p.in_c * KERNEL_H * (KERNEL_W / TAPS);
  [[dont_unroll]] for (int i = 0; i < p.in_c; ++i, from += plane)
    [[dont_unroll]] for (int ky = 0; ky < KERNEL_H; ++ky) {
      int iy = oy * STRIDE_H - p.pad_top + ky * DILATION_H;
      uint columns = uint(iy) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside the input has no columns
      [[dont_unroll]] for (int kx = 0; kx < KERNEL_W; kx += TAPS, first_weight += STEP_VECTORS) {
        [[unroll]] for (int j = 0; j < LOADS; ++j)
          lane_weights[j] = FETCH(weights, first_weight + min(j * LANES + lane, STEP_VECTORS - 1));
        load_window(from + iy * p.in_w, ox * STRIDE_W - p.pad_left + kx * DILATION_W, columns, last);
        [[unroll]] for (int e = 0; e < TILE_C * TAPS; ++e) {
          float w = subgroupShuffle(lane_weights[e / 4 / LANES][e % 4], uint(e / 4 % LANES));
          [[unroll]] for (int r = 0; r < RUN; ++r) {
            float product = w * in_window(r * STRIDE_W + e % TAPS * DILATION_W);
            step_sums[r] = e % TAPS == 0 ? product : step_sums[r] + product;
            if (e % TAPS == TAPS - 1)
              sums[e / TAPS * RUN + r] += step_sums[r];
          }
        }
      }
    }
}

void main() {
  int runs = (p.out_w + RUN - 1) / RUN; // a row
  int total = p.batch * p.out_h * runs;
  int run = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * SUBGROUP + gl_SubgroupInvocationID);
  bool mine = run < total;
  run = min(run, total - 1);
  int ox = run % runs * RUN;
  int oy = run / runs % p.out_h;
  int n = run / runs / p.out_h;
  int tiles = (p.out_c + TILE_C - 1) / TILE_C;
  int group = int(gl_WorkGroupID.y) / tiles;
  int tile = int(gl_WorkGroupID.y) % tiles;

  start(group * p.out_c + tile * TILE_C);
  accumulate(n, group, oy, ox);
  int pixel = (oy * p.out_step_h + p.out_offset_h) * p.out_cols + ox * STEP + p.out_offset_w;
  [[unroll]] for (int q = 0; q < (RUN + 3) / 4; ++q) {
    int count = min(min(4, RUN - 4 * q), p.out_w - ox - 4 * q);
    if (mine && count > 0)
      store_channels(n, group * p.out_c + tile * TILE_C, min(TILE_C, p.out_c - tile * TILE_C), q, pixel + 4 * q * STEP,
                     count);
  }
}
