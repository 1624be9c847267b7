// One step of Adam or Nadam, uphill. An image that has just stopped takes back its last step; a stopped one stays as it is.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool ALIGNED = true; // an image's parameters are whole vec4s
layout(push_constant) uniform Push { AdamParams p; };
layout(binding = 0) readonly buffer Step { StepState state; };
layout(binding = 1) readonly buffer Images { ImageState images[]; };
// Four neighbouring parameters a thread: as vec4s or, where a quad may be none, one by one.
#define BUFFER(at, name)                                                                                               \
  layout(binding = at) buffer name##_block { float name[]; };                                                          \
  layout(binding = at) buffer name##_quads { vec4 name##_vectors[]; }
BUFFER(2, gradient);
BUFFER(3, parameters);
BUFFER(4, previous); // parameters before the last update
BUFFER(5, first);    // moments
BUFFER(6, second);
const int STEP = 1;
#include "quad_access.glsl"
#define READ(name) READ_QUAD(vec4, name, name##_vectors, at, count)
#define WRITE(name, quad) STORE_QUAD(name, name##_vectors, quad, at, count)

void main() {
  const int n = int(gl_WorkGroupID.y), i = 4 * item_of_image();
  const int stopped = images[n].stopped;
  if (i >= p.count || (stopped >= 0 && stopped < state.started - 1))
    return;
  const int at = n * p.count + i, count = p.count - i;
  if (stopped >= 0) {
    const vec4 before = READ(previous);
    WRITE(parameters, before)
    return;
  }
  const float lr = state.lr * state.factor;
  const float rate = lr / state.correction1;
  const float of_gradient = lr * (1.0 - state.momentum) / (1.0 - state.momenta);
  const float of_moment = lr * state.next_momentum / (1.0 - state.momenta * state.next_momentum);
  const vec4 g = READ(gradient) * images[n].clip;
  const vec4 m = fma(vec4(p.one_minus_beta1), g, p.beta1 * READ(first));
  const vec4 v = fma(p.one_minus_beta2 * g, g, p.beta2 * READ(second));
  const vec4 old = READ(parameters);
  WRITE(first, m)
  WRITE(second, v)
  WRITE(previous, old)
  const vec4 divisor = sqrt(v / state.correction2) + p.epsilon;
  const vec4 updated =
      p.nesterov == 1 ? old + (of_gradient * g + of_moment * m) / divisor : fma(vec4(rate), m / divisor, old);
  WRITE(parameters, updated)
}
