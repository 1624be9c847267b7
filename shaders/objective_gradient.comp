// The gradient of all terms that read one layer, with respect to its output. One thread does one pixel of
// CHANNELS channels.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(push_constant) uniform Push { ObjectiveParams p; };
layout(binding = 0) readonly buffer Layer { float layer[]; };
layout(binding = 1) readonly buffer Terms { ObjectiveTerm terms[]; };
layout(binding = 2) buffer Outputs { float outputs[]; };
layout(binding = 3) readonly buffer Mask { uint mask[]; };
const int CHANNELS = THREAD_CHANNELS;
#include "epilogue.glsl"

void main() {
  const int i = item_of_image();
  const int pixels = p.rows * p.columns;
  const int first = i / pixels * CHANNELS, pixel = i % pixels;
  const int x = pixel % p.columns, y = pixel / p.columns;
  const int n = int(gl_WorkGroupID.y);
  const int count = min(CHANNELS, p.channels - first);
  const uint at = uint((n * p.channels + first) * pixels + pixel);
  float g[CHANNELS];
  [[unroll]] for (int c = 0; c < CHANNELS; ++c)
    g[c] = 0.0;
  for (int j = 0; j < p.count; ++j) {
    const ObjectiveTerm t = terms[n * p.count + j];
    const bool inside = uint(x - t.x) < uint(t.width) && uint(y - t.y) < uint(t.height);
    [[unroll]] for (int c = 0; c < CHANNELS; ++c)
      if (t.kind == TERM_MEAN_SQUARE) {
        if (c < count)
          g[c] += t.weight * 2.0 * layer[at + uint(c * pixels)];
      } else if (inside && t.channel == first + c) {
        g[c] += t.weight;
      }
  }
  [[unroll]] for (int c = 0; c < CHANNELS; ++c)
    if (c < count) {
      const uint index = at + uint(c * pixels);
      outputs[index] = gradient_epilogue(g[c], index, n, p.channels, first + c, pixels, pixel);
    }
}
