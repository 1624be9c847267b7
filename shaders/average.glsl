// Over how many taps an average pool's window has its average, along one axis: those in the picture and in the padding
// that counts. The including shader declares DILATED: whether a step from tap to tap may be more than 1. (A CPU driver
// divides lane by lane.)
int whole_steps(int length, int dilation) { return DILATED ? length / dilation : length; }

int taps_within(int begin, int kernel, int dilation, int low, int high) {
  const int first = begin >= low ? 0 : whole_steps(low - begin + dilation - 1, dilation);
  const int last = begin >= high ? -1 : min(whole_steps(high - 1 - begin, dilation), kernel - 1);
  return max(last - first + 1, 0);
}

int averaged_rows(PoolParams p, int oy) {
  return taps_within(oy * p.stride_h - p.pad_top, p.kernel_h, p.dilation_h, -p.counted_top, p.in_h + p.counted_bottom);
}

int averaged_columns(PoolParams p, int ox) {
  return taps_within(ox * p.stride_w - p.pad_left, p.kernel_w, p.dilation_w, -p.counted_left,
                     p.in_w + p.counted_right);
}
