// How fast the device reads and writes memory: every thread `steps` vec4s, neighbours side by side.
#version 450
#extension GL_EXT_control_flow_attributes : require
layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint steps; };
layout(binding = 0) buffer Data { vec4 data[]; };

void main() {
  uint at = gl_WorkGroupID.x * 64u * steps + gl_LocalInvocationID.x;
  [[dont_unroll]] for (uint step = 0; step < steps; ++step)
    data[at + step * 64u] += vec4(1);
}
