// Where a convolution's ReLU mask lies. Its output may be some channels of a larger tensor (a Concat's), as out_base and
// out_batch_stride tell: the mask is that one's then. The including shader declares `p` (ConvParams).

// Of the tensor in memory; `plane` is its pixels.
int mask_channel(int channel, int plane) { return p.out_base / plane + channel; }

// Word of the mask; `channel` is mask_channel's.
int output_word(int n, int channel, int pixel, int plane) {
  return (n * ((p.out_batch_stride / plane + 31) / 32) + channel / 32) * plane + pixel;
}
