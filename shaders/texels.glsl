// Four elements of a tensor that is bound as vec4 texels, from an address that need be no multiple of 4. `last` is the
// last texel that may be read.
vec4 load_quad(samplerBuffer tensor, int address, int last) {
  int at = address >> 2;
  vec4 a = texelFetch(tensor, clamp(at, 0, last));
  vec4 b = texelFetch(tensor, clamp(at + 1, 0, last));
  bool odd = (address & 1) != 0;
  // By one element, then by two.
  float e0 = odd ? a.y : a.x, e1 = odd ? a.z : a.y, e2 = odd ? a.w : a.z, e3 = odd ? b.x : a.w;
  float e4 = odd ? b.y : b.x, e5 = odd ? b.z : b.y;
  return (address & 2) != 0 ? vec4(e2, e3, e4, e5) : vec4(e0, e1, e2, e3);
}
