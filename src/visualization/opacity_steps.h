// Images with an opacity: over noise on their way to the net, so that it pays to be seen only where that helps; and the
// way back.
#pragma once

#include <vector>

#include "base/array.h"
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

// Adds to each pixel's saliency (N, H, W) the absolute values of the gradient with respect to the image (N, C, H, W).
void append_saliency(Plan &plan, int batch, const Shape &image, TensorId gradient, TensorId saliency);
// Images (N, C, H, W) with their saliency as opacity, the last plane: over what 80 in 100 pixels do not pass, at most
// 1, as MACO's authors show it; all opaque before the first step.
Array with_opacity(const Array &images, const std::vector<float> &saliency);

} // namespace convscope
