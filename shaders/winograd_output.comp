// The products of a Winograd convolution become its output: (SIDE * SIDE, out_c, tiles) -> (images, out_c, out_h, out_w),
// with the epilogue. A lane does four tiles of one channel; a subgroup's lanes are neighbouring channels.
//
// Words of a mask belong to pixels, with a bit for each of 32 channels. A lane gathers its channel's bits of LANES pixels in a
// word, and bits change sides: then it has those of LANES channels of one pixel, and one atomicOr stores LANES pixels.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
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

#include "bit_transpose.glsl"
#include "winograd_tiles.glsl"
const int PIXELS = 4 * TILE * TILE; // of four tiles: tile by tile, row by row
const int WORDS = (PIXELS + int(LANES) - 1) / int(LANES);
uint open[WORDS]; // the channel's bits of the mask, LANES pixels each

// The mask's word of the pixel that is this lane's of LANES, in the channels from `channel` on; -1 beyond the picture.
int lane_word(int i, int channel, Place places[4], int plane) {
  int pixel = i * int(LANES) + int(gl_SubgroupInvocationID);
  Place at = places[0];
  [[unroll]] for (int k = 1; k < 4; ++k)
    if (pixel / (TILE * TILE) == k)
      at = places[k];
  int y = at.y + pixel % (TILE * TILE) / TILE, x = at.x + pixel % TILE;
  bool inside = pixel < PIXELS && at.n < p.batch && y < p.out_h && x < p.out_w;
  return inside ? output_word(at.n, channel, y * p.out_w + x, plane) : -1;
}

void read_mask(int first, Place places[4], int plane) {
  [[unroll]] for (int i = 0; i < WORDS; ++i) {
    int word = lane_word(i, first, places, plane);
    uint bits = 0u;
    if (word >= 0) {
      bits = mask[word] >> (first % 32);
      if (first % 32 + int(LANES) > 32 && first / 32 + 1 < (p.out_batch_stride / plane + 31) / 32)
        bits |= mask[word + plane] << (32 - first % 32);
    }
    open[i] = transpose_bits(bits);
  }
}

void write_mask(int first, Place places[4], int plane) {
  [[unroll]] for (int i = 0; i < WORDS; ++i) {
    int word = lane_word(i, first, places, plane);
    uint bits = transpose_bits(open[i]);
    if (word >= 0 && bits != 0u) {
      atomicOr(mask[word], bits << (first % 32));
      uint rest = first % 32 == 0 ? 0u : bits >> (32 - first % 32);
      if (rest != 0u)
        atomicOr(mask[word + plane], rest);
    }
  }
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
  int plane = p.out_h * p.out_w;
  int first = mask_channel(int(gl_WorkGroupID.y * LANES), plane); // all lanes come to masks, with a channel or without
  Place places[4];
  places[0] = place_of(w.first_tile + 4 * quad);
  [[unroll]] for (int k = 1; k < 4; ++k)
    places[k] = next_place(places[k - 1]);
  [[unroll]] for (int i = 0; i < WORDS; ++i)
    open[i] = 0u;
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
    read_mask(first, places, plane);
  [[unroll]] for (int k = 0; k < 4; ++k)
    [[unroll]] for (int row = 0; row < TILE; ++row) {
      Place at = places[k];
      int pixel = (at.y + row) * p.out_w + at.x, count = min(TILE, p.out_w - at.x);
      int bit = (k * TILE + row) * TILE;
      vec4 v = vec4(0);
      [[unroll]] for (int column = 0; column < TILE; ++column)
        v[column] = tile[row * SIDE + column][k] + start;
      if (mine && at.n < p.batch && at.y + row < p.out_h) {
        v = finish_quad(v, at.n, channel, pixel, count, plane);
        [[unroll]] for (int column = 0; column < TILE; ++column) {
          uint flag = 1u << ((bit + column) % int(LANES));
          if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
            v[column] = (open[(bit + column) / int(LANES)] & flag) != 0u ? v[column] : 0.0;
          if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0 && v[column] > p.low && v[column] < p.high)
            open[(bit + column) / int(LANES)] |= flag;
        }
        store_finished(v, at.n, channel, pixel, count, plane);
      }
    }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
    write_mask(first, places, plane);
}
