// A batch of images under optimization on the device, one objective each: what front ends drive, step by step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/slicing.h"
#include "plan/weights.h"
#include "visualization/gallery.h"
#include "visualization/objective.h"
#include "visualization/recipe.h"
#include "vulkan/program.h"
#include "vulkan/recording.h"

namespace convscope {

// Where an optimization stands: one of the same objectives, size and parameterization goes on from it as if there had
// been no break. Shapes as OptimizationOptions::init has them.
struct OptimizationState {
  Array parameters, first_moments, second_moments; // Adam's
  int steps = 0;
};

struct OptimizationOptions {
  int height = 0, width = 0; // of the image; 0: the recipe's size
  Size input_size;           // what the transforms give is resized to this before the net; not given: as it is
  // For a canvas of another size than the recipe's at scale 1, the net there, which need not outlast the next call;
  // none: the same graph does for all. What it says of preprocessing is not asked.
  std::function<const Graph &(Size canvas)> graph_at;
  std::uint64_t seed = 0;
  std::optional<double> lr; // instead of the recipe's
  // Parameters to start from, Parameterization::shape() of 1 or N images: of `fft` (1 or N, C, H', W'/2+1, 2), where H'
  // and W' are spectrum_side() of the image's, of `pixel` (1 or N, C, H, W). C is of the net's input.
  std::optional<Array> init;
  // What terms compare with: (C,H,W), 0..1, of the image's size and planes. They go through the transforms that the
  // image goes through.
  std::optional<Array> photo, style;
  std::optional<OptimizationState> resume; // instead of `init`, one set an image: steps are counted on from its
  // The objectives are of more images than a batch holds, which take turns in it. Without `init` and `resume`.
  std::optional<GalleryOptions> gallery;
  // Images have a plane more, their opacity: the net sees them over noise, another in each step, and an objective O
  // counts as O (1 - mean opacity). Of `maco`, whose planes are one whole: how much each pixel has mattered in all
  // steps.
  bool opacity = false;
  std::optional<Array> spectrum; // magnitudes of `maco`, (C,H,W/2+1) of any H and W, instead of its own
  int steps = 0;                 // how many there will be; 0: the recipe's, over which a rate that falls does so
  int history = 0;               // steps whose values are kept; 0: all
  Precision precision = Precision::fp32;
  const ConvProfile *profile = nullptr; // of the device
  std::optional<Slicing> slicing;       // how a step goes to the device; not given: whole_slices()
};

// One image's state. `values` and `norms` are of the last steps, up to OptimizationOptions::history: the objective
// before each step's update, and the gradient's norm before clipping.
struct Progress {
  enum class State { running, dead, stopped };
  State state = State::running; // dead: the net does not respond to the image, nor does it tell which way to go
  int stopped_at = -1;          // the step whose value or gradient was not finite; the image is that of the step before
  std::vector<float> values, norms;
};

class Optimization {
public:
  // Objectives of one batch (group_into_batches). UserError for what does not fit the net, for sizes that the
  // parameterization can't do, and for a learning rate or an init that can't be used. Takes no device memory but for
  // weights: that is prepare()'s part. `graph` is not needed afterwards; the others outlive this object.
  Optimization(vulkan::Programs &programs, Weights &weights, const Graph &graph, std::vector<Objective> objectives,
               const Recipe &recipe, const OptimizationOptions &options);
  Optimization(Optimization &&) noexcept;
  Optimization &operator=(Optimization &&) noexcept;
  ~Optimization();

  // Bytes of device memory that prepare() will take, weights not among them.
  std::size_t planned_bytes();
  // Allocates, compiles and makes the first images; step() and all that reads does it if need be.
  void prepare();

  void step(int count = 1);
  // Runs the next slice of a step; returns whether that was its last. Values and images are those of whole steps only
  // where it was.
  bool advance_slice();
  // A step with its kernels' times.
  std::vector<vulkan::Recording::Timing> timed_step();
  int steps_done() const;
  void set_lr(double lr); // from the next step on

  int batch() const;  // images in a step
  int planes() const; // of an image: the net's channels, and its opacity if there is one
  int height() const;
  int width() const;
  Size input_size() const; // as OptimizationOptions has it
  const std::vector<Objective> &objectives() const;

  vulkan::Slice image_slice(); // of images(), on the device
  // (N,C,H,W), 0..1: what the parameters show now, not transformed; of a gallery all its images, after whole steps.
  Array images();
  // The images of a gallery as images() has them, but left on the device: so many at a time lie one after the other in
  // what is given, the first of them that index's.
  using ImageReader = std::function<void(int first, int count, const vulkan::Slice &images)>;
  void draw_gallery(const ImageReader &read);
  Array parameters(); // as OptimizationOptions::init
  OptimizationState state();
  // An image (C,H,W) drawn at another size, where the parameterization has images of all sizes (`cppn`); UserError
  // else.
  Array draw(int image, Size size);
  std::vector<Progress> progress(); // of a gallery: of its batch's places, whichever images were there

  // Where canvases scale, the mean of all steps'.
  double flops_per_step() const;
  int dispatches_per_step() const;
  double bytes_per_step() const; // that kernels read and write
  std::map<std::string, Plan::Cost> costs_per_step(Plan::CostsBy by = Plan::CostsBy::shader) const; // of each
  // As Plan::kernels(): of what makes the first images (after prepare()), of a step and of one that revives.
  std::vector<std::string> kernels() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope
