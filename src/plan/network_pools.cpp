// Max and average pools, forward and backward.
#include "plan/network.h"

#include <algorithm>

#include "graph/shapes.h"
#include "plan/layout.h"
#include "plan/thread_limits.h"
#include "vulkan/quirks.h"

namespace convscope {

namespace {

// Of the divisors of a kernel's width, the most columns whose windows of `run` outputs are short enough to unroll.
int columns_at_once(const gpu::PoolParams &p, int run, const vulkan::DeviceInfo &device) {
  constexpr int most_products = 96;
  if (thread_limits(device).few_registers)
    return 1;
  for (int taps = std::min(p.kernel_w, most_products / run); taps > 1; --taps)
    if (p.kernel_w % taps == 0 && (run - 1) * p.stride_w + (taps - 1) * p.dilation_w < most_window_columns)
      return taps;
  return 1;
}

// KERNEL_W, TAPS, STRIDE_W, DILATION_W, SHIFT and ALIGNED of max_pool.comp and avg_pool.comp, whose threads do `run`
// outputs.
void append_window(std::vector<std::uint32_t> &constants, const gpu::PoolParams &p, int run,
                   const vulkan::DeviceInfo &device) {
  const int taps = columns_at_once(p, run, device);
  const bool quads = run % 4 == 0;
  const int shift = quads && p.in_w % 4 == 0 && taps == p.kernel_w ? window_shift(p.pad_left) : -1;
  append(constants, {p.kernel_w, taps, p.stride_w, p.dilation_w, shift, quads && p.out_w % 4 == 0 ? 1 : 0});
}

// Whether a window may leave the picture.
bool leaves_picture(const gpu::PoolParams &p) {
  const auto leaves = [](int in, int out, int kernel, int stride, int dilation, int pad) {
    return pad > 0 || (out - 1) * stride - pad + (kernel - 1) * dilation >= in;
  };
  return leaves(p.in_h, p.out_h, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top) ||
         leaves(p.in_w, p.out_w, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left);
}

// KERNEL_W, POOL_STRIDE_W, PHASE and SHIFT of max_pool_grad.comp for threads of `run` pixels: a width of 0 unless the
// same outputs and taps reach a pixel in every thread, and eight arg-maxes share a word.
void append_reach(std::vector<std::uint32_t> &constants, const gpu::PoolParams &p, int run) {
  if (p.dilation_h != 1 || p.dilation_w != 1 || p.pad_left < 0 || run % p.stride_w != 0 || arg_max_bits(p) != 4) {
    append(constants, {0, 1, 0, -1});
    return;
  }
  const int phase = p.pad_left % p.stride_w;
  const int before = p.kernel_w > phase ? (p.kernel_w - 1 - phase) / p.stride_w : 0; // as the kernel says it
  const bool same_remainder = multiples_of_4({p.out_w, run / p.stride_w});
  append(constants, {p.kernel_w, p.stride_w, phase,
                     same_remainder ? window_shift(before - (p.pad_left - phase) / p.stride_w) : -1});
}

std::uint32_t is_dilated(const gpu::PoolParams &p) { return p.dilation_h != 1 || p.dilation_w != 1 ? 1 : 0; }

} // namespace

gpu::PoolParams Network::pool_params(const FusedOp &op) const {
  const NodeId input = op.inputs.front();
  const Op &main = node(op.main).op;
  Window w;
  Padding counted;
  if (const auto *max_pool = std::get_if<MaxPool>(&main)) {
    w = window(max_pool->window, input, op.extra_pad);
    counted = op.extra_pad;
  } else if (const auto *avg_pool = std::get_if<AvgPool>(&main)) {
    w = window(avg_pool->window, input);
    if (avg_pool->count_padding)
      counted = w.pad;
  } else if (const auto *zero_pad = std::get_if<ZeroPad>(&main)) {
    w.pad = zero_pad->pad; // as exact_pool.comp pads
  }
  return {options_.batch, shape(input).c, shape(input).h, shape(input).w, shape(op.output).h, shape(op.output).w,
          w.kernel_h,     w.kernel_w,     w.stride_h,     w.stride_w,     w.dilation_h,       w.dilation_w,
          w.pad.top,      w.pad.left,     counted.top,    counted.left,   counted.bottom,     counted.right};
}

void Network::forward_max_pool(const FusedOp &op) {
  const gpu::PoolParams p = pool_params(op);
  const std::uint32_t bits = arg_max_bits(p);
  const int run = static_cast<int>(32U / bits);
  const std::int64_t threads = arg_max_words(p);
  TensorId arg_max = TensorId::none;
  if (options_.backward) {
    arg_max =
        plan_.transient(node(op.output).name + " arg-max", static_cast<std::size_t>(threads) * sizeof(std::uint32_t));
    kept_[static_cast<std::size_t>(op.output)].arg_max = arg_max;
  }
  std::vector<std::uint32_t> constants{options_.backward ? 1U : 0U, bits};
  append_window(constants, p, run, plan_.device().info());
  const bool zeros = op.extra_pad != Padding{}; // which are values like others
  append(constants, {leaves_picture(p) && !zeros ? 1 : 0});
  const TensorId out = value(op.output);
  plan_.dispatch(node(op.main).name, plan_.programs().get("max_pool", constants), spread_groups(threads), p,
                 {reads(value(op.inputs.front())), writes(out), writes(options_.backward ? arg_max : out)});
}

void Network::backward_max_pool(const FusedOp &op, TensorId from) {
  const gpu::PoolParams p = pool_params(op);
  const TensorId arg_max = kept_[static_cast<std::size_t>(op.output)].arg_max;
  const int quads =
      vulkan::has_quirk(plan_.device().info(), vulkan::Quirk::small_shaders) ? 1 : 2; // of pixels, a thread
  const int run = 4 * quads;
  const std::int64_t runs = std::int64_t{p.in_h} * divide_up(p.in_w, run);
  // Of a thread; fewer on small maps, so that there is work for all: a CPU's cores, or a large GPU's 512 workgroups.
  const bool cpu = plan_.device().info().is_cpu();
  const int fewest = cpu ? 4 : 1;
  const std::int64_t enough = cpu ? 128 : 64 * 512;
  int channels = 32;
  while (channels > fewest && runs * divide_up(p.channels, channels) < enough)
    channels /= 2;
  contribute(op.inputs.front(), [&](const GradientTarget &to) {
    std::vector<std::uint32_t> constants{to.epilogue(), arg_max_bits(p)};
    append(constants, {channels, p.in_w % 4 == 0 ? 1 : 0, p.out_w % 4 == 0 ? 1 : 0, quads});
    append_reach(constants, p, run);
    plan_.dispatch(node(op.main).name + " gradient", plan_.programs().get("max_pool_grad", constants),
                   spread_groups(p.batch * divide_up(p.channels, channels) * runs), p,
                   {reads(from), reads(arg_max), to.use(), reads(to.mask_or(from))});
  });
}

void Network::forward_avg_pool(const FusedOp &op) {
  const gpu::PoolParams p = pool_params(op);
  const int run = p.out_w > 1 ? 4 : 1;
  std::vector<std::uint32_t> constants{is_dilated(p)};
  append(constants, {run});
  append_window(constants, p, run, plan_.device().info());
  plan_.dispatch(node(op.main).name, plan_.programs().get("avg_pool", constants),
                 spread_groups(std::int64_t{p.batch} * p.channels * p.out_h * divide_up(p.out_w, run)), p,
                 {reads(value(op.inputs.front())), writes(value(op.output))});
}

void Network::backward_avg_pool(const FusedOp &op, TensorId from) {
  const gpu::PoolParams p = pool_params(op);
  const std::int64_t threads = std::int64_t{p.batch} * shape(op.inputs.front()).elements();
  contribute(op.inputs.front(), [&](const GradientTarget &to) {
    plan_.dispatch(node(op.main).name + " gradient",
                   plan_.programs().get("avg_pool_grad", {to.epilogue(), is_dilated(p)}), spread_groups(threads), p,
                   {reads(from), to.use(), reads(to.mask_or(from))});
  });
}

} // namespace convscope
