// Slices of a tensor (SliceParams `p`, which the including shader declares after its constant NEIGHBOURS).
// A workgroup of 64 does NEIGHBOURS slices that lie side by side, 64 / NEIGHBOURS lanes each: where a slice's elements lie
// apart, lanes next to each other read neighbours' elements, which do not.
#include "real.glsl"
#define REDUCE_NEIGHBOURS NEIGHBOURS
#include "reduce.glsl"

const int LANES = 64 / NEIGHBOURS;

int slices() { return p.batch * p.slice_channels * p.slice_rows * p.slice_columns; }

// May be past the last.
int slice_of_lane() {
  const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  return int(group) * NEIGHBOURS + int(gl_LocalInvocationID.x) % NEIGHBOURS;
}

// Its first element.
int slice_start(int slice) {
  const int column = slice % p.slice_columns;
  const int row = slice / p.slice_columns % p.slice_rows;
  const int c = slice / p.slice_columns / p.slice_rows % p.slice_channels;
  const int n = slice / p.slice_columns / p.slice_rows / p.slice_channels;
  return ((n * p.channels + c * (p.channels / p.slice_channels)) * p.rows + row) * p.columns + column;
}

// A loop over this lane's share of the slice that begins at `start`.
#define EACH(at, start)                                                                                                \
  for (int outer = 0; outer < p.outer_count; ++outer)                                                                  \
    for (int inner = int(gl_LocalInvocationID.x) / NEIGHBOURS,                                                         \
             at = start + outer * p.outer_stride + inner * p.inner_stride;                                             \
         inner < p.inner_count; inner += LANES, at += LANES * p.inner_stride)

REAL slice_elements() { return REAL(p.outer_count) * REAL(p.inner_count); }

// Kahan's sum: `lost` is what rounding added to it.
void add(inout REAL sum, inout REAL lost, REAL v) {
  precise const REAL wanted = v - lost;
  precise const REAL next = sum + wanted;
  precise const REAL added = next - sum;
  precise const REAL more = added - wanted;
  sum = next;
  lost = more;
}
