// What the convolutions in 16-bit arithmetic share: tiles of both operands as halves in shared memory.
//
//   C (out_c x positions) = A (out_c x K) * B (K x positions),  K = ky, kx, channels up to a multiple of TILE_K
//
// A step is TILE_K channels of one tap, so that positions are found once a column and a step. Positions of a tile are of
// one image. While a step is multiplied, the next one's floats are on their way to registers.
//
// A half ends at 65504 and loses bits below 2^-14, and nobody knows how large the net's values are; gradients may be 1e-7
// and less. So each row of the weights has been scaled by a power of two, and the inputs of a tile are by one that fits
// the largest seen so far: where a larger one comes, the sums are scaled down with it (rescale_sums). Powers of two
// round nothing, so what remains is the rounding of 11 bits. Sums over many elements are float32.
//
// The including shader declares EPILOGUE, PARTS, KERNEL_H, KERNEL_W, THREADS, TILE_M, TILE_N, TILE_K and WHOLE (whether
// channels are a multiple of TILE_K), all powers of two but EPILOGUE, PARTS and the kernel's; STAGED, the sums that it has
// in shared memory at once on their way out; and defines multiply() and rescale_sums(by).
#include "params.h"

layout(push_constant) uniform Push { ConvParams p; };
layout(binding = 0) readonly buffer Inputs { float inputs[]; };
// Halves (groups, tiles of out_c, K / TILE_K, TILE_M, TILE_K), then floats (groups, out_c up to TILE_M): what undoes the
// scale of each row.
layout(binding = 1) readonly buffer Weights { uvec4 weights[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) buffer Outputs { float outputs[]; }; // or the sums of the parts
layout(binding = 4) readonly buffer Residual { float residual[]; };
layout(binding = 5) buffer Mask { uint mask[]; };
#include "conv_epilogue.glsl"
#include "conv_parts.glsl"

const int RUN = 8; // halves of a uvec4
const int RUNS = TILE_K / RUN;
const int ROW = RUNS + 1; // one more: rows then begin in different banks
const int WEIGHT_LOADS = (TILE_M * RUNS + THREADS - 1) / THREADS;
const int COLUMNS = THREADS < TILE_N ? THREADS : TILE_N; // that all threads load at once,
const int LINES = THREADS / COLUMNS;                     // so many runs of each
const int COLUMN_LOADS = TILE_N / COLUMNS;
const int RUN_LOADS = (RUNS + LINES - 1) / LINES;
const int TILE_B = TILE_M * ROW; // where the inputs begin, behind the weights
const int TILES = TILE_B + TILE_N * ROW - 1; // nothing is behind the last row
// Both tiles, and sums once nothing is left to be multiplied: the less a workgroup takes, the more of them run at once.
shared uvec4 tiles[TILES > STAGED / 4 ? TILES : STAGED / 4];
shared uint largest[2]; // input of a step, of even and odd ones

// What inputs are scaled to when the scale is chosen anew, and when that has to be; weights are below 1, so 8 products
// add up to less than a half's end.
const int SCALED_EXPONENT = 4;
const float MOST_SCALED = 4096.0;

int thread, image, g, part, first_m, first_n, tiles_m, chunks;
int exponent = 100; // of the inputs' scale: larger than any needed
ivec2 corner[COLUMN_LOADS]; // of the first tap
uvec4 next_a[WEIGHT_LOADS];
float next_b[COLUMN_LOADS * RUN_LOADS * RUN];

void rescale_sums(float by);
void multiply();

float power_of_two(int e) { return uintBitsToFloat(uint(clamp(e + 127, 0, 254)) << 23); }

int steps() { return KERNEL_H * KERNEL_W * chunks; }

// False where there is no such tile.
bool find_tile() {
  const int tiles_n = (p.out_h * p.out_w + TILE_N - 1) / TILE_N;
  const int tile = int(gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x);
  thread = int(gl_LocalInvocationID.x);
  tiles_m = (p.out_c + TILE_M - 1) / TILE_M;
  chunks = (p.in_c + TILE_K - 1) / TILE_K;
  image = tile / tiles_n;
  first_n = tile % tiles_n * TILE_N;
  part = int(gl_WorkGroupID.y) % PARTS;
  g = int(gl_WorkGroupID.y) / PARTS / tiles_m;
  first_m = int(gl_WorkGroupID.y) / PARTS % tiles_m * TILE_M;
  [[unroll]] for (int j = 0; j < COLUMN_LOADS; ++j) {
    const int position = first_n + j * COLUMNS + thread % COLUMNS;
    corner[j] = ivec2(position % p.out_w * p.stride_w - p.pad_left, position / p.out_w * p.stride_h - p.pad_top);
    if (position >= p.out_h * p.out_w)
      corner[j].y = -0x40000000; // outside, whatever the tap
  }
  return image < p.batch;
}

void load(int step) {
  const int row = ((g * tiles_m + first_m / TILE_M) * steps() + step) * TILE_M * RUNS;
  [[unroll]] for (int i = 0; i < WEIGHT_LOADS; ++i)
    if (TILE_M * RUNS % THREADS == 0 || i * THREADS + thread < TILE_M * RUNS)
      next_a[i] = weights[row + i * THREADS + thread];

  const int tap = step / chunks;
  const ivec2 shift = ivec2(tap % KERNEL_W * p.dilation_w, tap / KERNEL_W * p.dilation_h);
  const int plane = p.in_h * p.in_w;
  const int from = p.in_base + image * p.in_batch_stride + g * p.in_c * plane;
  [[unroll]] for (int j = 0; j < COLUMN_LOADS; ++j) {
    const ivec2 at = corner[j] + shift;
    const bool inside = at.y >= 0 && at.y < p.in_h && at.x >= 0 && at.x < p.in_w;
    const int pixel = inside ? from + at.y * p.in_w + at.x : from;
    [[unroll]] for (int l = 0; l < RUN_LOADS; ++l) {
      const int run = thread / COLUMNS + l * LINES;
      const int channel = step % chunks * TILE_K + (RUNS % LINES == 0 ? run : min(run, RUNS - 1)) * RUN;
      [[unroll]] for (int k = 0; k < RUN; ++k) {
        const int c = WHOLE != 0 ? channel + k : min(channel + k, p.in_c - 1); // weights beyond are 0
        const float v = inputs[pixel + c * plane];
        next_b[(j * RUN_LOADS + l) * RUN + k] = inside ? v : 0.0;
      }
    }
  }
}

void note_largest(int slot) {
  float most = 0.0;
  [[unroll]] for (int i = 0; i < COLUMN_LOADS * RUN_LOADS * RUN; ++i)
    most = max(most, abs(next_b[i]));
  most = subgroupMax(most);
  if (subgroupElect())
    atomicMax(largest[slot], floatBitsToUint(most)); // floats from 0 up are in the order of their bits
}

void adapt_scale(float most) {
  if (!(most * power_of_two(exponent) > MOST_SCALED))
    return;
  const int fitting = SCALED_EXPONENT + 127 - int(floatBitsToUint(most) >> 23);
  rescale_sums(power_of_two(fitting - exponent));
  exponent = fitting;
}

uint halves(float a, float b) { return packFloat2x16(f16vec2(float16_t(a), float16_t(b))); }

void store_tiles() {
  [[unroll]] for (int i = 0; i < WEIGHT_LOADS; ++i) {
    const int item = i * THREADS + thread;
    if (TILE_M * RUNS % THREADS == 0 || item < TILE_M * RUNS)
      tiles[item / RUNS * ROW + item % RUNS] = next_a[i];
  }
  const float scale = power_of_two(exponent);
  [[unroll]] for (int j = 0; j < COLUMN_LOADS; ++j)
    [[unroll]] for (int l = 0; l < RUN_LOADS; ++l) {
      const int run = thread / COLUMNS + l * LINES;
      const int b = (j * RUN_LOADS + l) * RUN;
      if (RUNS % LINES == 0 || run < RUNS)
        tiles[TILE_B + (j * COLUMNS + thread % COLUMNS) * ROW + run] =
            uvec4(halves(next_b[b] * scale, next_b[b + 1] * scale), halves(next_b[b + 2] * scale, next_b[b + 3] * scale),
                  halves(next_b[b + 4] * scale, next_b[b + 5] * scale), halves(next_b[b + 6] * scale, next_b[b + 7] * scale));
    }
}

// All of the tile's sums, by multiply().
void sum_up() {
  if (thread < 2)
    largest[thread] = 0u;
  const int first = part * steps() / PARTS, end = (part + 1) * steps() / PARTS;
  load(first);
  barrier();
  for (int step = first; step < end; ++step) {
    note_largest(step & 1);
    barrier(); // the step before is multiplied
    adapt_scale(uintBitsToFloat(largest[step & 1]));
    if (thread == 0)
      largest[step + 1 & 1] = 0u;
    store_tiles();
    barrier();
    if (step + 1 < end)
      load(step + 1);
    multiply();
  }
  barrier(); // what is staged takes the tiles' place
}

// Of row and column of the tile.
void finish(float v, int row, int column) {
  const int c = first_m + row;
  const int position = first_n + column;
  if (c >= p.out_c || position >= p.out_h * p.out_w)
    return;
  const int scale = g * tiles_m * TILE_M + c;
  v = v * uintBitsToFloat(weights[p.groups * tiles_m * steps() * TILE_M * RUNS + scale / 4][scale % 4]) *
      power_of_two(-exponent);
  const int oy = position / p.out_w, ox = position % p.out_w;
  if (PARTS == 1)
    store_conv(v, image, g, c, oy, ox);
  else
    outputs[conv_part(part, image, g, c, oy, ox)] = v;
}
