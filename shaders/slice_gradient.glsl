// The end of a gradient kernel on slices: epilogue.glsl by address.
#include "epilogue.glsl"

void store_gradient(int at, float v) {
  const int pixels = p.rows * p.columns;
  const int plane = at / pixels;
  outputs[at] = gradient_epilogue(v, uint(at), plane / p.channels, p.channels, plane % p.channels, pixels, at % pixels);
}
