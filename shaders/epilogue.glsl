// What happens to a value before it is stored, for kernels whose specialization constant 0 is EPILOGUE.
// The including shader declares `outputs` (float[]) and `mask` (uint[]) buffers.

// Word of a ReLU mask that holds channel c of a pixel: see params.h.
uint mask_word(int n, int channels, int c, int pixels, int pixel) {
  return uint((n * ((channels + 31) / 32) + c / 32) * pixels + pixel);
}

// A gradient on its way out: added to what is there, stopped where the ReLU was closed.
float gradient_epilogue(float v, uint index, int n, int channels, int c, int pixels, int pixel) {
  if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
    v += outputs[index];
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u && (mask[mask_word(n, channels, c, pixels, pixel)] >> (c & 31) & 1u) == 0u)
    v = 0.0;
  return v;
}
