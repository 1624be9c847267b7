// Concatenation, transposition and what else orders elements anew, forward and backward: four elements at once where both
// tensors have them side by side.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "texels.glsl"

layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const int AXES = 6;         // that have a length, the last ones
layout(constant_id = 2) const bool ALIGNED = false; // items are quads of the last axis
layout(constant_id = 3) const int EACH = 8;         // items a thread
#define SIDE_BY_SIDE (ALIGNED ? 4 : 1)
#include "strided_copy.glsl"
QUAD_BUFFER(0, inputs);
layout(binding = 1) restrict buffer Outputs { float outputs[]; };
layout(binding = 1) restrict buffer OutputVectors { vec4 output_vectors[]; };
layout(binding = 2) restrict buffer Mask { uint mask[]; };
layout(binding = 2) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
const int STEP = 1;
#include "mask_quads.glsl"
#include "quads.glsl"
#include "gradient_quads.glsl"

void copy(int item) {
  int from, to;
  if (!copy_indices(item, from, to))
    return;
  vec4 v = FETCH(inputs, from / 4);
  if (!ALIGNED)
    v.x = v[from % 4];
  store_gradient_at(v, to, p.channels, p.pixels);
}

void main() {
  const int lane = int(gl_LocalInvocationID.x);
  const int first = (linear_item() - lane) * EACH + lane;
  [[dont_unroll]] for (int i = 0; i < EACH; ++i)
    copy(first + 64 * i);
}
