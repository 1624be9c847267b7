// The beginning and the end of each step: its number and random transforms; clipping, Adam, and the history.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "params.h"
#include "plan/plan.h"
#include "visualization/parameterization.h"
#include "visualization/recipe.h"

namespace convscope {

class OptimizerSteps {
public:
  // `history` is how many steps' values are kept.
  // `steps` is how many there will be: what falls to nothing does so by then.
  OptimizerSteps(Plan &plan, const Recipe &recipe, const Parameterization &parameterization, int batch, int history,
                 int steps);

  TensorId images() const { return images_; } // an ImageState each
  TensorId maps() const { return maps_; }     // an AffineMap a view, of the current step
  TensorId state() const { return state_; }   // a StepState
  TensorId gradient_partials() const { return gradient_partials_; }
  TensorId previous() const { return previous_; } // as the parameters: what an image that stops goes back to

  // `scale`: that of the recipe's with that index, instead of one that each image draws.
  void append_advance(int height, int width, int canvas_h, int canvas_w, std::optional<int> scale = {});
  // `values` holds `value_parts` partial sums an image. Into the history; what follows for each image's state.
  void append_finish(TensorId values, int value_parts);
  // That, and Adam.
  void append_update(const Parameterization::Tensors &tensors, TensorId values, int value_parts);

  // After Plan::allocate(): the state before the first step, or after `done` of them with Adam's moments then, as many
  // as parameters (none: zeros). One Philox key an image.
  void write_start(const std::vector<std::array<std::uint32_t, 2>> &keys, double lr, int done = 0,
                   std::span<const float> first_moments = {}, std::span<const float> second_moments = {});
  void write_lr(double lr);

  std::vector<gpu::ImageState> read_images() const { return plan_.read_all<gpu::ImageState>(images_); }
  // (step % history, image): objective and gradient norm
  struct Moment {
    float value, norm;
  };
  std::vector<Moment> read_history() const { return plan_.read_all<Moment>(history_tensor_); }
  int history() const { return history_; }
  std::vector<float> read_first_moments() const { return plan_.read_all<float>(first_); }
  std::vector<float> read_second_moments() const { return plan_.read_all<float>(second_); }

private:
  gpu::DrawRange add_draw(const Draw &draw);

  Plan &plan_;
  Recipe recipe_;
  int batch_, history_, steps_, count_, gradient_parts_;
  std::vector<float> draws_;
  gpu::DrawRange jitter_, scale_, rotation_, jitter_after_, crop_side_;
  TensorId state_, images_, draws_tensor_, maps_, gradient_partials_, previous_, first_, second_, history_tensor_;
};

} // namespace convscope
