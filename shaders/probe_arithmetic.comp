// How fast the device multiplies and adds: 16 independent chains, four wide, a thread; 2 * 64 operations a step.
#version 450
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint steps; };
layout(binding = 0) buffer Data { float data[]; };

void main() {
  vec4 chains[16];
  float factor = data[gl_LocalInvocationID.x] * 0.5 + 0.999;
  [[unroll]] for (int i = 0; i < 16; ++i)
    chains[i] = vec4(i) + factor;
  [[dont_unroll]] for (uint step = 0; step < steps; ++step)
    [[unroll]] for (int i = 0; i < 16; ++i)
      chains[i] = chains[i] * factor + 0.001;
  vec4 sum = vec4(0);
  [[unroll]] for (int i = 0; i < 16; ++i)
    sum += chains[i];
  if (sum.x + sum.y + sum.z + sum.w == 1e30) // never, but the compiler can't know
    data[gl_GlobalInvocationID.x] = sum.x;
}
