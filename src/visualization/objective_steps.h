// A batch's objectives on the device: their values, and the gradients that begin a network's backward pass.
#pragma once

#include <memory>
#include <vector>

#include "params.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "visualization/objective.h"
#include "visualization/terms/steps.h"

namespace convscope {

class ObjectiveSteps {
public:
  // One objective an image, of one batch (group_into_batches). `shapes` are infer_shapes()'s, of their layers at least;
  // `image` is the image's. The net sees `views` of each image, one after the other, and terms of layers are their
  // mean. `first_channels`: of a narrowed net (NarrowedNet). The steps refer to this object: it must not move once they
  // are appended.
  ObjectiveSteps(Plan &plan, const std::vector<Objective> &objectives, const std::vector<Shape> &shapes,
                 const Shape &image, int views = 1, std::vector<int> first_channels = {});
  ObjectiveSteps(const ObjectiveSteps &) = delete;
  ObjectiveSteps &operator=(const ObjectiveSteps &) = delete;

  const std::vector<NodeId> &layers() const { return layers_; }
  // Partial sums, parts() floats an image: all of them together are the objective's value.
  TensorId partials() const { return partials_; }
  int parts() const { return views_ * terms_ * gpu::OBJECTIVE_PARTS; }
  bool of_image() const; // whether a term is of the image itself

  // What they are computed from: the nets after forward(), the photo's and the style picture's only where objectives
  // need them, as many views as the own; and the image (N,C,H,W), 0..1, where one is of_image().
  struct Sources {
    const Network *own = nullptr, *photo = nullptr, *style = nullptr;
    TensorId image = TensorId::none;
  };
  void append_values(const Sources &sources);
  // For Network::backward(), after append_values().
  std::vector<Network::Seed> seeds();
  // The gradient of what is of_image(), with respect to the image: written to `to`.
  void append_image_gradient(TensorId to);
  // What the kernels read, after Plan::allocate().
  void write_terms();
  // The same of other objectives of the same kinds and layers, one an image: the next steps are of these.
  void write_terms(const std::vector<Objective> &objectives);

private:
  struct Run { // of terms that one member of the family does
    NodeId layer = -1;
    std::unique_ptr<TermSteps> steps;
    TermInputs inputs;
  };

  std::vector<Objective> of_views(const std::vector<Objective> &objectives) const;

  Plan &plan_;
  int views_;
  std::vector<int> first_channels_;
  std::vector<Objective> objectives_; // of_views
  int terms_;
  std::vector<Run> runs_;
  std::vector<NodeId> layers_;
  TensorId partials_;
};

} // namespace convscope
