// Sums and maxima over a workgroup of 64, in an order that never changes. With REDUCE_NEIGHBOURS, lanes that number apart
// belong together, and each lane gets the result of its own.
#ifndef REAL
#define REAL float
#endif
#ifndef REDUCE_NEIGHBOURS
#define REDUCE_NEIGHBOURS 1
#endif
shared REAL reduce_values[64];

REAL reduce_sum(REAL v) {
  const int lane = int(gl_LocalInvocationID.x);
  barrier();
  reduce_values[lane] = v;
  barrier();
  for (int half_size = 32; half_size >= REDUCE_NEIGHBOURS; half_size >>= 1) {
    if (lane < half_size)
      reduce_values[lane] += reduce_values[lane + half_size];
    barrier();
  }
  return reduce_values[lane % REDUCE_NEIGHBOURS];
}

REAL reduce_max(REAL v) {
  const int lane = int(gl_LocalInvocationID.x);
  barrier();
  reduce_values[lane] = v;
  barrier();
  for (int half_size = 32; half_size >= REDUCE_NEIGHBOURS; half_size >>= 1) {
    if (lane < half_size)
      reduce_values[lane] = max(reduce_values[lane], reduce_values[lane + half_size]);
    barrier();
  }
  return reduce_values[lane % REDUCE_NEIGHBOURS];
}
