// y = (x - mean) / (deviation + epsilon), of each image; or, with ADJOINT, the gradient with respect to x, in place.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const bool ADJOINT = false;
layout(push_constant) uniform Push { MomentsParams p; };
layout(binding = 0) buffer Values { float values[]; };     // x; with ADJOINT the gradient
layout(binding = 1) buffer Standard { float standard[]; }; // y
layout(binding = 2) readonly buffer Of { Moments of[]; };
layout(binding = 3) readonly buffer Gradients { Moments gradients[]; }; // the means of g and g y

void main() {
  const int pixels = p.height * p.width;
  const int i = item_of_image();
  if (i >= p.planes * pixels)
    return;
  const int n = int(gl_WorkGroupID.y);
  const int at = (n * p.planes + i / pixels) * p.plane_stride + i % pixels / p.width * p.row_stride + i % p.width;
  const float deviation = of[n].deviation, divisor = deviation + STANDARD_EPSILON;
  if (!ADJOINT) {
    standard[at] = (values[at] - of[n].mean) / divisor;
    return;
  }
  const float along = deviation > 0.0 ? divisor / deviation * gradients[n].deviation : 0.0;
  values[at] = (values[at] - gradients[n].mean - standard[at] * along) / divisor;
}
