// The sum of |x - c|.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "image_term.glsl"

float distance_to_constant(Place at) { return pixel_at(at.plane, at.y, at.x) - terms[image_number()].constant; }
float pixel_value(Place at) { return abs(distance_to_constant(at)); }
float pixel_gradient(Place at) { return sign(distance_to_constant(at)); }

IMAGE_TERM_MAIN
