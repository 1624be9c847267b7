// Convolutions in which each output channel has one input channel, and their adjoints, for devices whose loads cost more than
// their arithmetic (CPU drivers): a lane does a block of BLOCK_ROWS rows of BLOCK_QUADS quads of the output, in CHANNELS
// channels one after another. A lane that has whole words of the mask writes them once, without atomics.
//
// The including shader declares the specialization constants LANES, EPILOGUE, CHANNELS (32 or a divisor of it), ALIGNED and
// STEP (of vector_epilogue.glsl), and BLOCK_ROWS, BLOCK_QUADS and KERNEL_TAPS (rows by columns); then it defines accumulate.
layout(push_constant) uniform Push { ConvParams p; };
QUAD_BUFFER(0, inputs);
QUAD_BUFFER(1, weights); // (channels, KERNEL_TAPS), each padded to vec4s
layout(binding = 2) readonly restrict buffer Bias { float bias[]; };
layout(binding = 3) restrict buffer Output { float outputs[]; };
layout(binding = 3) restrict buffer OutputVectors { vec4 output_vectors[]; };
QUAD_BUFFER(4, residual);
layout(binding = 5) restrict buffer Mask { uint mask[]; };
layout(binding = 5) restrict buffer MaskVectors { uvec4 mask_vectors[]; };
#include "vector_epilogue.glsl"

const int BLOCK = BLOCK_ROWS * BLOCK_QUADS; // quads
const int KERNEL_VECTORS = (KERNEL_TAPS + 3) / 4;
vec4 kernel[KERNEL_VECTORS]; // of the channel
vec4 sums[BLOCK];            // row by row
uvec4 bits[BLOCK];

float kernel_at(int tap) { return kernel[tap / 4][tap % 4]; }

// Adds to the sums of the block whose first output is (oy, ox). `from` is the address of the channel's input, `last` the last
// texel that may be read.
void accumulate(int from, int oy, int ox, int last);

void start(int channel) {
  [[unroll]] for (int j = 0; j < KERNEL_VECTORS; ++j)
    kernel[j] = FETCH(weights, channel * KERNEL_VECTORS + j);
  float own_bias = (EPILOGUE & EPILOGUE_BIAS) != 0 ? bias[channel] : 0.0;
  [[unroll]] for (int q = 0; q < BLOCK; ++q)
    sums[q] = vec4(own_bias);
}

void main() {
  int channels = p.groups * p.out_c;
  int runs = (p.out_w + 4 * BLOCK_QUADS - 1) / (4 * BLOCK_QUADS); // a row
  int bands = (p.out_h + BLOCK_ROWS - 1) / BLOCK_ROWS;
  int tiles = (channels + CHANNELS - 1) / CHANNELS;
  int item = int((gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x) * LANES + gl_LocalInvocationID.x);
  if (item >= p.batch * tiles * bands * runs)
    return;
  int ox = item % runs * 4 * BLOCK_QUADS;
  int oy = item / runs % bands * BLOCK_ROWS;
  int first = item / runs / bands % tiles * CHANNELS;
  int n = item / runs / bands / tiles;

  int in_plane = p.in_h * p.in_w;
  int plane = p.out_rows * p.out_cols;
  int last = (p.in_base + (p.batch - 1) * p.in_batch_stride + p.groups * in_plane - 1) / 4;
  int from = p.in_base + n * p.in_batch_stride;
  int pixels[BLOCK], counts[BLOCK]; // the first of each quad, and how many of them are there
  [[unroll]] for (int q = 0; q < BLOCK; ++q) {
    int y = oy + q / BLOCK_QUADS, x = ox + q % BLOCK_QUADS * 4;
    pixels[q] = (y * p.out_step_h + p.out_offset_h) * p.out_cols + x * STEP + p.out_offset_w;
    counts[q] = y < p.out_h ? min(4, p.out_w - x) : 0;
    bits[q] = uvec4(0);
    if ((EPILOGUE & EPILOGUE_MASK_READ) != 0 && counts[q] > 0)
      bits[q] = read_mask_quad(output_word(n, first, pixels[q], plane), counts[q]);
  }
  [[dont_unroll]] for (int channel = first; channel < min(first + CHANNELS, channels); ++channel) {
    start(channel);
    accumulate(from + channel / p.out_c * in_plane, oy, ox, last);
    [[unroll]] for (int q = 0; q < BLOCK; ++q)
      if (counts[q] > 0) {
        vec4 v = finish_quad(sums[q], n, channel, pixels[q], counts[q], plane);
        if ((EPILOGUE & EPILOGUE_MASK_READ) != 0)
          v = masked_quad(v, bits[q], channel);
        if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0)
          bits[q] |= open_quad(v, p.low, p.high, channel);
        store_finished(v, n, channel, pixels[q], counts[q], plane);
      }
  }
  if ((EPILOGUE & EPILOGUE_MASK_WRITE) != 0) {
    [[unroll]] for (int q = 0; q < BLOCK; ++q)
      if (counts[q] > 0) {
        int word = output_word(n, first, pixels[q], plane);
        if (CHANNELS == 32)
          store_mask_quad(bits[q], word, counts[q]);
        else
          add_mask_quad(bits[q], word, counts[q]);
      }
  }
}
