// The end of every convolution: bias, residual, ReLU with its mask, or a gradient's accumulation and mask.
// The including shader declares EPILOGUE, `p` (ConvParams), and the buffers bias, outputs, residual and mask.
#include "conv_mask.glsl"

// Stores the sum of a channel at a pixel: element `index` of the output, `beside` of the residual, word `word` of the mask.
void finish_conv(float v, int channel, int bit, int index, int beside, int word) {
  if ((EPILOGUE & EPILOGUE_BIAS) != 0u)
    v += bias[channel];
  if ((EPILOGUE & EPILOGUE_RESIDUAL) != 0u)
    v += residual[beside];
  if ((EPILOGUE & EPILOGUE_ACCUMULATE) != 0u)
    v += outputs[index];
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0u && v > p.low && v < p.high)
    atomicOr(mask[word], 1u << (bit & 31));
  if ((EPILOGUE & EPILOGUE_RELU) != 0u)
    v = clamp(v, p.low, p.high);
  if ((EPILOGUE & EPILOGUE_MASK_READ) != 0u && (mask[word] >> (bit & 31) & 1u) == 0u)
    v = 0.0;
  if ((EPILOGUE & EPILOGUE_ADD_MASKED) != 0u)
    v += outputs[index];
  outputs[index] = v;
}

// Stores the sum of output position (oy, ox) of this dispatch, channel c of group g, image n.
void store_conv(float v, int n, int g, int c, int oy, int ox) {
  const int channel = g * p.out_c + c;
  const int pixels = p.out_rows * p.out_cols;
  const int pixel = (oy * p.out_step_h + p.out_offset_h) * p.out_cols + ox * p.out_step_w + p.out_offset_w;
  const int bit = mask_channel(channel, pixels);
  finish_conv(v, channel, bit, p.out_base + n * p.out_batch_stride + channel * pixels + pixel,
              (n * p.groups * p.out_c + channel) * pixels + pixel, output_word(n, bit, pixel, pixels));
}
