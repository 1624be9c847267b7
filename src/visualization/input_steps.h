// From the image to the net's input and back: the recipe's transforms, a resize, and the model's preprocessing.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"
#include "params.h"
#include "plan/plan.h"
#include "visualization/recipe.h"

namespace convscope {

class InputSteps {
public:
  // `input_size`: of what the net gets; not given: as large as the canvas. UserError where the preprocessing does not
  // use each plane of the image once.
  // `canvas`: instead of the recipe's at scale 1.
  InputSteps(vulkan::Programs &programs, const Recipe &recipe, const Preprocessing &preprocessing, int batch,
             const Shape &image, Size input_size, Size canvas = {});

  Shape canvas() const { return canvas_; }
  Shape net_input() const { return net_; }

  int views() const { return views_; } // canvases an image
  // image (N, C, H, W) -> the net's input (N * views, C, h, w); `maps` holds an AffineMap a view. With `random`, the
  // recipe's noise on it.
  struct Random {
    TensorId state, images; // a StepState, and an ImageState an image
  };
  TensorId append_forward(Plan &plan, TensorId image, TensorId maps, const std::optional<Random> &random = {}) const;
  // Gradient with respect to the net's input -> with respect to the image, which lands in `to` (N, C, H, W), with
  // another one added (none: not).
  void append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                       TensorId added = TensorId::none) const;
  // As above, and on through the colours: to what the parameterization's append_gradient() takes, laid out so.
  void append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                       const gpu::PlaneLayout &layout, float gain, TensorId added = TensorId::none) const;

private:
  // Up to three planes are made by one dispatch.
  struct Group {
    int count = 0;
    gpu::PlaneParams forward{}, backward{}, unchanged{};
  };

  bool resizes() const { return net_ != canvas_; }
  gpu::TransformParams transform_params(const gpu::PlaneParams &plane) const;
  gpu::ResizeParams resize_params(const gpu::PlaneParams &plane) const;
  void append_adjoint(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                      const gpu::PlaneLayout &layout, float gain, bool with_colour, TensorId added) const;

  void append_noise(Plan &plan, TensorId input, const Random &random) const;

  vulkan::Programs &programs_;
  std::uint32_t mode_;
  bool decorrelated_; // colours
  double noise_, noise_width_;
  int batch_, views_;
  Shape image_, canvas_, net_;
  std::vector<Group> groups_;
};

} // namespace convscope
