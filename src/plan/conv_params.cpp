#include "plan/conv_params.h"

#include <numeric>

namespace convscope {

namespace {

// The taps of one axis that reach input positions congruent to `phase` modulo the stride: for position
// q * stride + phase, tap j reads output position q + first + j * step through kernel index taps[j].
struct PhaseTaps {
  std::vector<int> taps;
  int first = 0, step = 1;
};

PhaseTaps phase_taps(int phase, int kernel, int stride, int dilation, int pad) {
  PhaseTaps result;
  // Descending kernel indices read ascending output positions.
  for (int k = kernel - 1; k >= 0; --k) {
    const int position = phase + pad - k * dilation;
    if (position % stride != 0)
      continue;
    if (result.taps.empty())
      result.first = position / stride;
    result.taps.push_back(k);
  }
  result.step = dilation / std::gcd(stride, dilation);
  return result;
}

} // namespace

gpu::ConvParams forward_params(const Window &window, int groups, const Shape &in, const Shape &out, int batch) {
  gpu::ConvParams p{};
  p.batch = batch;
  p.groups = groups;
  p.in_c = in.c / groups;
  p.out_c = out.c / groups;
  p.in_h = in.h;
  p.in_w = in.w;
  p.out_h = p.out_rows = out.h;
  p.out_w = p.out_cols = out.w;
  p.kernel_h = window.kernel_h;
  p.kernel_w = window.kernel_w;
  p.stride_h = window.stride_h;
  p.stride_w = window.stride_w;
  p.dilation_h = window.dilation_h;
  p.dilation_w = window.dilation_w;
  p.pad_top = window.pad.top;
  p.pad_left = window.pad.left;
  p.out_step_h = p.out_step_w = 1;
  p.in_batch_stride = static_cast<int>(in.elements());
  p.out_batch_stride = static_cast<int>(out.elements());
  return p;
}

std::vector<ConvDispatch> gradient_dispatches(const gpu::ConvParams &forward, const std::vector<float> &weights) {
  std::vector<ConvDispatch> dispatches;
  const auto per_filter = static_cast<std::size_t>(forward.in_c) * forward.kernel_h * forward.kernel_w;
  const auto weight = [&](int g, int oc, int ic, int ky, int kx) {
    const auto filter = static_cast<std::size_t>(g) * forward.out_c + oc;
    return weights[filter * per_filter + (static_cast<std::size_t>(ic) * forward.kernel_h + ky) * forward.kernel_w + kx];
  };
  for (int py = 0; py < forward.stride_h && py < forward.in_h; ++py)
    for (int px = 0; px < forward.stride_w && px < forward.in_w; ++px) {
      const PhaseTaps rows = phase_taps(py, forward.kernel_h, forward.stride_h, forward.dilation_h, forward.pad_top);
      const PhaseTaps cols = phase_taps(px, forward.kernel_w, forward.stride_w, forward.dilation_w, forward.pad_left);
      const bool reached = !rows.taps.empty() && !cols.taps.empty();

      ConvDispatch dispatch;
      gpu::ConvParams &p = dispatch.params;
      p = forward;
      p.in_c = reached ? forward.out_c : 1;
      p.out_c = forward.in_c;
      p.in_h = forward.out_rows;
      p.in_w = forward.out_cols;
      p.out_rows = forward.in_h;
      p.out_cols = forward.in_w;
      p.out_h = (forward.in_h - py + forward.stride_h - 1) / forward.stride_h;
      p.out_w = (forward.in_w - px + forward.stride_w - 1) / forward.stride_w;
      p.kernel_h = reached ? static_cast<int>(rows.taps.size()) : 1;
      p.kernel_w = reached ? static_cast<int>(cols.taps.size()) : 1;
      p.stride_h = p.stride_w = 1;
      p.dilation_h = rows.step;
      p.dilation_w = cols.step;
      p.pad_top = -rows.first;
      p.pad_left = -cols.first;
      p.out_step_h = forward.stride_h;
      p.out_step_w = forward.stride_w;
      p.out_offset_h = py;
      p.out_offset_w = px;
      p.in_batch_stride = forward.out_batch_stride;
      p.out_batch_stride = forward.in_batch_stride;
      p.in_base = forward.out_base;
      p.out_base = forward.in_base;

      dispatch.weights.reserve(static_cast<std::size_t>(p.groups) * p.out_c * p.in_c * p.kernel_h * p.kernel_w);
      for (int g = 0; g < p.groups; ++g)
        for (int ic = 0; ic < p.out_c; ++ic)
          for (int oc = 0; oc < p.in_c; ++oc) {
            if (!reached) {
              dispatch.weights.push_back(0.0F);
              continue;
            }
            for (int ky : rows.taps)
              for (int kx : cols.taps)
                dispatch.weights.push_back(weight(g, oc, ic, ky, kx));
          }
      dispatches.push_back(std::move(dispatch));
    }
  return dispatches;
}

} // namespace convscope
