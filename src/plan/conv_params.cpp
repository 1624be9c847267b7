#include "plan/conv_params.h"

#include <numeric>
#include <utility>

#include "base/integers.h"

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

PhaseTaps row_taps(const gpu::ConvParams &p, int phase) {
  return phase_taps(phase, p.kernel_h, p.stride_h, p.dilation_h, p.pad_top);
}

PhaseTaps column_taps(const gpu::ConvParams &p, int phase) {
  return phase_taps(phase, p.kernel_w, p.stride_w, p.dilation_w, p.pad_left);
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

gpu::ConvParams adjoint_params(const gpu::ConvParams &forward, int first, int images) {
  gpu::ConvParams p = forward;
  std::swap(p.in_c, p.out_c);
  std::swap(p.in_base, p.out_base);
  std::swap(p.in_batch_stride, p.out_batch_stride);
  p.in_h = forward.out_rows;
  p.in_w = forward.out_cols;
  p.out_h = p.out_rows = forward.in_h;
  p.out_w = p.out_cols = forward.in_w;
  p.first_image = first;
  p.batch = images;
  return p;
}

std::vector<gpu::ConvParams> gradient_phases(const gpu::ConvParams &forward) {
  std::vector<gpu::ConvParams> phases;
  for (int py = 0; py < forward.stride_h && py < forward.in_h; ++py)
    for (int px = 0; px < forward.stride_w && px < forward.in_w; ++px) {
      const PhaseTaps rows = row_taps(forward, py), columns = column_taps(forward, px);
      const bool reached = !rows.taps.empty() && !columns.taps.empty();
      gpu::ConvParams p = forward;
      p.in_c = reached ? forward.out_c : 1;
      p.out_c = forward.in_c;
      p.in_h = forward.out_rows;
      p.in_w = forward.out_cols;
      p.out_rows = forward.in_h;
      p.out_cols = forward.in_w;
      p.out_h = (forward.in_h - py + forward.stride_h - 1) / forward.stride_h;
      p.out_w = (forward.in_w - px + forward.stride_w - 1) / forward.stride_w;
      p.kernel_h = reached ? static_cast<int>(rows.taps.size()) : 1;
      p.kernel_w = reached ? static_cast<int>(columns.taps.size()) : 1;
      p.stride_h = p.stride_w = 1;
      p.dilation_h = rows.step;
      p.dilation_w = columns.step;
      p.pad_top = -rows.first;
      p.pad_left = -columns.first;
      p.out_step_h = forward.stride_h;
      p.out_step_w = forward.stride_w;
      p.out_offset_h = py;
      p.out_offset_w = px;
      p.in_batch_stride = forward.out_batch_stride;
      p.out_batch_stride = forward.in_batch_stride;
      p.in_base = forward.out_base;
      p.out_base = forward.in_base;
      phases.push_back(p);
    }
  return phases;
}

std::vector<float> phase_weights(const gpu::ConvParams &forward, const gpu::ConvParams &phase,
                                 const std::vector<float> &weights) {
  const std::vector<int> rows = row_taps(forward, phase.out_offset_h).taps;
  const std::vector<int> columns = column_taps(forward, phase.out_offset_w).taps;
  const std::size_t taps = size_of(forward.kernel_h) * size_of(forward.kernel_w);
  std::vector<float> turned;
  turned.reserve(size_of(phase.groups) * size_of(phase.out_c) * size_of(phase.in_c) * size_of(phase.kernel_h) *
                 size_of(phase.kernel_w));
  for (int g = 0; g < phase.groups; ++g)
    for (int c = 0; c < phase.out_c; ++c) {
      if (rows.empty() || columns.empty()) {
        turned.push_back(0.0F);
        continue;
      }
      for (int i = 0; i < phase.in_c; ++i) {
        const std::size_t filter = (size_of(g * forward.out_c + i) * size_of(forward.in_c) + size_of(c)) * taps;
        for (int ky : rows)
          for (int kx : columns)
            turned.push_back(weights[filter + size_of(ky * forward.kernel_w + kx)]);
      }
    }
  return turned;
}

} // namespace convscope
