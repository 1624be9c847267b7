// The plan of a step: from parameters to the net's input, the net, the objective, all of that backwards, the update; a
// part for each canvas.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "visualization/narrowed_net.h"
#include "visualization/opacity_steps.h"
#include "visualization/optimization_state.h"

namespace convscope {

namespace {

int batch_of(const std::vector<Objective> &objectives, const OptimizationOptions &options) {
  const auto all = static_cast<int>(objectives.size());
  return options.gallery ? std::clamp(options.gallery->at_once, 1, all) : all;
}

} // namespace

Optimization::State::State(vulkan::Programs &programs, Weights &weights, const Graph &graph,
                           std::vector<Objective> given, const Recipe &by, const OptimizationOptions &with)
    : objectives(checked_batch(std::move(given))), recipe(by), options(with),
      batch(batch_of(objectives, with)), image{graph.input.c, checked_side(with.height, by.size),
                                               checked_side(with.width, by.size)},
      lr(checked_lr(with.lr.value_or(by.lr))),
      parameterization(programs, by, batch, painted(), checked_spectrum(with, image.c), paints_opacity()),
      shapes(checked_shapes(graph, objectives,
                            with_planes(image.c, with.input_size.given()
                                                     ? with.input_size
                                                     : Size{canvas_side(by, image.w), canvas_side(by, image.h)}))),
      canvases(by, image, with.input_size.given(), with.seed, [&](Size size) { return takes(graph, size); }),
      plan(programs, "optimization"), tensors(parameterization.make_tensors(plan)),
      optimizer(plan, by, parameterization, batch, kept_steps(), by.steps), first_image(programs, "first image"),
      drawing(programs, "images of the gallery"),
      slicing(with.slicing.value_or(whole_slices(programs.device().info()))) {
  auto largest = std::int64_t{parameterization.largest_count()};
  for (const Canvas &canvas : canvases.all())
    largest = std::max(largest, with_planes(image.c, canvas.size).elements() * views(recipe));
  check_room(programs.device().info(), largest, batch, image);
  check_opacity(options);
  if (views(recipe) > 1 && objectives[0].needs().company)
    throw UserError(
        fmt::format("objective '{}' is between whole images: the recipe takes crops of them", objectives[0].text));
  if (options.gallery) {
    const auto all = static_cast<int>(objectives.size());
    check_room(programs.device().info(), parameterization.count(), all + options.gallery->groups, image);
    gallery.emplace(plan, recipe, *options.gallery, all, batch, parameterization.count());
  }
  if (options.init)
    init = checked_init(*options.init, parameterization, batch);
  options.init.reset();
  if (options.resume) {
    init = checked_init(options.resume->parameters, parameterization, batch);
    first_moments = checked_init(options.resume->first_moments, parameterization, batch);
    second_moments = checked_init(options.resume->second_moments, parameterization, batch);
    began = done = std::max(0, options.resume->steps);
  }
  options.resume.reset();
  options.spectrum.reset();
  const Needs needs = objectives[0].needs();
  photo.values = checked_picture(options.photo, needs.photo, "photo", objectives[0], batch, image);
  style.values = checked_picture(options.style, needs.style, "style", objectives[0], batch, image);
  options.photo.reset();
  options.style.reset();
  for (Comparison *picture : {&photo, &style})
    if (!picture->values.empty())
      picture->tensor = plan.persistent("picture", picture->values.size() * sizeof(float));
  if (gathers_opacity())
    saliency = plan.persistent("saliency", std::size_t(batch) * std::size_t(image.h * image.w) * sizeof(float));
  parts.resize(canvases.all().size());
  append_part(canvases.middle(), weights, graph); // whose convolutions the others go by
  for (std::size_t i = 0; i < parts.size(); ++i)  // then the first step's: its programs are compiled first
    if (const std::size_t index = (canvases.drawn(done) + i) % parts.size(); index != canvases.middle())
      append_part(index, weights, graph);
  options.graph_at = nullptr;
}

const Graph &Optimization::State::graph_at(const Graph &graph, Size size) const {
  return options.graph_at ? options.graph_at(size) : graph;
}

bool Optimization::State::takes(const Graph &graph, Size size) const {
  try {
    const Graph &there = graph_at(graph, size);
    for (const NodeId layer : layers_of(objectives[0]))
      infer_shapes(there, with_planes(image.c, size), same_node(graph, layer, there));
    return true;
  } catch (const InputTooSmall &) {
    return false;
  }
}

void Optimization::State::append_part(std::size_t index, Weights &weights, const Graph &graph) {
  plan.set_part(static_cast<int>(index));
  const Canvas &canvas = canvases.all()[index];
  const InputSteps input(plan.programs(), recipe, graph.preprocessing, batch, image, options.input_size, canvas.size);
  const Graph &there = canvas.scale ? graph_at(graph, canvas.size) : graph;
  std::vector<NodeId> layers;
  for (const NodeId layer : layers_of(objectives[0]))
    layers.push_back(same_node(graph, layer, there));
  const std::vector<Shape> shapes_there = shapes_of(there, layers, input.net_input());
  const std::vector<Objective> moved = objectives_at(objectives, graph, shapes, there, shapes_there);
  // A tile of 16-bit inputs has a scale of its own, which hangs on all that is in it.
  const bool narrows = options.precision != Precision::fp16;
  const NarrowedNet net = narrows ? narrowed_net(there, moved, input.net_input()) : NarrowedNet{there, {}};
  parts[index] = std::make_unique<Part>(plan, first_of(moved, batch), net.first_channels,
                                        shapes_of(net.graph, layers, input.net_input()), image, input.views());
  append_step(*parts[index], canvas, input, weights, net.graph, moved[0]);
}

int Optimization::State::kept_steps() const {
  return std::max(1, options.history > 0 ? options.history : options.steps > 0 ? options.steps : recipe.steps);
}

const Network *Optimization::State::append_comparison(const Comparison &picture, const std::vector<NodeId> &layers,
                                                      const Canvas &canvas, const InputSteps &input,
                                                      std::optional<Network> &net, Weights &weights,
                                                      const Graph &graph) {
  if (layers.empty())
    return nullptr;
  const NetworkOptions given = net_options(canvas, input, layers);
  net.emplace(plan, weights, graph, given);
  net->forward(input.append_forward(plan, picture.tensor, optimizer.maps()));
  return &*net;
}

NetworkOptions Optimization::State::net_options(const Canvas &canvas, const InputSteps &input,
                                                const std::vector<NodeId> &layers) {
  NetworkOptions net;
  net.input = input.net_input();
  net.batch = batch * input.views();
  net.precision = options.precision;
  net.profile = options.profile;
  net.targets = layers;
  if (&canvas == &canvases.all()[canvases.middle()])
    net.note_shapes = &conv_shapes;
  else
    net.shapes = &conv_shapes;
  return net;
}

void Optimization::State::append_step(Part &part, const Canvas &canvas, const InputSteps &input, Weights &weights,
                                      const Graph &graph, const Objective &pattern) {
  ObjectiveSteps &objective = part.objective;
  plan.set_variant(Variant::both);
  optimizer.append_advance(image.h, image.w, input.canvas().h, input.canvas().w, canvas.scale);
  if (gallery) {
    gallery->append_gather(tensors.parameters);
    parameterization.append_image(plan, tensors);
  }
  std::optional<Network> own, of_photo, of_style;
  ObjectiveSteps::Sources sources;
  std::optional<OpacitySteps> opacity;
  sources.image = tensors.image;
  if (paints_opacity())
    sources.image =
        opacity.emplace(recipe, batch, image).append_seen(plan, tensors.image, optimizer.state(), optimizer.images());
  sources.photo = append_comparison(photo, photo_layers_of(pattern), canvas, input, of_photo, weights, graph);
  sources.style = append_comparison(style, style_layers_of(pattern), canvas, input, of_style, weights, graph);
  if (!objective.layers().empty()) {
    NetworkOptions net = net_options(canvas, input, objective.layers());
    net.backward = true;
    net.revive = recipe.revive_steps > 0;
    const InputSteps::Random random{optimizer.state(), optimizer.images()};
    own.emplace(plan, weights, graph, net).forward(input.append_forward(plan, sources.image, optimizer.maps(), random));
    sources.own = &*own;
  }
  objective.append_values(sources);
  TensorId of_image = TensorId::none;
  if (objective.of_image()) {
    of_image = plan.transient("image gradient", std::size_t(batch) * std::size_t(image.elements()) * sizeof(float));
    objective.append_image_gradient(of_image);
  }
  TensorId gradient = TensorId::none;
  if (own) {
    gradient = own->backward(objective.seeds());
    plan.set_variant(Variant::both);
  } else {
    gradient = plan.transient("no gradient", std::size_t(batch * input.views()) *
                                                 std::size_t(input.net_input().elements()) * sizeof(float));
    plan.fill(gradient, 0);
  }
  parameterization.append_clear(plan, tensors);
  if (gathers_opacity()) {
    const TensorId of_image_alone =
        plan.transient("gradient of the image", std::size_t(batch) * std::size_t(image.elements()) * sizeof(float));
    input.append_backward(plan, gradient, optimizer.maps(), tensors.image, of_image_alone, of_image);
    append_saliency(plan, batch, image, of_image_alone, saliency);
  }
  if (opacity) {
    const TensorId of_seen =
        plan.transient("gradient of what is seen", std::size_t(batch) * std::size_t(image.elements()) * sizeof(float));
    input.append_backward(plan, gradient, optimizer.maps(), sources.image, of_seen, of_image);
    opacity->append_gradient(plan, of_seen, tensors.image, objective.partials(), objective.parts(), tensors.work,
                             parameterization);
  } else
    input.append_backward(plan, gradient, optimizer.maps(), tensors.image, tensors.work, parameterization.layout(),
                          parameterization.gain(), of_image);
  parameterization.append_gradient(plan, tensors, optimizer.gradient_partials());
  if (gallery) {
    optimizer.append_finish(objective.partials(), objective.parts());
    gallery->append_update(tensors.gradient, optimizer.state(), optimizer.images());
    return;
  }
  optimizer.append_update(tensors, objective.partials(), objective.parts());
  parameterization.append_image(plan, tensors);
}

} // namespace convscope
