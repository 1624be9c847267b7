// One step of Adam or Nadam, uphill. An image that has just stopped takes back its last step; a stopped one stays as it is.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { AdamParams p; };
layout(binding = 0) readonly buffer Step { StepState state; };
layout(binding = 1) readonly buffer Images { ImageState images[]; };
layout(binding = 2) readonly buffer Gradient { float gradient[]; };
layout(binding = 3) buffer Parameters { float parameters[]; };
layout(binding = 4) buffer Previous { float previous[]; }; // parameters before the last update
layout(binding = 5) buffer First { float first[]; };       // moments
layout(binding = 6) buffer Second { float second[]; };

const int EACH = 4; // elements a thread

void main() {
  const int n = int(gl_WorkGroupID.y);
  const int stopped = images[n].stopped;
  if (stopped >= 0 && stopped < state.started - 1)
    return;
  const float clip = images[n].clip;
  const float lr = state.lr * state.factor;
  const float rate = lr / state.correction1;
  const float of_gradient = lr * (1.0 - state.momentum) / (1.0 - state.momenta);
  const float of_moment = lr * state.next_momentum / (1.0 - state.momenta * state.next_momentum);
  const int lane = int(gl_LocalInvocationID.x);
  const int from = (item_of_image() - lane) * EACH + lane;
  for (int i = from; i < min(from + 64 * EACH, p.count); i += 64) {
    const int at = n * p.count + i;
    if (stopped >= 0) {
      parameters[at] = previous[at];
      continue;
    }
    const float g = gradient[at] * clip;
    const float m = fma(p.one_minus_beta1, g, p.beta1 * first[at]);
    const float v = fma(p.one_minus_beta2 * g, g, p.beta2 * second[at]);
    const float old = parameters[at];
    first[at] = m;
    second[at] = v;
    previous[at] = old;
    const float divisor = sqrt(v / state.correction2) + p.epsilon;
    parameters[at] = p.nesterov == 1 ? old + (of_gradient * g + of_moment * m) / divisor : fma(rate, m / divisor, old);
  }
}
