// What an Optimization holds and does: the plan of its steps (optimization_plan.cpp), a gallery's turns in its batch
// (optimization_gallery.cpp), and how steps run (optimization.cpp).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/sliced_run.h"
#include "visualization/canvases.h"
#include "visualization/input_steps.h"
#include "visualization/objective_steps.h"
#include "visualization/optimization.h"
#include "visualization/optimization_checks.h"
#include "visualization/optimizer_steps.h"
#include "visualization/parameterization.h"
#include "vulkan/flight.h"

namespace convscope {

struct Optimization::State {
  std::vector<Objective> objectives;
  Recipe recipe;
  OptimizationOptions options;
  int batch;
  Shape image;
  double lr;
  Parameterization parameterization;
  std::vector<Shape> shapes; // of the net's layers, on a canvas at scale 1
  Canvases canvases;
  Plan plan; // of a step: a part for each canvas
  Parameterization::Tensors tensors;
  OptimizerSteps optimizer;
  struct Part { // of the plan
    ObjectiveSteps objective;
    std::optional<SlicedRun> usual, revive, timed; // once their canvas is drawn
    Part(Plan &plan, const std::vector<Objective> &objectives, const std::vector<int> &first_channels,
         const std::vector<Shape> &shapes, const Shape &image, int views)
        : objective(plan, objectives, shapes, image, views, first_channels) {}
  };
  std::vector<std::unique_ptr<Part>> parts;
  ConvShapes conv_shapes; // on the middle canvas: one packing of weights serves all
  Plan first_image;       // parameters, where none are given, and what they show
  Plan drawing;           // of the images of a gallery that are in the batch
  std::optional<Gallery> gallery;
  int chosen_for = -1; // the step that the gallery's images in the batch are of
  std::optional<std::vector<float>> init;
  struct Comparison { // (N,C,H,W)
    std::vector<float> values;
    TensorId tensor = TensorId::none;
  } photo, style;
  std::vector<float> first_moments, second_moments; // to go on with; empty: zeros
  TensorId saliency = TensorId::none;               // (N,H,W), where it becomes the opacity
  Slicing slicing;
  bool prepared = false;
  int began = 0, done = 0; // steps, with those of the optimization that this one resumes

  State(vulkan::Programs &programs, Weights &weights, const Graph &graph, std::vector<Objective> given,
        const Recipe &by, const OptimizationOptions &with);

  // An opacity that is optimized, and one that is what pixels have mattered.
  bool paints_opacity() const { return options.opacity && recipe.parameterization != ParameterizationKind::maco; }
  bool gathers_opacity() const { return options.opacity && !paints_opacity(); }
  Shape painted() const { return with_planes(image.c + (paints_opacity() ? 1 : 0), {image.w, image.h}); }

  int kept_steps() const; // whose values are

  const Graph &graph_at(const Graph &graph, Size size) const; // for another canvas than that at scale 1
  bool takes(const Graph &graph, Size size) const;
  void append_part(std::size_t index, Weights &weights, const Graph &graph);
  // The net with a picture that terms compare with, put through the image's own transforms.
  const Network *append_comparison(const Comparison &picture, const std::vector<NodeId> &layers, const Canvas &canvas,
                                   const InputSteps &input, std::optional<Network> &net, Weights &weights,
                                   const Graph &graph);
  NetworkOptions net_options(const Canvas &canvas, const InputSteps &input, const std::vector<NodeId> &layers);
  void append_step(Part &part, const Canvas &canvas, const InputSteps &input, Weights &weights, const Graph &graph,
                   const Objective &pattern);

  void prepare();
  SlicedRun &next_run(); // the next step's, recorded when its canvas is first drawn
  void make_first_image();

  void start_gallery();
  void choose_step(); // which of the gallery's images are in it
  void draw_gallery(const ImageReader &read);
  Array gallery_images();

  bool reviving() const { return done < recipe.revive_steps; }
  std::string doing() const;
  bool advance(vulkan::Flight &flight); // the next slice; whether it was the last of a step
  bool dead(const Objective &objective, const Progress &progress) const;

  // Of a step, whatever its canvas: what the plan says of one.
  template <typename Of> double mean(Of of) const {
    return canvases.mean([&](std::size_t canvas) { return of(Selection(Variant::usual, static_cast<int>(canvas))); });
  }
};

// Of an image, or of a batch's first ones.
inline std::vector<Objective> first_of(const std::vector<Objective> &objectives, int count) {
  return {objectives.begin(), objectives.begin() + count};
}

} // namespace convscope
