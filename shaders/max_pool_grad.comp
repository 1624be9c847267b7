// Gradient of a max pool as a gather: an input pixel collects from the windows whose maximum it was.
// One thread does PACK channels of one input pixel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"
#include "reach.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { PoolParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Arg { uint arg[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
#include "arg_max.glsl"
#include "epilogue.glsl"

void main() {
  const int pixels = p.in_h * p.in_w;
  const int blocks = (p.channels + PACK - 1) / PACK;
  const int thread = linear_item();
  if (thread >= p.batch * blocks * pixels)
    return;
  const int ix = thread % p.in_w;
  const int iy = thread / p.in_w % p.in_h;
  const int block = thread / pixels % blocks;
  const int n = thread / pixels / blocks;
  const int first = block * PACK;
  float sum[PACK];
  for (int i = 0; i < PACK; ++i)
    sum[i] = 0.0;
  const ivec2 rows = reach(iy, p.pad_top, p.kernel_h, p.dilation_h, p.stride_h, p.out_h);
  const ivec2 columns = reach(ix, p.pad_left, p.kernel_w, p.dilation_w, p.stride_w, p.out_w);
  for (int oy = rows.x; oy <= rows.y; ++oy) {
    const int y = iy + p.pad_top - oy * p.stride_h;
    if (y % p.dilation_h != 0)
      continue;
    for (int ox = columns.x; ox <= columns.y; ++ox) {
      const int x = ix + p.pad_left - ox * p.stride_w;
      if (x % p.dilation_w != 0)
        continue;
      const uint tap = uint(y / p.dilation_h * p.kernel_w + x / p.dilation_w);
      const uint word = arg[arg_word(p, n, block, oy, ox)];
      for (int i = 0; i < PACK; ++i)
        if (first + i < p.channels && (word >> (uint(i) * ARG_BITS & 31u) & ARG_MASK) == (tap & ARG_MASK))
          sum[i] += inputs[((n * p.channels + first + i) * p.out_h + oy) * p.out_w + ox];
    }
  }
  // As gradient_epilogue(), which would load the one word of all these channels for each of them.
  const int pixel = iy * p.in_w + ix;
  const uint open = (EPILOGUE & EPILOGUE_MASK_READ) != 0u ? mask[mask_word(n, p.channels, first, pixels, pixel)] : ~0u;
  for (int i = 0; i < PACK; ++i) {
    const int c = first + i;
    if (c >= p.channels)
      break;
    const int index = (n * p.channels + c) * pixels + pixel;
    const float v = (EPILOGUE & EPILOGUE_ACCUMULATE) != 0u ? sum[i] + outputs[index] : sum[i];
    outputs[index] = (open >> (c & 31) & 1u) != 0u ? v : 0.0;
  }
}
