// The output's quads (quad_access.glsl): the including shader declares the buffers outputs and output_vectors (one buffer).
#include "quad_access.glsl"

vec4 read_quad(int at, int count) { return READ_QUAD(vec4, outputs, output_vectors, at, count); }

void store_quad(vec4 v, int at, int count) { STORE_QUAD(outputs, output_vectors, v, at, count) }
