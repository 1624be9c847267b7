// Objectives of any layers, optimized batch after batch: grouped by layers, split by what memory allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "session/session.h"
#include "visualization/optimization.h"
#include "visualization/recipe.h"

namespace convscope {

struct OptimizeRequest {
  std::vector<Objective> objectives;
  std::vector<int> steps; // of each objective; empty: the recipe's
  Recipe recipe;
  // `init` has one start for all the objectives, or one for each. Without `input_size` each gets the canvas or, where
  // its layers need that, the net's own size.
  OptimizationOptions options;
  Size draw_size; // of the results, where that is not the size they are optimized at (`cppn`)
  int batch = 0;  // the most objectives at once; 0: as many as fit, up to default_batch()
};

// A CPU device is no faster with more, and would only answer later.
inline int default_batch(const vulkan::DeviceInfo &device) { return device.is_cpu() ? 4 : 16; }

struct OptimizedImage {
  std::size_t objective = 0; // its index in the request
  int steps = 0;             // done
  Progress progress;
  Array image; // (C,H,W), 0..1
};

// The part of a batch's images (N,C,H,W) that is one image.
Array one_image(const Array &images, std::size_t index);

class OptimizeRun {
public:
  // Checks every objective and plans every batch. UserError for what does not fit the net or the device; says which
  // size would.
  OptimizeRun(Session &session, OptimizeRequest request);

  bool done() const { return batch_ == batches_.size(); }
  // Up to `steps` steps of the batch at hand; the first call of a batch prepares it. Does not pass its end, so that
  // members() and progress() are of this batch until the next call.
  void advance(int steps);

  // Of the batch at hand:
  const std::vector<std::size_t> &members() const { return batches_.at(shown_); }
  std::size_t batch_index() const { return shown_; }
  std::size_t batch_count() const { return batches_.size(); }
  int step() const { return optimization_ ? optimization_->steps_done() : 0; }
  int steps() const { return steps_of(members().front()); }
  std::vector<Progress> progress() { return optimization_->progress(); }
  Array images() { return optimization_->images(); } // (N,C,H,W)

  // Steps times images, done and in all.
  std::int64_t work_done() const;
  std::int64_t work() const;
  // All that has begun, in the order of the objectives.
  std::vector<OptimizedImage> results();
  int height() const { return height_; }
  int width() const { return width_; }
  double prepare_seconds() const { return prepare_seconds_; }

private:
  int steps_of(std::size_t objective) const { return request_.steps.at(objective); }
  bool in_company(const std::vector<std::size_t> &members) const; // a batch that can't be split
  void plan_batch();
  void prepare_batch();
  void halve_batch(); // its second half becomes the next one
  // UserError where it can't be done, or needs more memory than there is.
  Optimization plan(const std::vector<std::size_t> &members, const OptimizationOptions &options);
  OptimizationOptions options_for(const std::vector<std::size_t> &members) const;
  std::uint64_t room();
  // "640x640", or "" where nothing smaller does.
  std::string what_would_fit(const std::vector<std::size_t> &members);
  void append_results(std::vector<OptimizedImage> &results);

  Session &session_;
  OptimizeRequest request_;
  int height_ = 0, width_ = 0;
  std::vector<Size> input_sizes_; // by objective
  std::vector<std::vector<std::size_t>> batches_;
  std::size_t batch_ = 0, shown_ = 0; // the next to work on, and the one that is shown
  std::optional<Optimization> optimization_;
  bool prepared_ = false;
  double prepare_seconds_ = 0;
  std::int64_t finished_work_ = 0;
  std::vector<OptimizedImage> finished_;
};

} // namespace convscope
