// Structs and constants shared by C++ and GLSL: push constants, buffer layouts, epilogue flags.
// GLSL sees `int`, `uint` and `float`; C++ sees the same names inside namespace convscope::gpu.
#ifndef CONVSCOPE_SHADERS_PARAMS_H
#define CONVSCOPE_SHADERS_PARAMS_H

#ifdef __cplusplus
#include <cstdint>
namespace convscope::gpu {
using uint = std::uint32_t;
#endif

// What happens to a value before it is stored (specialization constant EPILOGUE, a bit set).
// Forward:  v = acc + bias; RESIDUAL: v += residual; RELU: v = clamp(v, low, high); MASK_WRITE: is low < v < high?
// Backward: v = acc; ACCUMULATE: v += what the output holds; MASK_READ: v = 0 where the mask's bit is 0;
//           ADD_MASKED, convolutions only: v += what the output holds, which has no part in the mask.
const uint EPILOGUE_BIAS = 1u;
const uint EPILOGUE_RESIDUAL = 2u;
const uint EPILOGUE_RELU = 4u;
const uint EPILOGUE_MASK_WRITE = 8u;
const uint EPILOGUE_ACCUMULATE = 16u;
const uint EPILOGUE_MASK_READ = 32u;
const uint EPILOGUE_ADD_MASKED = 64u;

// `low` and `high` come with the params: 0 and the largest float of a ReLU, 0 and 6 of one with a ceiling.

// A ReLU's mask has one bit an element. A word holds 32 channels of one pixel of a tensor (N,C,H,W):
//   word = mask[(n * ceil(C / 32) + c / 32) * H * W + y * W + x], bit c % 32.
// Masks are zero before a forward pass begins, so kernels that own part of a word may atomicOr into it.

// Channels of its pixels that a thread does where 32 would leave too few threads: of one word of a mask, whose 32 they
// divide.
const int THREAD_CHANNELS = 8;

// One convolution dispatch. Input (N, groups*in_c, in_h, in_w), weights in the back end's own packing,
// output planes out_rows x out_cols of which this dispatch computes out_h x out_w positions:
//   out[n][c][oy * out_step_h + out_offset_h][ox * out_step_w + out_offset_w] = epilogue(sum over i, ky, kx of
//       w[c][i][ky][kx] * in[n][g * in_c + i][oy * STRIDE_H - pad_top + ky * DILATION_H][ox * STRIDE_W - pad_left + kx
//       * DILATION_W])
// A forward pass has step 1 and offset 0; the input gradient of stride s runs as s*s phases of stride 1
// with step s. Positions outside the input read as 0; pads may be negative.
// The batch stride is in elements and in_base/out_base are element offsets, so that a tensor may be a
// range of channels of a larger one. `residual` has the output's layout and is contiguous.
struct ConvParams {
  int batch;
  int groups;
  int in_c;  // per group
  int out_c; // per group
  int in_h, in_w;
  int out_h, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad_top, pad_left;
  int out_rows, out_cols;
  int out_step_h, out_step_w;
  int out_offset_h, out_offset_w;
  int in_batch_stride, out_batch_stride;
  int in_base, out_base;
  float low, high; // of EPILOGUE_RELU
  int first_image; // of im2col.comp, conv_gemm.comp and conv_columns.comp, which may do a part of the images
};

// Tiles first_tile .. first_tile + tiles - 1 (a multiple of 4; those beyond the last are done in vain) of a
// convolution of stride 1 and one group by Winograd's method. Tiles follow one another by image, row, column.
struct WinogradParams {
  ConvParams conv;
  int first_tile, tiles;
};

// What a workgroup of winograd_fused.comp does at once: so many threads, output channels, input channels.
const int WINOGRAD_THREADS = 256, WINOGRAD_CHANNELS = 32, WINOGRAD_DEPTH = 4;

const int UNCUT_TAPS = 9;                       // conv_shared.comp cuts no channel's sums of so many taps
const int EXACT_CHANNELS = 8, EXACT_PIXELS = 4; // that a thread of exact_conv.comp does

// Ops on single elements. Tensors are (N,C,H,W); `pixels` is H*W. In kernels that read or write masks a
// thread does one pixel of 32 channels, a whole word.
struct MapParams {
  int batch, channels, pixels;
};

// Ops that may end with a ReLU.
struct ActivationParams {
  int batch, channels, pixels;
  float low, high;
};

// Unary's functions, in the order of Function (src/graph/graph.h), and their numbers.
const uint FUNCTION_LEAKY_RELU = 0u;
const uint FUNCTION_ELU = 1u;
const uint FUNCTION_SELU = 2u;
const uint FUNCTION_CELU = 3u;
const uint FUNCTION_THRESHOLDED = 4u;
const uint FUNCTION_SIGMOID = 5u;
const uint FUNCTION_HARD_SIGMOID = 6u;
const uint FUNCTION_HARD_SWISH = 7u;
const uint FUNCTION_SILU = 8u;
const uint FUNCTION_GELU = 9u;
const uint FUNCTION_GELU_TANH = 10u;
const uint FUNCTION_MISH = 11u;
const uint FUNCTION_TANH = 12u;
const uint FUNCTION_SOFTPLUS = 13u;
const uint FUNCTION_SOFTSIGN = 14u;
const uint FUNCTION_ERF = 15u;
const uint FUNCTION_EXP = 16u;
const uint FUNCTION_LOG = 17u;
const uint FUNCTION_SQRT = 18u;
const uint FUNCTION_RECIPROCAL = 19u;
const uint FUNCTION_ABS = 20u;
const uint FUNCTION_POWER = 21u;
const uint FUNCTION_CLIP = 22u;
const uint FUNCTION_ROUND = 23u;
const uint FUNCTION_LINEAR = 24u;
struct UnaryParams {
  int batch, channels, pixels;
  float a, b;
};

// Binary's, in the order of Arithmetic.
const uint ARITHMETIC_ADD = 0u;
const uint ARITHMETIC_SUBTRACT = 1u;
const uint ARITHMETIC_MULTIPLY = 2u;
const uint ARITHMETIC_DIVIDE = 3u;
const uint ARITHMETIC_MAXIMUM = 4u;
const uint ARITHMETIC_MINIMUM = 5u;
const uint ARITHMETIC_POWER = 6u;

// How far a step along an axis goes in a tensor that is read as if it were larger: 0 where it is repeated.
struct Strides {
  int image, channel, row, column;
};

// The result's shape.
struct BinaryParams {
  int batch, channels, rows, columns;
  Strides a, b;
};

// A tensor (N,C,H,W) as slices, each of which is reduced, normalized, ... by itself: slice_channels x slice_rows x
// slice_columns an image, in the order of their first elements. One has outer_count x inner_count elements. Epsilon is
// the sum of two.
struct SliceParams {
  int batch, channels, rows, columns;
  int slice_channels, slice_rows, slice_columns;
  int outer_count, outer_stride;
  int inner_count, inner_stride;
  float epsilon, epsilon_rest;
};

// Reduce's, in the order of Reduction.
const uint REDUCTION_MEAN = 0u;
const uint REDUCTION_SUM = 1u;
const uint REDUCTION_MAX = 2u;
const uint REDUCTION_MIN = 3u;
const uint REDUCTION_L1 = 4u;
const uint REDUCTION_L2 = 5u;
const uint REDUCTION_SUM_SQUARE = 6u;
struct ReductionGradientParams {
  int batch, channels, rows, columns; // of the input
  Strides reduced;
  float scale; // of a mean, one over the elements that it is of; else 1
};

struct LrnParams {
  int batch, channels, pixels;
  int size;
  float alpha, beta, bias;
};

// Pools, forward and backward. An average is over the taps inside the picture and the `counted` padding around it.
struct PoolParams {
  int batch, channels;
  int in_h, in_w;
  int out_h, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad_top, pad_left;
  int counted_top, counted_left, counted_bottom, counted_right;
};

// out[y][x] = in[y - top][x - left], or 0 outside: zero padding, and with negative top and left its gradient.
struct PadParams {
  int batch, channels;
  int in_h, in_w;
  int out_h, out_w;
  int top, left;
};

// to[to_first + i . to_strides] = from[from_first + i . from_strides] for every index i below the sizes. `channels` and
// `pixels` are the whole target's, for its mask.
const int COPY_AXES = 6;
struct CopyParams {
  int sizes[COPY_AXES];
  int from_strides[COPY_AXES], to_strides[COPY_AXES];
  int from_first, to_first;
  int channels, pixels;
};

// out[c][y][x] = the sum of in[c'][y'][x'] times the weights of its taps c', y', x', which a table lists for every
// position of each of the three axes. Where one of them has no taps it is `value`.
struct GatherParams {
  int batch;
  int in_c, in_h, in_w;
  int out_c, out_h, out_w;
  float value;
};

// Weights that are made on the device, as a convolution's back end reads them: `packed` a group, of `weights`.
struct PackParams {
  int groups, packed, weights;
};

// Rows first_row .. first_row + rows - 1 of a dense layer's weights (out_features, in_features) are bound.
// For the gradient, in_features = mask_channels * mask_pixels is the shape that the input's mask has.
struct DenseParams {
  int batch;
  int in_features, out_features;
  int first_row, rows;
  int mask_channels, mask_pixels;
  float low, high; // of EPILOGUE_RELU
};

// ---- Optimizing an image: src/visualization ----

// What changes from step to step, in a buffer of its own: the step's number and what follows from it.
struct StepState {
  int started; // steps begun; the current step is started - 1
  float lr;
  float correction1; // 1 - beta1^started, Adam's bias corrections
  float correction2;
  float factor;                  // of lr in this step
  float momentum, next_momentum; // Nadam's, of this step and the next one
  float momenta;                 // and the product of all so far
};

// One image of the batch.
struct ImageState {
  uint key0, key1; // Philox
  int stopped;     // the step at which a value that is not finite arose, or -1
  float clip;      // this step's factor of the gradient
};

// Output pixel (x, y) reads the source at (m00 x + m01 y + tx, m10 x + m11 y + ty), in pixel indices; n is m's inverse.
struct AffineMap {
  float m00, m01, tx;
  float m10, m11, ty;
  float n00, n01, n10, n11;
};

// Philox counters are (index or step, purpose, block, 0).
const uint PURPOSE_INIT = 0u;
const uint PURPOSE_TRANSFORM = 1u; // the crop's number is their last word
const uint PURPOSE_NOISE = 2u;     // (pixel, purpose, crop and plane, step)
const uint PURPOSE_BACKDROP = 3u;  // (x and y of the lattice, purpose, octave and first plane, step)

struct InitParams {
  int count; // parameters an image
  float deviation;
  int first, size; // of those that are made
  int together;    // 1: each image has the first one's
};

// One of `count` numbers from `first` of a list, or a number between the two of them.
struct DrawRange {
  int first, count, uniform_range;
};

struct AdvanceParams {
  int batch;
  int source_h, source_w;
  int canvas_h, canvas_w;
  float log_beta1, log_beta2;
  DrawRange jitter, scale, rotation, jitter_after;
  int crops; // an image; 0: it is seen as a whole
  DrawRange crop_side;
  float crop_deviation;
  float beta1;
  int cosine_steps; // in which the rate falls to nothing; 0: it does not
};

// Half spectra (images * planes, height, columns) of complex numbers; columns = width / 2 + 1.
struct SpectrumParams {
  int height, width, columns;
  int planes, stride; // where spectra are parts of parameters: planes an image, and floats an image
};

// The gradient's last touch and its sum of squares: `count` values an image, in `parts` partial sums.
struct GradientParams {
  int count;
  int height, width, columns;
  int parts;
  int spectral; // how many of them are a spectrum's
};

// The place of an image's planes among floats: planes and rows are so far apart, the first pixel is at `first`.
struct PlaneLayout {
  int plane_stride, row_stride, first;
};

// The first `size` of each image's: from images of `from_stride` floats to those of `to_stride`.
struct PartParams {
  int size, from_stride, to_stride;
};

// Levels (height, width, first, slots), all floats: their numbers are an image's parameters from `first` on.
struct PyramidParams {
  int height, width;
  PlaneLayout place; // of the planes
  int planes, batch, levels;
  int first, count, size; // `count` parameters an image, `size` of them in levels
  float weight;
};

// Mean and deviation of (N, planes, height, width) laid out so, an image's all together, from `parts` parts of it.
struct MomentsParams {
  int planes, height, width;
  int plane_stride, row_stride;
  int parts;
};
struct Moments { // of one image: x is standardized as (x - mean) / (deviation + STANDARD_EPSILON)
  float mean, deviation;
};
const float STANDARD_EPSILON = 1e-4;

// A layer of a net that paints, on rows first_row .. first_row + rows - 1 of an image: from `inputs` numbers a pixel
// (of the first layer its coordinates) to `outputs`, in rows of `stride` weights: a row of biases, then one of each
// feature.
const int CPPN_WIDTH = 24, CPPN_LAYERS = 8; // the layers but for the last, which makes the planes
struct CppnParams {
  int height, width;
  int first_row, rows;
  int inputs, outputs, stride;
  int first, count;  // where its weights are among an image's `count` parameters
  PlaneLayout place; // of the planes, which the last layer makes
  int parts;         // of the gradient with respect to the weights
};
struct CppnSumParams {
  int size, parts;
  int first, count;
};

// image = sigmoid(gain * C x), x laid out like that, the image without gaps: of `count` planes of an image's `planes`.
struct ColourParams {
  int height, width;
  PlaneLayout place;
  float gain;
  int planes, first, count;
};

const int BACKDROP_OCTAVES = 7; // cells of 1 to 64 pixels
struct BackdropParams {
  int height, width, planes;
};
struct CompositeParams {
  int height, width;
  int planes;        // but for the opacity
  PlaneLayout place; // of the adjoint's outputs
  float gain, opacity_gain;
};
struct OpacityParams {
  int pixels, planes, parts;
};

// A dispatch makes up to three planes out of `planes` that both of its sides have, from `first` on:
// out[first + i] = in[source[i]] * scale[i] + shift[i]. Those that there are not have the first one's source.
struct PlaneParams {
  int planes, first;
  int source[3];
  float scale[3];
  float shift[3]; // unused by adjoints
};

// Also of the adjoint, which goes from the canvas to the source and on through the colours.
struct TransformParams {
  int source_h, source_w;
  int canvas_h, canvas_w;
  PlaneLayout place; // of the adjoint's result
  float gain;        // of ColourParams
  PlaneParams plane;
  int views; // canvases an image
};

// Random numbers added to `count` planes from `first` on of `planes`, `pixels` each, of `views` canvases an image.
struct NoiseParams {
  int pixels, planes, views;
  int first, count;
  float deviation[3], width[3]; // of each of these planes
};
const uint TRANSFORM_NONE = 0u;
const uint TRANSFORM_GREY = 1u;
const uint TRANSFORM_REFLECT = 2u;

struct ResizeParams {
  int in_h, in_w;
  int out_h, out_w;
  float step_h, step_w; // in / out
  PlaneParams plane;
};

// ---- The terms of an objective: src/visualization/terms ----

const int OBJECTIVE_PARTS = 32; // partial sums of a term's value: (image, term, part)

// A mean over a rectangle of a channel's map, or of the squares of a whole layer.
const uint TERM_CHANNEL = 0u;
const uint TERM_MEAN_SQUARE = 1u;
struct ObjectiveTerm {
  uint kind;
  int channel;
  int x, y, width, height;
  float weight; // over the number of elements that the mean is over
};

// Terms first .. first + count - 1 of the `terms` that each image has read this layer: (image, count) of them.
struct ObjectiveParams {
  int channels, rows, columns;
  int terms, first, count;
};

// Terms that compare a layer's output a (N,C,H,W) with others o, position by position: `pairs` (image, position) of
// sums over channels, from which follow `factors` of the gradient, (image, position) or one an image: p o + q a.
const uint PAIR_VECTOR = 0u;     // o is a number for each channel (image, channel): <a,o>, <a,a>
const uint PAIR_TENSOR = 1u;     // o is (N,C,H,W): <a,o>, <a,a>
const uint PAIR_DIFFERENCE = 2u; // o is (N,C,H,W): <a-o,a-o>, 0
struct PairParams {
  int channels, rows, columns;
  int terms, term; // of each image, and which of them it is
  int factor_step; // 1: one for each position; 0: for each image
};

// One image's direction: at the positions of a rectangle.
struct DirectionTerm {
  int x, y, width, height;
  float power, norm; // of the vector
  float weight;      // over the number of positions
};
struct CaricatureTerm {
  float power;
  float weight;
};

// Gram matrices G (N,C,C) of a layer: `size` is C * C.
struct GramParams {
  int batch, size;
  int terms, term;
  float scale; // of a style's: over the entries, and over the positions
};

struct AlignmentParams {
  int batch, channels, pixels;
  int terms, term;
};

// Terms of the image itself.
struct ImageTermParams {
  int planes, height, width;
  int terms, term;
};
struct ImageTerm { // one image's
  float constant;
  float weight;
};

struct FinishParams {
  int batch;
  int value_parts, gradient_parts; // an image
  int history;                     // steps that the ring buffer holds
  float clip_norm;                 // 0: no clipping
};

struct AdamParams {
  int count; // parameters an image
  float beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
  int nesterov; // 1: Nadam
};

// Images that take turns in a batch and are partly made of common ones: `cells` sets of parameters, then `groups`
// common ones, all in one tensor of `count` floats each. A slot of the batch is own_weight * its cell's + common_weight
// * the sum of the groups', times the cell's shares.
struct GallerySlot {
  int cell;
  float correction1, correction2; // Adam's bias corrections, by how often the cell has been here
};
struct GalleryParams {
  int count, slots, cells, groups;
  float own_weight, common_weight;
};
struct GalleryAdamParams {
  GalleryParams gallery;
  float beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
};

// ---- What the window samples: src/viewer ----

// A picture or a map becomes a cell of cell_h x cell_w pixels and a border of 1 that repeats its edge, as RGBA8.
// `source` is the first element that is read, `maximum` the place of the map's maximum.
struct TileParams {
  int source;
  int source_h, source_w;
  int cell_h, cell_w;
  float step_h, step_w; // source / cell
  int maximum;
  int rgb[3];                     // of a picture: the planes that are its red, green and blue
  int planes, columns, rows, gap; // of a mosaic: what lies in the cell, row by row, and the pixels in between
};
const uint TILE_IMAGE = 0u;
const uint TILE_MAP = 1u;
const uint TILE_MOSAIC = 2u;

struct TileMaxParams {
  int source, count;
  int maximum;
};

#ifdef __cplusplus
} // namespace convscope::gpu
#endif
#endif
