// Sums and maxima over a workgroup of 64, in an order that never changes.
shared float reduce_values[64];

float reduce_sum(float v) {
  const uint lane = gl_LocalInvocationID.x;
  barrier();
  reduce_values[lane] = v;
  barrier();
  for (uint half_size = 32u; half_size > 0u; half_size >>= 1) {
    if (lane < half_size)
      reduce_values[lane] += reduce_values[lane + half_size];
    barrier();
  }
  return reduce_values[0];
}

float reduce_max(float v) {
  const uint lane = gl_LocalInvocationID.x;
  barrier();
  reduce_values[lane] = v;
  barrier();
  for (uint half_size = 32u; half_size > 0u; half_size >>= 1) {
    if (lane < half_size)
      reduce_values[lane] = max(reduce_values[lane], reduce_values[lane + half_size]);
    barrier();
  }
  return reduce_values[0];
}
