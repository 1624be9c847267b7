// From the image to the net's input and back: the recipe's transforms, a resize, and the model's preprocessing.
#pragma once

#include "graph/graph.h"
#include "params.h"
#include "plan/plan.h"
#include "visualization/recipe.h"

namespace convscope {

class InputSteps {
public:
  // `input_size`: of what the net gets; not given: as large as the canvas.
  InputSteps(vulkan::Programs &programs, const Recipe &recipe, const Preprocessing &preprocessing, int batch,
             int height, int width, Size input_size);

  Shape canvas() const { return {3, canvas_h_, canvas_w_}; }
  Shape net_input() const { return {3, net_h_, net_w_}; }

  // image (N, 3, H, W) -> the net's input; `maps` holds an AffineMap an image.
  TensorId append_forward(Plan &plan, TensorId image, TensorId maps) const;
  // Gradient with respect to the net's input -> with respect to the image, which lands in `to` (N, 3, H, W).
  void append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to) const;
  // As above, and on through the colours: to what the parameterization's append_gradient() takes, in rows of
  // `row_stride` floats.
  void append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to, int row_stride,
                       float gain) const;

private:
  bool resizes() const { return net_h_ != canvas_h_ || net_w_ != canvas_w_; }
  gpu::TransformParams transform_params() const;
  gpu::ResizeParams resize_params() const;
  void append_adjoint(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                      const gpu::TransformParams &params, bool with_colour) const;

  vulkan::Programs &programs_;
  std::uint32_t mode_;
  bool decorrelated_; // colours
  gpu::PreprocessParams preprocessing_{};
  int batch_, height_, width_;
  int canvas_h_, canvas_w_;
  int net_h_, net_w_;
};

} // namespace convscope
