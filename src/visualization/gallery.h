// More images than a batch holds, which take turns in it, each partly made of common ones: the cells of an activation
// grid. Where planes are linear in parameters, an image's logits are own * those of its own parameters + common * the
// sum of the groups', times the image's shares in them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "params.h"
#include "plan/plan.h"
#include "visualization/recipe.h"

namespace convscope {

struct GalleryOptions {
  int at_once = 64; // images in a step
  int groups = 0;
  std::vector<float> shares; // (image, group), 0..1
  float own = 0.7F, common = 0.5F;
};

class Gallery {
public:
  // `images` in all, of which a step is of `slots`; `count` parameters each. UserError where the recipe can't share.
  Gallery(Plan &plan, const Recipe &recipe, GalleryOptions options, int images, int slots, int count);

  // Writes `parameters`, (slot, count).
  void append_gather(TensorId parameters);
  // The same as the steps of another plan, with the memory of this one.
  void append_gather(Plan &other, TensorId parameters) const;
  // `gradient` as `parameters`; `state` and `images` are the optimizer's.
  void append_update(TensorId gradient, TensorId state, TensorId images);

  int members() const { return images_ + options_.groups; }
  // After Plan::allocate(): parameters, (members(), count).
  void write_start(const std::vector<float> &parameters);
  std::vector<float> read_members() const { return plan_.read_all<float>(members_); } // the same
  // Which images are in the batch now. `counts`: for a step, so that Adam knows how often it saw each.
  void choose(const std::vector<int> &images, bool counts);
  // Those of a step: distinct, each set as likely, the same for the same seed and step.
  std::vector<int> drawn(std::uint64_t seed, int step) const;
  int images() const { return images_; }
  int slots() const { return slots_; }

private:
  gpu::GalleryParams params() const;

  Plan &plan_;
  Recipe recipe_;
  GalleryOptions options_;
  int images_, slots_, count_;
  std::vector<int> visits_;
  TensorId slots_tensor_, shares_, members_, first_, second_;
};

} // namespace convscope
