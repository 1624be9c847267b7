// y = x * scale[c] + shift[c], then ReLU with its mask: a batch normalization, a lone ReLU, or both.
// One thread does 32 channels of one pixel, a whole word of the mask.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const uint HAS_SCALE = 1u; // else y = x
layout(push_constant) uniform Push { ActivationParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
layout(binding = 1) readonly buffer Scale { float scale[]; };
layout(binding = 2) readonly buffer Shift { float shift[]; };
layout(binding = 3) writeonly buffer Outputs { float outputs[]; };
layout(binding = 4) writeonly buffer Mask { uint mask[]; };

void main() {
  const int blocks = (p.channels + 31) / 32;
  const int word = linear_item();
  if (word >= p.batch * blocks * p.pixels)
    return;
  const int pixel = word % p.pixels;
  const int n = word / p.pixels / blocks;
  const int first = word / p.pixels % blocks * 32;
  uint bits = 0u;
  for (int c = first; c < min(first + 32, p.channels); ++c) {
    const uint index = uint((n * p.channels + c) * p.pixels + pixel);
    float v = inputs[index];
    if (HAS_SCALE != 0u)
      v = v * scale[c] + shift[c];
    if ((EPILOGUE & EPILOGUE_RELU) != 0u) {
      bits |= v > p.low && v < p.high ? 1u << (c & 31) : 0u;
      v = clamp(v, p.low, p.high);
    }
    outputs[index] = v;
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u)
    mask[word] = bits;
}
