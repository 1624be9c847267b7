// The input of a Winograd convolution, window by window: (images, in_c, in_h, in_w) -> (SIDE * SIDE, in_c, tiles).
// A lane does four tiles of one channel.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;
layout(constant_id = 1) const int TILE = 4;
layout(constant_id = 2) const int SHIFT = -1; // every window's rows start at an address of this remainder by 4; -1: any
layout(constant_id = 3) const int KERNEL = 3;
layout(constant_id = 4) const int TOGETHER = 1; // 4 where a lane's four tiles lie in one row, so that their windows are one
layout(push_constant) uniform Push { WinogradParams w; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) writeonly restrict buffer Transformed { vec4 transformed[]; };
#include "texels.glsl"
#define Elements vec4
#include "winograd.glsl"
#define p w.conv
#include "winograd_tiles.glsl"

const int COLUMNS = (TOGETHER - 1) * TILE + SIDE;
float values[COLUMNS]; // a row of TOGETHER tiles' windows

// `row` is the address of the input's row, `ix` its first column, `last` the last texel.
void load_row(int row, int ix, uint columns, int last) {
  const int texels = ((SHIFT >= 0 ? SHIFT : 3) + COLUMNS + 3) / 4;
  float loaded[4 * texels];
  int first = (row + ix) >> 2;
  [[unroll]] for (int t = 0; t < texels; ++t) {
    vec4 four = FETCH(inputs, clamp(first + t, 0, last));
    [[unroll]] for (int k = 0; k < 4; ++k)
      loaded[4 * t + k] = four[k];
  }
  bool by_one = ((row + ix) & 1) != 0, by_two = ((row + ix) & 2) != 0;
  [[unroll]] for (int column = 0; column < COLUMNS; ++column) {
    float one;
    if (SHIFT >= 0) {
      one = loaded[SHIFT + column];
    } else {
      float near = by_one ? loaded[column + 1] : loaded[column];
      float far = by_one ? loaded[column + 3] : loaded[column + 2];
      one = by_two ? far : near;
    }
    values[column] = uint(ix + column) < columns ? one : 0.0;
  }
}

void main() {
  int quads = w.tiles / 4;
  int quad = int(gl_WorkGroupID.x * LANES + gl_LocalInvocationID.x);
  int channel = int(gl_WorkGroupID.y);
  if (quad >= quads)
    return;
  int plane = p.in_h * p.in_w;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.in_c * plane - 1) / 4;
  Place at = place_of(w.first_tile + 4 * quad);
  [[unroll]] for (int first = 0; first < 4; first += TOGETHER) {
    int iy = at.y - p.pad_top, ix = at.x - p.pad_left;
    int from = p.in_base + min(at.n, p.batch - 1) * p.in_batch_stride + channel * plane; // there may be no such tile
    [[unroll]] for (int row = 0; row < SIDE; ++row) {
      bool inside = uint(iy + row) < uint(p.in_h);
      load_row(from + (iy + row) * p.in_w, ix, inside ? uint(p.in_w) : 0u, last);
      [[unroll]] for (int k = 0; k < TOGETHER; ++k)
        [[unroll]] for (int column = 0; column < SIDE; ++column)
          tile[row * SIDE + column][first + k] = values[k * TILE + column];
    }
    at = next_place(at);
  }
  [[unroll]] for (int row = 0; row < SIDE; ++row)
    transform_input(row * SIDE, 1);
  [[unroll]] for (int column = 0; column < SIDE; ++column)
    transform_input(column, SIDE);
  [[unroll]] for (int element = 0; element < SIDE * SIDE; ++element)
    transformed[(element * p.in_c + channel) * quads + quad] = tile[element];
}
