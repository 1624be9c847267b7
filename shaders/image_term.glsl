// What the terms of the image itself have in common: with GRADIENT a thread does that of one of its values, else workgroup
// (part, image) does a part of the term's value, the sum of pixel_value() over all planes.
#include "params.h"
#include "linear.glsl"
#include "reduce.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint EPILOGUE = 0u;
layout(constant_id = 1) const bool GRADIENT = false;
layout(push_constant) uniform Push { ImageTermParams p; };
layout(binding = 0) readonly buffer Image { float image[]; };
layout(binding = 1) readonly buffer Terms { ImageTerm terms[]; };
layout(binding = 2) buffer Outputs { float outputs[]; }; // the gradient, or parts of the value

int image_number() { return int(gl_WorkGroupID.y); }
int image_elements() { return p.planes * p.height * p.width; }

// The value at an index into the image, where it has been moved to a place inside.
float pixel_at(int plane_first, int y, int x) { return image[plane_first + y * p.width + x]; }

struct Place {
  int plane, y, x; // plane: its first element
};
Place place_of(int i) {
  const int pixels = p.height * p.width;
  return Place(image_number() * image_elements() + i / pixels * pixels, i % pixels / p.width, i % p.width);
}

void store_image_gradient(int i, float g) {
  const int at = image_number() * image_elements() + i;
  outputs[at] = (EPILOGUE & EPILOGUE_ACCUMULATE) != 0u ? outputs[at] + g : g;
}

void store_image_part(float sum) {
  sum = reduce_sum(sum);
  if (gl_LocalInvocationID.x == 0u)
    outputs[(image_number() * p.terms + p.term) * OBJECTIVE_PARTS + int(gl_WorkGroupID.x)] = sum;
}

// For shaders that declare `float pixel_value(Place)` and `float pixel_gradient(Place)`.
#define IMAGE_TERM_MAIN                                                                                                \
  void main() {                                                                                                        \
    const float weight = terms[image_number()].weight;                                                                 \
    if (GRADIENT) {                                                                                                    \
      const int i = item_of_image();                                                                                   \
      if (i < image_elements())                                                                                        \
        store_image_gradient(i, weight * pixel_gradient(place_of(i)));                                                 \
      return;                                                                                                          \
    }                                                                                                                  \
    float sum = 0.0;                                                                                                   \
    for (int i = int(gl_WorkGroupID.x) * 64 + int(gl_LocalInvocationID.x); i < image_elements();                       \
         i += OBJECTIVE_PARTS * 64)                                                                                    \
      sum += pixel_value(place_of(i));                                                                                 \
    store_image_part(weight * sum);                                                                                    \
  }
