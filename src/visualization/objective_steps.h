// A batch's objectives on the device: their values, and the gradients that begin a network's backward pass.
#pragma once

#include <vector>

#include "params.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "visualization/objective.h"

namespace convscope {

class ObjectiveSteps {
public:
  // One objective an image; all read the same layers as often. `shapes` are infer_shapes()'s, of those layers at least.
  // The steps refer to this object: it must not move once they are appended.
  ObjectiveSteps(Plan &plan, const std::vector<Objective> &objectives, const std::vector<Shape> &shapes);
  ObjectiveSteps(const ObjectiveSteps &) = delete;
  ObjectiveSteps &operator=(const ObjectiveSteps &) = delete;

  const std::vector<NodeId> &layers() const { return layers_; }
  // Partial sums, parts() floats an image: all of them together are the objective's value.
  TensorId partials() const { return partials_; }
  int parts() const { return terms_ * gpu::OBJECTIVE_PARTS; }

  // After Network::forward().
  void append_values(const Network &network);
  // For Network::backward().
  std::vector<Network::Seed> seeds(const Network &network);
  // What the kernels read, after Plan::allocate().
  void write_terms();

private:
  gpu::ObjectiveParams params(std::size_t layer) const;

  Plan &plan_;
  int batch_, terms_;
  std::vector<gpu::ObjectiveTerm> table_; // (image, term)
  std::vector<NodeId> layers_;
  std::vector<Shape> shapes_; // of layers_
  std::vector<int> first_;    // term of each layer; one more at the end
  TensorId table_tensor_, partials_;
};

} // namespace convscope
