// A graph on the device, as the program runs it, with its tensors as the reference has them.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/weights.h"
#include "reference/tensor.h"

namespace convscope {

class DeviceNetwork {
public:
  // With options.backward every target has a seed, in the order of options.targets.
  DeviceNetwork(Weights &weights, const Graph &graph, const NetworkOptions &options);

  // Seeds are the gradients at the targets; not looked at without options.backward.
  void run(const reference::Tensor &input, const std::vector<reference::Tensor> &seeds = {},
           Variant variant = Variant::usual);
  reference::Tensor output(std::size_t target) const; // index in options.targets
  reference::Tensor gradient() const;                 // with respect to the input
  Plan &plan() { return plan_; }

private:
  reference::Tensor read(TensorId id, const Shape &shape) const;

  NetworkOptions options_;
  Plan plan_;
  Network network_;
  TensorId input_, gradient_ = TensorId::none;
  std::vector<TensorId> outputs_, seeds_;
};

// A gradient for each target of options.targets.
std::vector<reference::Tensor> random_seeds(const Graph &graph, const NetworkOptions &options);

// Outputs at options.targets and the gradient that random seeds there give, against the reference's. Shape and batch
// are the input's.
void expect_like_reference(const Graph &graph, const reference::Tensor &input, NetworkOptions options,
                           double tolerance = 2e-6);

// The op after the input; and after a ReLU whose value is a target too, so that the op's gradient is added to
// another one and masked. At its own output, both alone and followed by a ReLU.
void check_op(const Op &op, const reference::Tensor &input, NetworkOptions options = {});

} // namespace convscope
