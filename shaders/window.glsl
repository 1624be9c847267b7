// The part of an image row that a run of output positions sees, read by vec4s. The including shader declares the
// QUAD_BUFFER `inputs` (texels.glsl) and the constants RUN (positions), TAPS (kernel columns), STRIDE_W, DILATION_W and
// SHIFT: the remainder by 4 of every window's first address, or -1 where it may be any.
const int WINDOW = (RUN - 1) * STRIDE_W + (TAPS - 1) * DILATION_W + 1;
// Those that hold a window: from its known remainder, or from any.
const int TEXELS = ((SHIFT >= 0 ? SHIFT : 3) + WINDOW + 3) / 4;

// In quads: Mali's compiler keeps arrays of more than 16 elements in memory, whatever is unrolled.
vec4 window[(WINDOW + 3) / 4];

float in_window(int column) { return window[column / 4][column % 4]; }

// Whether any position of the run sees this column of the window: wide strides leave gaps.
bool seen(int column) {
  bool found = false;
  [[unroll]] for (int tap = 0; tap < TAPS; ++tap) {
    int from = column - tap * DILATION_W;
    found = found || (from >= 0 && from % STRIDE_W == 0);
  }
  return found;
}

// `row` is the address of the input row, `ix` the window's first column in it, `last` the last texel that may be read.
// Columns from `columns` on, and negative ones, are 0.
void load_window(int row, int ix, uint columns, int last) {
#define LOADED(at) loaded[(at) / 4][(at) % 4]
  vec4 loaded[TEXELS];
  int first = (row + ix) >> 2;
  [[unroll]] for (int t = 0; t < TEXELS; ++t) {
    bool needed = SHIFT < 0;
    [[unroll]] for (int k = 0; k < 4; ++k)
      needed = needed || (4 * t + k >= SHIFT && 4 * t + k - SHIFT < WINDOW && seen(4 * t + k - SHIFT));
    if (needed)
      loaded[t] = FETCH(inputs, clamp(first + t, 0, last));
  }
  bool by_one = ((row + ix) & 1) != 0, by_two = ((row + ix) & 2) != 0;
  [[unroll]] for (int column = 0; column < WINDOW; ++column)
    if (seen(column)) {
      float one;
      if (SHIFT >= 0) {
        one = LOADED(SHIFT + column);
      } else {
        float near = by_one ? LOADED(column + 1) : LOADED(column);
        float far = by_one ? LOADED(column + 3) : LOADED(column + 2);
        one = by_two ? far : near;
      }
      window[column / 4][column % 4] = uint(ix + column) < columns ? one : 0.0;
    }
}
