// The inputs that each tap of a convolution's window meets, as rows of a matrix: (batch, in_c * KERNEL_H * KERNEL_W,
// out_h, out_w), in the order of the weights, with zeros outside the picture. One thread does RUN neighbouring
// positions of a row for all taps of one kernel row. ConvParams are the convolution's, of images from first_image on.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "linear.glsl"
#include "params.h"
#include "texels.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const int RUN = 4;  // a multiple of 4
layout(constant_id = 1) const int TAPS = 3; // the kernel's width
layout(constant_id = 2) const int STRIDE_W = 1;
layout(constant_id = 3) const int DILATION_W = 1;
layout(constant_id = 4) const int SHIFT = -1;       // of window.glsl
layout(constant_id = 5) const bool ALIGNED = false; // rows of positions are whole quads
layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
const int STEP = 1;
#include "quads.glsl"
#include "window.glsl"

void main() {
  const int runs = (p.out_w + RUN - 1) / RUN;
  const int thread = linear_item();
  if (thread >= p.batch * p.in_c * p.kernel_h * p.out_h * runs)
    return;
  const int row = thread / runs;
  const int ox = (thread - row * runs) * RUN;
  const int kernel_row = row / p.out_h; // of all channels of all images
  const int oy = row - kernel_row * p.out_h;
  const int plane = kernel_row / p.kernel_h;
  const int ky = kernel_row - plane * p.kernel_h;
  const int n = plane / p.in_c;
  const int channel = plane - n * p.in_c;

  const int last = (p.in_base + (p.first_image + p.batch - 1) * p.in_batch_stride + p.in_c * p.in_h * p.in_w - 1) / 4;
  const int iy = oy * p.stride_h - p.pad_top + ky * p.dilation_h;
  const uint columns = uint(iy) < uint(p.in_h) ? uint(p.in_w) : 0u; // a row outside the input has no columns
  load_window(p.in_base + (p.first_image + n) * p.in_batch_stride + (channel * p.in_h + iy) * p.in_w,
              ox * STRIDE_W - p.pad_left, columns, last);
  [[unroll]] for (int tap = 0; tap < TAPS; ++tap) {
    const int at = ((kernel_row * TAPS + tap) * p.out_h + oy) * p.out_w + ox;
    [[unroll]] for (int first = 0; first < RUN; first += 4) {
      vec4 v;
      [[unroll]] for (int r = 0; r < 4; ++r) v[r] = in_window((first + r) * STRIDE_W + tap * DILATION_W);
      if (ox + first < p.out_w)
        store_quad(v, at + first, min(4, p.out_w - ox - first));
    }
  }
}
