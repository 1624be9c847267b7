// Which output positions of a pool have a window that may hold input position i, along one axis: first and last,
// last < first where there is none. Dilation leaves gaps: the tap is (i + pad - o * stride) / dilation, where whole.
ivec2 reach(int i, int pad, int kernel, int dilation, int stride, int extent) {
  const int from = i + pad - (kernel - 1) * dilation;
  const int to = i + pad;
  return ivec2(from <= 0 ? 0 : (from + stride - 1) / stride, to < 0 ? -1 : min(to / stride, extent - 1));
}
