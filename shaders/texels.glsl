// Tensors that are read four elements at once: QUAD_BUFFER(1, weights); declares one as binding 1, FETCH(weights, i) reads its
// vec4 i, which must be there. A shader that includes this is compiled twice: with texels of a samplerBuffer, which CPU
// drivers load in straight vector code, and with STORAGE defined, for devices on which a tensor has more vec4s than texels
// can be bound (Vulkan promises 65,536).
#ifndef QUAD_BUFFER
#ifdef STORAGE
#define QUAD_BUFFER(at, name) layout(binding = at) readonly buffer name##_block { vec4 name##_vectors[]; }
#define FETCH(name, i) name##_vectors[i]
#else
#define QUAD_BUFFER(at, name) layout(binding = at) uniform samplerBuffer name
#define FETCH(name, i) texelFetch(name, i)
#endif

// The four elements from `address` on, of the vec4 that it is in and the next.
vec4 shifted_quad(vec4 a, vec4 b, int address) {
  bool odd = (address & 1) != 0;
  // By one element, then by two.
  float e0 = odd ? a.y : a.x, e1 = odd ? a.z : a.y, e2 = odd ? a.w : a.z, e3 = odd ? b.x : a.w;
  float e4 = odd ? b.y : b.x, e5 = odd ? b.z : b.y;
  return (address & 2) != 0 ? vec4(e2, e3, e4, e5) : vec4(e0, e1, e2, e3);
}

// Four elements from an address that need be no multiple of 4. `last` is the last vec4 that may be read.
#define load_quad(tensor, address, last)                                                                               \
  shifted_quad(FETCH(tensor, clamp((address) >> 2, 0, last)), FETCH(tensor, clamp(((address) >> 2) + 1, 0, last)), address)
#endif
