// One step of Adam, uphill, for the cells that are in the batch and for all common images. What is not in the batch
// rests, its moments too. An image whose value was not finite counts for nothing.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "params.h"
#include "linear.glsl"

layout(local_size_x = 64) in;
layout(push_constant) uniform Push { GalleryAdamParams p; };
layout(binding = 0) readonly buffer Step { StepState state; };
layout(binding = 1) readonly buffer Images { ImageState images[]; };
layout(binding = 2) readonly buffer Slots { GallerySlot slots[]; };
layout(binding = 3) readonly buffer Shares { float shares[]; };
layout(binding = 4) readonly buffer Gradient { float gradient[]; }; // (slot, parameter)
layout(binding = 5) buffer Members { float members[]; };
layout(binding = 6) buffer First { float first[]; }; // moments, as the gallery
layout(binding = 7) buffer Second { float second[]; };

void main() {
  const int y = int(gl_WorkGroupID.y), i = item_of_image(), count = p.gallery.count, slot_count = p.gallery.slots;
  if (i >= count)
    return;
  float g = 0.0;
  int member; // of the gallery
  float correction1, correction2;
  if (y < slot_count) {
    if (images[y].stopped >= 0)
      return;
    member = slots[y].cell;
    correction1 = slots[y].correction1;
    correction2 = slots[y].correction2;
    g = p.gallery.own_weight * images[y].clip * gradient[y * count + i];
  } else {
    const int group = y - slot_count;
    member = p.gallery.cells + group;
    correction1 = state.correction1;
    correction2 = state.correction2;
    for (int n = 0; n < slot_count; ++n)
      if (images[n].stopped < 0)
        g = fma(shares[slots[n].cell * p.gallery.groups + group] * images[n].clip, gradient[n * count + i], g);
    g *= p.gallery.common_weight;
  }
  const int at = member * count + i;
  const float m = fma(p.one_minus_beta1, g, p.beta1 * first[at]);
  const float v = fma(p.one_minus_beta2 * g, g, p.beta2 * second[at]);
  first[at] = m;
  second[at] = v;
  const float rate = state.lr * state.factor / correction1;
  members[at] = fma(rate, m / (sqrt(v / correction2) + p.epsilon), members[at]);
}
