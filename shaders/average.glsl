// Over how many taps an average pool's window has its average, along one axis: those in the picture and in the padding
// that counts.
int taps_within(int begin, int kernel, int dilation, int low, int high) {
  const int first = begin >= low ? 0 : (low - begin + dilation - 1) / dilation;
  const int last = begin >= high ? -1 : min((high - 1 - begin) / dilation, kernel - 1);
  return max(last - first + 1, 0);
}

int averaged_rows(PoolParams p, int oy) {
  return taps_within(oy * p.stride_h - p.pad_top, p.kernel_h, p.dilation_h, -p.counted_top, p.in_h + p.counted_bottom);
}

int averaged_columns(PoolParams p, int ox) {
  return taps_within(ox * p.stride_w - p.pad_left, p.kernel_w, p.dilation_w, -p.counted_left,
                     p.in_w + p.counted_right);
}
