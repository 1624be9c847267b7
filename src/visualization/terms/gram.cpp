#include "visualization/terms/gram.h"

#include "plan/layout.h"

namespace convscope {

namespace {

std::size_t floats(int a, int b, int c) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) * sizeof(float);
}

} // namespace

Gram::Gram(Plan &plan, const TermRun &run)
    : plan_(plan), batch_(run.batch), channels_(run.shape.c), pixels_(run.pixels()),
      squares_(plan, "objective gram", batch_, channels_, pixels_, channels_),
      back_(plan, "objective gradient", batch_, channels_, channels_, pixels_),
      transposed_(plan.transient("transposed layer", floats(batch_, channels_, pixels_))),
      gradient_(plan.transient("gram gradient", floats(batch_, channels_, pixels_))) {}

TensorId Gram::make_tensor(const char *name) const {
  return plan_.transient(name, floats(batch_, channels_, channels_));
}

void Gram::append(TensorId layer, TensorId grams) {
  gpu::CopyParams copy{};
  const int sizes[] = {1, 1, 1, batch_, pixels_, channels_};
  const int from[] = {0, 0, 0, channels_ * pixels_, 1, pixels_}, to[] = {0, 0, 0, channels_ * pixels_, channels_, 1};
  std::copy(std::begin(sizes), std::end(sizes), copy.sizes);
  std::copy(std::begin(from), std::end(from), copy.from_strides);
  std::copy(std::begin(to), std::end(to), copy.to_strides);
  copy.channels = channels_;
  copy.pixels = pixels_;
  plan_.dispatch("objective gram", plan_.programs().get("strided_copy", {0U}),
                 spread_groups(std::int64_t{batch_} * channels_ * pixels_), copy,
                 {reads(layer), writes(transposed_), reads(layer)});
  squares_.append(layer, transposed_, grams);
}

void Gram::append_gradient(TensorId matrices, TensorId layer, const GradientTarget &target) {
  back_.append(matrices, layer, gradient_);
  gpu::CopyParams copy{};
  const int all = batch_ * channels_ * pixels_;
  for (int axis = 0; axis < gpu::COPY_AXES; ++axis)
    copy.sizes[axis] = axis + 1 < gpu::COPY_AXES ? 1 : all;
  copy.from_strides[gpu::COPY_AXES - 1] = copy.to_strides[gpu::COPY_AXES - 1] = 1;
  copy.channels = channels_;
  copy.pixels = pixels_;
  plan_.dispatch("objective gradient", plan_.programs().get("strided_copy", {target.epilogue()}), spread_groups(all),
                 copy, {reads(gradient_), target.use(), reads(target.mask_or(gradient_))});
}

void Gram::write() {
  squares_.write();
  back_.write();
}

} // namespace convscope
