// The adjoint of a convolution from the columns that a matrix product left, (images, out_c * KERNEL_H * KERNEL_W, in_h, in_w):
// what each position of the convolution's output adds to the input pixel that tap (ky, kx) of its window sees. A pixel is
// the sum over its taps. ConvParams are those of the convolution, with in and out exchanged; its pads are not negative,
// its windows not dilated.
//
//   positions of a row   o0 o1 o2 o3 | o4 ...        each tap brings four neighbouring ones to a lane's pixels:
//   pixels of a row      |x0 x1 ... x(4 STRIDE_W - 1)|   its first four that lie there are at + i, to pixel
//   a lane does these -> |===========================|   (at + i) * STRIDE_W + kx - PAD_W
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "texels.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;
layout(constant_id = 1) const uint EPILOGUE = 0;
layout(constant_id = 2) const int KERNEL_H = 3;
layout(constant_id = 3) const int KERNEL_W = 3;
layout(constant_id = 4) const int STRIDE_H = 1;
layout(constant_id = 5) const int STRIDE_W = 1;
layout(constant_id = 6) const int PAD_W = 0;
layout(constant_id = 7) const bool ALIGNED = true; // every row of the output begins at a multiple of 4 elements

layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, columns);
layout(binding = 1) readonly restrict buffer Bias { float bias[]; };
layout(binding = 2) restrict buffer Output { float outputs[]; };
layout(binding = 2) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(3, residual);
layout(binding = 4) restrict buffer Mask { uint mask[]; };
layout(binding = 4) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
#include "vector_epilogue.glsl"

const int PIXELS = 4 * STRIDE_W;
float sums[PIXELS];

void finish(vec4 v, int n, int channel, int pixel, int count, int plane) {
  int of_mask = mask_channel(channel, plane);
  int word = output_word(n, of_mask, pixel, plane);
  v = finish_quad(v, n, channel, pixel, count, plane);
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
    v = masked_quad(v, read_mask_quad(word, count), of_mask);
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
    add_mask_quad(open_quad(v, p.low, p.high, of_mask), word, count);
  store_finished(v, n, channel, pixel, count, plane);
}

void main() {
  int runs = (p.out_w + PIXELS - 1) / PIXELS; // a row
  int item = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * LANES + gl_LocalInvocationID.x);
  if (item >= p.batch * p.out_h * runs)
    return;
  int channel = int(gl_WorkGroupID.y);
  int run = item % runs;
  int iy = item / runs % p.out_h;
  int image = item / runs / p.out_h;
  int positions = p.in_h * p.in_w;
  int last = (p.batch * p.out_c * KERNEL_H * KERNEL_W * positions - 1) / 4;

  [[unroll]] for (int k = 0; k < PIXELS; ++k)
    sums[k] = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[channel] : 0.0;
  int y = iy + p.pad_top;
  [[dont_unroll]] for (int ky = y % STRIDE_H; ky < KERNEL_H; ky += STRIDE_H) {
    int oy = (y - ky) / STRIDE_H;
    uint width = uint(oy) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside has no positions
    int row = ((image * p.out_c + channel) * KERNEL_H + ky) * KERNEL_W * positions + oy * p.in_w;
    [[unroll]] for (int kx = 0; kx < KERNEL_W; ++kx) {
      int at = (PAD_W - kx + KERNEL_W * STRIDE_W + STRIDE_W - 1) / STRIDE_W - KERNEL_W; // rounded up
      int ox = 4 * run + at;
      vec4 four = load_quad(columns, row + kx * positions + ox, last);
      [[unroll]] for (int i = 0; i < 4; ++i)
        sums[(at + i) * STRIDE_W + kx - PAD_W] += uint(ox + i) < width ? four[i] : 0.0;
    }
  }

  int n = p.first_image + image;
  int plane = p.out_rows * p.out_cols;
  [[unroll]] for (int part = 0; part < STRIDE_W; ++part) {
    int ix = run * PIXELS + 4 * part;
    vec4 v = vec4(sums[4 * part], sums[4 * part + 1], sums[4 * part + 2], sums[4 * part + 3]);
    if (ix < p.out_w)
      finish(v, n, channel, iy * p.out_cols + ix, min(4, p.out_w - ix), plane);
  }
}
