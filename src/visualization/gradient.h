// Exact tensors out of a net, with no optimization: activations, and the gradient of an objective.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "plan/network.h"
#include "plan/slicing.h"
#include "plan/weights.h"
#include "visualization/objective.h"
#include "vulkan/program.h"

namespace convscope {

struct GradientResult {
  std::vector<double> values;       // of the objective, one an image
  Array gradient;                   // (N,C,H,W), with respect to the input
  std::vector<std::string> kernels; // as Plan::kernels()
  bool by_rounding = false;         // ReLUs or max pools decided by float32
};

// What terms compare with, (1,C,H,W) for all images or (N,C,H,W), preprocessed as the input is.
struct Pictures {
  std::optional<Array> photo, style;
};

// ReLUs and max pools decide by a forward pass in double, so that the gradient is that of exact arithmetic to float32's
// rounding; on devices without doubles (shaderFloat64), and for maps whose doubles are more than the device can bind,
// by the one in float32, which may decide otherwise where values are equal to rounding.
// `input` is (N,C,H,W), preprocessed. UserError where it is of another rank or channel count than the net takes, too
// small for it, or not finite; where a picture that the objective needs is missing or of another size, or the objective
// needs company and the input is one image. Terms of the image itself see the picture that the input is
// preprocessed from.
GradientResult gradient_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                           const Objective &objective, Precision precision, const Pictures &pictures = {});

// The outputs of layers, in any order, on the device, where they stay. Runs at once; not given how: whole_slices().
class Activations {
public:
  Activations(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
              const std::vector<NodeId> &layers, Precision precision, const std::optional<Slicing> &slicing = {});

  const Shape &shape(std::size_t layer) const { return shapes_.at(layer); } // of an image, `layer` as they were given
  vulkan::Slice slice(std::size_t layer) const { return plan_.slice(outputs_.at(layer)); }
  Array read(std::size_t layer) const; // (N,C,H,W)

private:
  Plan plan_;
  std::int64_t batch_;
  std::vector<Shape> shapes_;
  std::vector<TensorId> outputs_;
};

// The layers' outputs, (N,C,H,W) each; `layers` in any order.
std::vector<Array> activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input,
                                  const std::vector<NodeId> &layers, Precision precision);
Array activations_of(vulkan::Programs &programs, Weights &weights, const Graph &graph, const Array &input, NodeId layer,
                     Precision precision);

} // namespace convscope
