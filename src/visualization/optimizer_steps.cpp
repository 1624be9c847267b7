#include "visualization/optimizer_steps.h"

#include <cmath>

#include "visualization/groups.h"

namespace convscope {

OptimizerSteps::OptimizerSteps(Plan &plan, const Recipe &recipe, const Parameterization &parameterization, int batch,
                               int history, int steps)
    : plan_(plan), recipe_(recipe), batch_(batch), history_(history), steps_(steps), count_(parameterization.count()),
      gradient_parts_(parameterization.gradient_parts()), jitter_(add_draw(recipe.jitter)),
      scale_(add_draw(recipe.scale)), rotation_(add_draw(recipe.rotation)),
      jitter_after_(add_draw(recipe.jitter_after)), crop_side_(add_draw(recipe.crop_side)) {
  const auto images = std::size_t(batch);
  const std::size_t parameter_bytes = images * std::size_t(count_) * sizeof(float);
  state_ = plan.persistent("step", sizeof(gpu::StepState));
  images_ = plan.persistent("image states", images * sizeof(gpu::ImageState));
  draws_tensor_ = plan.persistent("draws", draws_.size() * sizeof(float));
  maps_ = plan.persistent("transform maps", images * std::size_t(views(recipe)) * sizeof(gpu::AffineMap));
  gradient_partials_ = plan.transient("gradient squares", images * std::size_t(gradient_parts_) * sizeof(float));
  previous_ = plan.persistent("previous parameters", parameter_bytes);
  first_ = plan.persistent("first moments", parameter_bytes);
  second_ = plan.persistent("second moments", parameter_bytes);
  history_tensor_ = plan.persistent("history", images * std::size_t(history) * sizeof(Moment));
}

gpu::DrawRange OptimizerSteps::add_draw(const Draw &draw) {
  const gpu::DrawRange range{static_cast<int>(draws_.size()), static_cast<int>(draw.values.size()),
                             draw.uniform ? 1 : 0};
  for (const double value : draw.values)
    draws_.push_back(static_cast<float>(value));
  return range;
}

void OptimizerSteps::append_advance(int height, int width, int canvas_h, int canvas_w, std::optional<int> scale) {
  const gpu::AdvanceParams params{batch_,
                                  height,
                                  width,
                                  canvas_h,
                                  canvas_w,
                                  static_cast<float>(std::log(recipe_.beta1)),
                                  static_cast<float>(std::log(recipe_.beta2)),
                                  jitter_,
                                  scale ? gpu::DrawRange{scale_.first + *scale, 1, 0} : scale_,
                                  rotation_,
                                  jitter_after_,
                                  recipe_.crops,
                                  crop_side_,
                                  static_cast<float>(recipe_.crop_deviation),
                                  static_cast<float>(recipe_.beta1),
                                  recipe_.schedule == Schedule::cosine ? steps_ : 0};
  plan_.dispatch("advance", plan_.programs().get("step_advance"), {1, 1, 1}, params,
                 {updates(state_), reads(images_), reads(draws_tensor_), writes(maps_)});
}

void OptimizerSteps::append_finish(TensorId values, int value_parts) {
  const gpu::FinishParams finish{batch_, value_parts, gradient_parts_, history_, static_cast<float>(recipe_.clip_norm)};
  plan_.dispatch("finish", plan_.programs().get("step_finish"), {std::uint32_t(batch_), 1, 1}, finish,
                 {reads(state_), reads(values), reads(gradient_partials_), updates(images_), updates(history_tensor_)});
}

void OptimizerSteps::append_update(const Parameterization::Tensors &tensors, TensorId values, int value_parts) {
  append_finish(values, value_parts);
  const gpu::AdamParams adam{count_,
                             static_cast<float>(recipe_.beta1),
                             static_cast<float>(1 - recipe_.beta1),
                             static_cast<float>(recipe_.beta2),
                             static_cast<float>(1 - recipe_.beta2),
                             static_cast<float>(recipe_.epsilon),
                             recipe_.optimizer == OptimizerKind::nadam ? 1 : 0};
  plan_.dispatch("adam", plan_.programs().get("adam", {count_ % 4 == 0 ? 1U : 0U}),
                 image_groups((count_ + 3) / 4, batch_), adam,
                 {reads(state_), reads(images_), reads(tensors.gradient), updates(tensors.parameters),
                  updates(previous_), updates(first_), updates(second_)});
}

void OptimizerSteps::write_start(const std::vector<std::array<std::uint32_t, 2>> &keys, double lr, int done,
                                 std::span<const float> first_moments, std::span<const float> second_moments) {
  const auto write = [&](TensorId tensor, const auto &values) {
    plan_.write(tensor, std::as_bytes(std::span(values)));
  };
  std::vector<gpu::ImageState> images;
  for (const auto &key : keys)
    images.push_back({key[0], key[1], -1, 1.0F});
  const std::vector<float> zeros(std::size_t(batch_) * std::size_t(count_));
  double momenta = 1; // of the steps before, as step_advance.comp goes on with them
  for (int step = 1; step <= done; ++step)
    momenta *= recipe_.beta1 * (1 - 0.5 * std::pow(0.96, 0.004 * step));
  write(state_, std::vector<gpu::StepState>{
                    {done, static_cast<float>(lr), 1.0F, 1.0F, 1.0F, 0.0F, 0.0F, static_cast<float>(momenta)}});
  write(images_, images);
  write(draws_tensor_, draws_);
  write(first_, first_moments.empty() ? std::span<const float>(zeros) : first_moments);
  write(second_, second_moments.empty() ? std::span<const float>(zeros) : second_moments);
  write(history_tensor_, std::vector<Moment>(std::size_t(batch_) * std::size_t(history_)));
}

void OptimizerSteps::write_lr(double lr) {
  auto state = plan_.read_all<gpu::StepState>(state_);
  state.at(0).lr = static_cast<float>(lr);
  plan_.write(state_, std::as_bytes(std::span(state)));
}

} // namespace convscope
