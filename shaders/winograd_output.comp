// The products of a Winograd convolution become its output: (SIDE * SIDE, out_c, tiles) -> (images, out_c, out_h, out_w),
// with the epilogue. A lane does four tiles of one channel; a subgroup's lanes are neighbouring channels, so that together
// they know the words of a mask.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;
layout(constant_id = 1) const uint EPILOGUE = 0;
layout(constant_id = 2) const int TILE = 4;
layout(constant_id = 3) const bool ALIGNED = true; // every row of the output begins at a multiple of 4 elements
layout(constant_id = 4) const int KERNEL = 3;
layout(push_constant) uniform Push { WinogradParams w; };
QUAD_BUFFER(0, products);
layout(binding = 1) readonly restrict buffer Bias { float bias[]; };
layout(binding = 2) restrict buffer Output { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(3, residual);
layout(binding = 4) restrict buffer Mask { uint mask[]; };
layout(binding = 4) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
#define p w.conv
#include "vector_epilogue.glsl"
#define Elements vec4
#include "winograd.glsl"

// All lanes come here, `wanted` or not: one atomicOr serves the channels of 32 lanes, two where they lie in two words.
void write_mask(bool wanted, vec4 v, int n, int channel, int pixel, int count, int plane) {
  uint lane = gl_SubgroupInvocationID;
  int first = mask_channel(channel - int(lane % 32u), plane);
  [[unroll]] for (int r = 0; r < TILE; ++r) {
    uint bits = subgroupBallot(wanted && r < count && v[r] > p.low && v[r] < p.high)[lane / 32u];
    if (lane % 32u == 0u && bits != 0u) {
      int word = output_word(n, first, pixel + r, plane);
      atomicOr(mask[word], bits << (first % 32));
      uint rest = first % 32 == 0 ? 0u : bits >> (32 - first % 32);
      if (rest != 0u)
        atomicOr(mask[word + plane], rest);
    }
  }
}

// `count` pixels of a row.
void finish(bool wanted, vec4 v, int n, int channel, int pixel, int count, int plane) {
  if (wanted) {
    v = finish_quad(v, n, channel, pixel, count, plane);
    int of_mask = mask_channel(channel, plane);
    if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
      v = masked_quad(v, read_mask_quad(output_word(n, of_mask, pixel, plane), count), of_mask);
    store_quad(v, output_at(n, channel, pixel, plane), count);
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
    write_mask(wanted, v, n, channel, pixel, count, plane);
}

void main() {
  int quads = w.tiles / 4;
  int quad = int(gl_WorkGroupID.x);
  // Not by gl_SubgroupSize: some drivers report a larger one than they run.
  int channel = int(gl_WorkGroupID.y * LANES + gl_LocalInvocationID.x);
  bool mine = channel < p.out_c;
  int from = min(channel, p.out_c - 1);
  [[unroll]] for (int element = 0; element < SIDE * SIDE; ++element)
    tile[element] = FETCH(products, (element * p.out_c + from) * quads + quad);
  [[unroll]] for (int row = 0; row < SIDE; ++row)
    transform_output(row * SIDE, 1);
  [[unroll]] for (int column = 0; column < TILE; ++column)
    transform_output(column, SIDE);

  float start = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[from] : 0.0;
  int tiles_w = (p.out_w + TILE - 1) / TILE;
  int an_image = (p.out_h + TILE - 1) / TILE * tiles_w;
  int plane = p.out_h * p.out_w;
  [[unroll]] for (int k = 0; k < 4; ++k) {
    int index = w.first_tile + 4 * quad + k;
    int n = index / an_image;
    int ox = index % tiles_w * TILE;
    [[unroll]] for (int row = 0; row < TILE; ++row) {
      int oy = index % an_image / tiles_w * TILE + row;
      vec4 v = vec4(0);
      [[unroll]] for (int column = 0; column < TILE; ++column)
        v[column] = tile[row * SIDE + column][k] + start;
      finish(mine && n < p.batch && oy < p.out_h, v, n, channel, oy * p.out_w + ox, min(TILE, p.out_w - ox), plane);
    }
  }
}
