// Four neighbouring elements of a buffer at once, of which the first `count` are there. The buffer is declared twice, as
// elements and as vectors of four; the including shader declares ALIGNED (all quads begin at multiples of 4 elements and are
// whole) and STEP (from an element to the next: 1 where ALIGNED).
#ifndef READ_QUAD
#define READ_QUAD(vector, elements, vectors, at, count)                                                                \
  (ALIGNED ? vectors[(at) / 4]                                                                                         \
           : vector(elements[at], elements[(at) + min(1, (count)-1) * STEP], elements[(at) + min(2, (count)-1) * STEP], \
                    elements[(at) + min(3, (count)-1) * STEP]))

#define STORE_QUAD(elements, vectors, v, at, count)                                                                    \
  if (ALIGNED) {                                                                                                       \
    vectors[(at) / 4] = v;                                                                                             \
  } else {                                                                                                             \
    [[unroll]] for (int r = 0; r < 4; ++r)                                                                             \
      if (r < (count))                                                                                                 \
        elements[(at) + r * STEP] = v[r];                                                                              \
  }
#endif
