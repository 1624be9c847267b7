// Winograd's minimal filtering F(TILE x TILE, KERNEL x KERNEL) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks"): a tile of TILE x TILE outputs is A^T [(G g G^T) * (B^T d B)] A, d being its window of SIDE x SIDE inputs,
// g the filter, and * element by element; the sum over the channels makes each of the SIDE * SIDE elements a matrix
// product. Constants before this file: TILE and KERNEL, of F(2,3), F(4,3) or F(2,5), and Elements: vec4 where a lane does
// four tiles, one in each component, or float. B follows from SIDE alone: from its points 0, 1, -1 and, where it is 6, 2 and
// -2, and infinity.
const int SIDE = TILE + KERNEL - 1;
Elements tile[SIDE * SIDE]; // row by row

// B^T d, in place, d being elements at, at + step, ...
void transform_input(int at, int step) {
  if (SIDE == 4) {
    Elements d0 = tile[at], d1 = tile[at + step], d2 = tile[at + 2 * step], d3 = tile[at + 3 * step];
    tile[at] = d0 - d2;
    tile[at + step] = d1 + d2;
    tile[at + 2 * step] = d2 - d1;
    tile[at + 3 * step] = d1 - d3;
  } else {
    Elements d0 = tile[at], d1 = tile[at + step], d2 = tile[at + 2 * step], d3 = tile[at + 3 * step],
             d4 = tile[at + 4 * step], d5 = tile[at + 5 * step];
    Elements a = d4 - 4.0 * d2, b = d3 - 4.0 * d1, c = d4 - d2, e = 2.0 * (d3 - d1);
    tile[at] = 4.0 * (d0 - d2) - d2 + d4;
    tile[at + step] = a + b;
    tile[at + 2 * step] = a - b;
    tile[at + 3 * step] = c + e;
    tile[at + 4 * step] = c - e;
    tile[at + 5 * step] = 4.0 * (d1 - d3) - d3 + d5;
  }
}

// A^T m: the first TILE elements of the result count.
void transform_output(int at, int step) {
  if (SIDE == 4) {
    Elements m0 = tile[at], m1 = tile[at + step], m2 = tile[at + 2 * step], m3 = tile[at + 3 * step];
    tile[at] = m0 + m1 + m2;
    tile[at + step] = m1 - m2 - m3;
  } else {
    Elements m0 = tile[at], m5 = tile[at + 5 * step];
    Elements a = tile[at + step] + tile[at + 2 * step], b = tile[at + step] - tile[at + 2 * step];
    Elements c = tile[at + 3 * step] + tile[at + 4 * step], e = tile[at + 3 * step] - tile[at + 4 * step];
    tile[at] = m0 + a + c;
    if (TILE == 2) {
      tile[at + step] = b + 2.0 * e + m5;
    } else {
      tile[at + step] = b + 2.0 * e;
      tile[at + 2 * step] = a + 4.0 * c;
      tile[at + 3 * step] = b + 8.0 * e + m5;
    }
  }
}
