// Four neighbouring elements of the output at once, of which the first `count` are there. The including shader declares
// ALIGNED (all quads begin at multiples of 4 elements and are whole), STEP (from an element to the next: 1 where ALIGNED) and
// the buffers outputs and output_vectors (one buffer).
vec4 read_quad(int at, int count) {
  if (ALIGNED)
    return output_vectors[at / 4];
  vec4 v;
  [[unroll]] for (int r = 0; r < 4; ++r)
    v[r] = outputs[at + min(r, count - 1) * STEP];
  return v;
}

void store_quad(vec4 v, int at, int count) {
  if (ALIGNED) {
    output_vectors[at / 4] = v;
  } else {
    [[unroll]] for (int r = 0; r < 4; ++r)
      if (r < count)
        outputs[at + r * STEP] = v[r];
  }
}
