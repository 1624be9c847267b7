// epilogue.glsl for the quads of quads.glsl and mask_quads.glsl, which the including shader has: a gradient on its way out is
// added to what is there, and stopped where the ReLU was closed.

// The mask's words of `count` pixels; 0 where it is not read.
uvec4 open_pixels(int word, int count) {
  return (EPILOGUE & EPILOGUE_MASK_READ) != 0u ? read_mask_quad(word, count) : uvec4(0);
}

void store_gradient(vec4 v, uvec4 open, int channel, int at, int count) {
  if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
    v += read_quad(at, count);
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u)
    v = masked_quad(v, open, channel);
  store_quad(v, at, count);
}

// The same where only an address tells which channel it is, in a tensor of so many channels and pixels: of a quad, or of one
// element if not ALIGNED. (A CPU driver divides whether or not the result has a use.)
void store_gradient_at(vec4 v, int at, int channels, int pixels) {
  int channel = 0;
  uvec4 open = uvec4(0);
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u) {
    const int plane = at / pixels;
    channel = plane % channels;
    open = read_mask_quad(mask_word(plane / channels, channels, channel, at % pixels, pixels), 1);
  }
  store_gradient(v, open, channel, at, 1);
}
