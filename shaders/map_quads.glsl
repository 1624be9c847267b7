// For ops on single elements of tensors without gaps: a thread does four neighbouring pixels of 32 channels, whole words of
// a mask. The including shader declares `p` with batch, channels and pixels, and ALIGNED: pixels is a multiple of 4.
#include "linear.glsl"
#include "texels.glsl"
const int STEP = 1;

struct MapQuad {
  int n, first, last; // image, and channels up to but without `last`
  int pixel, count;
};

bool find_quad(out MapQuad quad) {
  const int quads = (p.pixels + 3) / 4;
  const int blocks = (p.channels + 31) / 32;
  const int item = linear_item();
  quad.n = item / quads / blocks;
  quad.first = item / quads % blocks * 32;
  quad.last = min(quad.first + 32, p.channels);
  quad.pixel = item % quads * 4;
  quad.count = min(4, p.pixels - quad.pixel);
  return quad.n < p.batch;
}

int quad_at(MapQuad quad, int channel) { return (quad.n * p.channels + channel) * p.pixels + quad.pixel; }

// Of a tensor declared by QUAD_BUFFER, from element `at` on.
#define tensor_quad(tensor, at)                                                                                        \
  (ALIGNED ? FETCH(tensor, (at) / 4) : load_quad(tensor, at, (p.batch * p.channels * p.pixels - 1) / 4))
