// Images with an opacity: over noise on their way to the net, so that it pays to be seen only where that helps; and the
// way back.
#pragma once

#include "graph/graph.h"
#include "plan/plan.h"
#include "visualization/parameterization.h"
#include "visualization/recipe.h"

namespace convscope {

class OpacitySteps {
public:
  // `image` is what the net sees of an image, without its opacity.
  OpacitySteps(const Recipe &recipe, int batch, const Shape &image) : recipe_(recipe), batch_(batch), image_(image) {}

  // The image (N, C + 1, H, W) over a backdrop of the step, by `state` and `images` (a StepState and ImageStates): what
  // the net sees (N, C, H, W).
  TensorId append_seen(Plan &plan, TensorId image, TensorId state, TensorId images);
  // Of O (1 - mean opacity): from the gradient of O with respect to what is seen, and O's `values` (`parts` an image),
  // to what the parameterization's append_gradient() takes.
  void append_gradient(Plan &plan, TensorId gradient, TensorId image, TensorId values, int parts, TensorId work,
                       const Parameterization &parameterization) const;

private:
  gpu::CompositeParams params() const;

  Recipe recipe_;
  int batch_;
  Shape image_;
  TensorId backdrop_ = TensorId::none;
};

} // namespace convscope
