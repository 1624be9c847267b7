#include "visualization/optimization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "plan/sliced_run.h"
#include "visualization/canvases.h"
#include "visualization/input_steps.h"
#include "visualization/objective_steps.h"
#include "visualization/opacity_steps.h"
#include "visualization/optimization_checks.h"
#include "visualization/optimizer_steps.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/random.h"

namespace convscope {

namespace {

constexpr int dead_for = 8; // steps without a response until a unit counts as dead

// Of an image, or of a batch's first ones.
std::vector<Objective> first_of(const std::vector<Objective> &objectives, int count) {
  return {objectives.begin(), objectives.begin() + count};
}

int batch_of(const std::vector<Objective> &objectives, const OptimizationOptions &options) {
  const auto all = static_cast<int>(objectives.size());
  return options.gallery ? std::clamp(options.gallery->at_once, 1, all) : all;
}

} // namespace

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
    Part(Plan &plan, const std::vector<Objective> &objectives, const std::vector<Shape> &shapes, const Shape &image,
         int views)
        : objective(plan, objectives, shapes, image, views) {}
  };
  std::vector<std::unique_ptr<Part>> parts;
  Plan first_image; // parameters, where none are given, and what they show
  Plan drawing;     // of the images of a gallery that are in the batch
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
        const Recipe &by, const OptimizationOptions &with)
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
        optimizer(plan, by, parameterization, batch, std::max(1, with.history > 0 ? with.history : planned_steps()),
                  planned_steps()),
        first_image(programs, "first image"), drawing(programs, "images of the gallery"),
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
    for (std::size_t i = 0; i < parts.size(); ++i) // the first step's first: its programs are compiled first
      append_part((canvases.drawn(done) + i) % parts.size(), weights, graph);
    options.graph_at = nullptr;
  }

  // An opacity that is optimized, and one that is what pixels have mattered.
  bool paints_opacity() const { return options.opacity && recipe.parameterization != ParameterizationKind::maco; }
  bool gathers_opacity() const { return options.opacity && !paints_opacity(); }
  Shape painted() const { return with_planes(image.c + (paints_opacity() ? 1 : 0), {image.w, image.h}); }

  // The graph for another canvas than that at scale 1.
  const Graph &graph_at(const Graph &graph, Size size) const {
    return options.graph_at ? options.graph_at(size) : graph;
  }

  bool takes(const Graph &graph, Size size) const {
    try {
      const Graph &there = graph_at(graph, size);
      for (const NodeId layer : layers_of(objectives[0]))
        infer_shapes(there, with_planes(image.c, size), same_node(graph, layer, there));
      return true;
    } catch (const InputTooSmall &) {
      return false;
    }
  }

  void append_part(std::size_t index, Weights &weights, const Graph &graph) {
    plan.set_part(static_cast<int>(index));
    const Canvas &canvas = canvases.all()[index];
    const InputSteps input(plan.programs(), recipe, graph.preprocessing, batch, image, options.input_size, canvas.size);
    const Graph &there = canvas.scale ? graph_at(graph, canvas.size) : graph;
    std::vector<NodeId> layers;
    for (const NodeId layer : layers_of(objectives[0]))
      layers.push_back(same_node(graph, layer, there));
    const std::vector<Shape> shapes_there = shapes_of(there, layers, input.net_input());
    const std::vector<Objective> moved = objectives_at(first_of(objectives, batch), graph, shapes, there, shapes_there);
    parts[index] = std::make_unique<Part>(plan, moved, shapes_there, image, input.views());
    append_step(*parts[index], canvas, input, weights, there, moved[0]);
  }

  int planned_steps() const { return options.steps > 0 ? options.steps : recipe.steps; }

  // The net with a picture that terms compare with, put through the image's own transforms.
  const Network *append_comparison(const Comparison &picture, const std::vector<NodeId> &layers,
                                   const InputSteps &input, std::optional<Network> &net, Weights &weights,
                                   const Graph &graph) {
    if (layers.empty())
      return nullptr;
    const NetworkOptions given = net_options(input, layers);
    net.emplace(plan, weights, graph, given);
    net->forward(input.append_forward(plan, picture.tensor, optimizer.maps()));
    return &*net;
  }

  NetworkOptions net_options(const InputSteps &input, const std::vector<NodeId> &layers) const {
    NetworkOptions net;
    net.input = input.net_input();
    net.batch = batch * input.views();
    net.precision = options.precision;
    net.profile = options.profile;
    net.targets = layers;
    return net;
  }

  void append_step(Part &part, const Canvas &canvas, const InputSteps &input, Weights &weights, const Graph &graph,
                   const Objective &pattern) {
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
    sources.photo = append_comparison(photo, photo_layers_of(pattern), input, of_photo, weights, graph);
    sources.style = append_comparison(style, style_layers_of(pattern), input, of_style, weights, graph);
    if (!objective.layers().empty()) {
      NetworkOptions net = net_options(input, objective.layers());
      net.backward = true;
      net.revive = recipe.revive_steps > 0;
      const InputSteps::Random random{optimizer.state(), optimizer.images()};
      own.emplace(plan, weights, graph, net)
          .forward(input.append_forward(plan, sources.image, optimizer.maps(), random));
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
      const TensorId of_seen = plan.transient("gradient of what is seen",
                                              std::size_t(batch) * std::size_t(image.elements()) * sizeof(float));
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

  void prepare() {
    if (prepared)
      return;
    plan.allocate();
    parameterization.write_tables(plan, tensors);
    for (const auto &part : parts)
      part->objective.write_terms();
    for (const Comparison *picture : {&photo, &style})
      if (picture->tensor != TensorId::none)
        plan.write(picture->tensor, std::as_bytes(std::span(picture->values)));
    if (gathers_opacity()) {
      const std::vector<float> nothing(plan.bytes(saliency) / sizeof(float));
      plan.write(saliency, std::as_bytes(std::span(nothing)));
    }
    std::vector<std::array<std::uint32_t, 2>> keys;
    for (const Objective &o : first_of(objectives, batch))
      keys.push_back(philox_key(options.seed, o.canonical));
    optimizer.write_start(keys, lr, done, first_moments, second_moments);
    first_moments = second_moments = {};
    make_first_image();
    if (gallery)
      start_gallery();
    next_run();
    prepared = true;
  }

  // The next step's, recorded when its canvas is first drawn.
  SlicedRun &next_run() {
    const std::size_t canvas = canvases.drawn(done);
    std::optional<SlicedRun> &run = reviving() ? parts[canvas]->revive : parts[canvas]->usual;
    if (!run)
      run.emplace(plan, Selection(reviving() ? Variant::revive : Variant::usual, static_cast<int>(canvas)), slicing);
    return *run;
  }

  // Of a step, whatever its canvas: what the plan says of one.
  template <typename Of> double mean(Of of) const {
    return canvases.mean([&](std::size_t canvas) { return of(Selection(Variant::usual, static_cast<int>(canvas))); });
  }

  void make_first_image() {
    const auto shared = Parameterization::share(plan, tensors, first_image);
    const TensorId images = first_image.external("image states", plan.slice(optimizer.images()));
    const TensorId previous = first_image.external("previous parameters", plan.slice(optimizer.previous()));
    if (init)
      plan.write(tensors.parameters, std::as_bytes(std::span(*init)));
    else
      parameterization.append_init(first_image, shared, images);
    first_image.copy(shared.parameters, previous);
    parameterization.append_image(first_image, shared);
    first_image.allocate();
    SlicedRun(first_image, Variant::usual, slicing).run("making the first images");
  }

  // Each member's first parameters are its own, whatever batch they are made in.
  void start_gallery() {
    std::vector<std::array<std::uint32_t, 2>> keys;
    for (const Objective &o : objectives)
      keys.push_back(philox_key(options.seed, o.canonical));
    for (int group = 0; group < options.gallery->groups; ++group)
      keys.push_back(philox_key(options.seed, fmt::format("common image {}", group)));
    const auto own = optimizer.read_images();
    std::vector<float> all;
    const auto total = keys.size() * static_cast<std::size_t>(parameterization.count());
    for (std::size_t first = 0; first < keys.size(); first += static_cast<std::size_t>(batch)) {
      auto states = own;
      for (std::size_t i = 0; i < states.size(); ++i) {
        const auto &key = keys[std::min(first + i, keys.size() - 1)];
        states[i].key0 = key[0];
        states[i].key1 = key[1];
      }
      plan.write(optimizer.images(), std::as_bytes(std::span(states)));
      SlicedRun(first_image, Variant::usual, slicing).run("making the first images");
      const auto made = plan.read_all<float>(tensors.parameters);
      all.insert(all.end(), made.begin(),
                 made.begin() + static_cast<std::ptrdiff_t>(std::min(made.size(), total - all.size())));
    }
    plan.write(optimizer.images(), std::as_bytes(std::span(own)));
    gallery->write_start(all);
    const auto shared = Parameterization::share(plan, tensors, drawing);
    gallery->append_gather(drawing, shared.parameters);
    parameterization.append_image(drawing, shared);
    drawing.allocate();
  }

  void choose_step() {
    const std::vector<int> images = gallery->drawn(options.seed, done);
    std::vector<Objective> of_step;
    for (const int i : images)
      of_step.push_back(objectives[static_cast<std::size_t>(i)]);
    gallery->choose(images, true);
    parts[canvases.drawn(done)]->objective.write_terms(of_step);
    chosen_for = done;
  }

  void draw_gallery(const Optimization::ImageReader &read) {
    const int all = gallery->images();
    for (int first = 0; first < all; first += batch) {
      std::vector<int> members;
      for (int i = 0; i < batch; ++i)
        members.push_back(std::min(first + i, all - 1));
      gallery->choose(members, false);
      SlicedRun(drawing, Variant::usual, slicing).run("drawing the images of a gallery");
      read(first, std::min(batch, all - first), plan.slice(tensors.image));
    }
  }

  Array gallery_images() {
    Array result{{gallery->images(), image.c, image.h, image.w}, {}};
    draw_gallery([&](int, int count, const vulkan::Slice &) {
      const auto made = plan.read_all<float>(tensors.image);
      result.data.insert(result.data.end(), made.begin(),
                         made.begin() + static_cast<std::ptrdiff_t>(count * (made.size() / std::size_t(batch))));
    });
    return result;
  }

  bool reviving() const { return done < recipe.revive_steps; }

  std::string doing() const { return fmt::format("step {} of the optimization of {}", done, objectives[0].text); }

  // The next slice; whether it was the last of a step.
  bool advance(vulkan::Flight &flight) {
    if (gallery && chosen_for != done) {
      flight.land(); // what is written next may be in use
      choose_step();
    }
    if (!next_run().advance(flight, doing()))
      return false;
    ++done;
    return true;
  }

  // Nothing to follow, and nothing there: not in any of the last steps.
  bool dead(const Progress &progress) const {
    const std::size_t count = std::min<std::size_t>(progress.values.size(), dead_for);
    if (began > 0 && count < dead_for) // it was alive before
      return false;
    for (std::size_t i = progress.values.size() - count; i < progress.values.size(); ++i) {
      const std::size_t at = std::size_t(done) - progress.values.size() + i;
      const bool may_have_gradient = at < std::size_t(recipe.revive_steps);
      if (progress.values[i] != 0 || (progress.norms[i] != 0 && !may_have_gradient))
        return false;
    }
    return count > 0;
  }
};

Optimization::Optimization(vulkan::Programs &programs, Weights &weights, const Graph &graph,
                           std::vector<Objective> objectives, const Recipe &recipe, const OptimizationOptions &options)
    : state_(std::make_unique<State>(programs, weights, graph, std::move(objectives), recipe, options)) {}
Optimization::Optimization(Optimization &&) noexcept = default;
Optimization &Optimization::operator=(Optimization &&) noexcept = default;
Optimization::~Optimization() = default;

std::size_t Optimization::planned_bytes() { return state_->plan.planned_bytes(); }
void Optimization::prepare() { state_->prepare(); }

void Optimization::step(int count) {
  State &s = *state_;
  s.prepare();
  vulkan::Flight flight(s.plan.device(), s.slicing.in_flight);
  for (int i = 0; i < count; ++i)
    while (!s.advance(flight)) {
    }
  flight.land();
}

bool Optimization::advance_slice() {
  State &s = *state_;
  s.prepare();
  vulkan::Flight flight(s.plan.device());
  const bool last = s.advance(flight);
  flight.land();
  return last;
}

std::vector<vulkan::Recording::Timing> Optimization::timed_step() {
  State &s = *state_;
  s.prepare();
  const std::size_t canvas = s.canvases.drawn(s.done);
  std::optional<SlicedRun> &timed = s.parts[canvas]->timed;
  if (!timed)
    timed.emplace(s.plan, Selection(Variant::usual, static_cast<int>(canvas)), s.slicing, true);
  if (s.gallery)
    s.choose_step();
  timed->run(s.doing());
  ++s.done;
  return timed->timings();
}

int Optimization::steps_done() const { return state_->done; }

void Optimization::set_lr(double lr) {
  state_->lr = checked_lr(lr);
  if (state_->prepared)
    state_->optimizer.write_lr(lr);
}

int Optimization::batch() const { return state_->batch; }
int Optimization::planes() const { return state_->image.c + (state_->options.opacity ? 1 : 0); }
int Optimization::height() const { return state_->image.h; }
int Optimization::width() const { return state_->image.w; }
Size Optimization::input_size() const { return state_->options.input_size; }
const std::vector<Objective> &Optimization::objectives() const { return state_->objectives; }

vulkan::Slice Optimization::image_slice() {
  state_->prepare();
  return state_->plan.slice(state_->tensors.image);
}

Array Optimization::images() {
  state_->prepare();
  if (state_->gallery)
    return state_->gallery_images();
  const Shape image = state_->painted();
  Array made{{state_->batch, image.c, image.h, image.w}, state_->plan.read_all<float>(state_->tensors.image)};
  if (state_->gathers_opacity())
    return with_opacity(made, state_->plan.read_all<float>(state_->saliency));
  return made;
}

void Optimization::draw_gallery(const ImageReader &read) {
  state_->prepare();
  state_->draw_gallery(read);
}

Array Optimization::parameters() {
  state_->prepare();
  return {state_->parameterization.shape(state_->batch), state_->plan.read_all<float>(state_->tensors.parameters)};
}

OptimizationState Optimization::state() {
  State &s = *state_;
  const Array now = parameters();
  return {now, {now.shape, s.optimizer.read_first_moments()}, {now.shape, s.optimizer.read_second_moments()}, s.done};
}

Array Optimization::draw(int image, Size size) {
  State &s = *state_;
  if (s.recipe.parameterization != ParameterizationKind::cppn)
    throw UserError("only images of the parameterization 'cppn' can be drawn at any size");
  const std::vector<float> all = parameters().data;
  const auto first = all.begin() + std::ptrdiff_t{image} * s.parameterization.count();
  return draw_cppn(s.plan.programs(), s.recipe, s.painted().c, {first, first + s.parameterization.count()}, size,
                   s.options.opacity);
}

std::vector<Progress> Optimization::progress() {
  State &s = *state_;
  s.prepare();
  const auto history = s.optimizer.read_history();
  const auto images = s.optimizer.read_images();
  const int kept = s.optimizer.history();
  std::vector<Progress> result(static_cast<std::size_t>(s.batch));
  for (std::size_t n = 0; n < result.size(); ++n) {
    Progress &progress = result[n];
    for (int at = std::max(s.began, s.done - kept); at < s.done; ++at) {
      const auto &moment = history.at(std::size_t(at % kept) * result.size() + n);
      progress.values.push_back(moment.value);
      progress.norms.push_back(moment.norm);
    }
    progress.stopped_at = images.at(n).stopped;
    if (progress.stopped_at >= 0)
      progress.state = Progress::State::stopped;
    else if (s.dead(progress))
      progress.state = Progress::State::dead;
  }
  return result;
}

double Optimization::flops_per_step() const {
  return state_->mean([&](Selection of) { return state_->plan.flops(of); });
}
int Optimization::dispatches_per_step() const {
  return static_cast<int>(std::lround(state_->mean([&](Selection of) { return double(state_->plan.dispatches(of)); })));
}
double Optimization::bytes_per_step() const {
  return state_->mean([&](Selection of) { return state_->plan.traffic(of); });
}

std::map<std::string, Plan::Cost> Optimization::costs_per_step() const {
  const State &s = *state_;
  std::vector<std::map<std::string, Plan::Cost>> all;
  std::map<std::string, Plan::Cost> mean;
  for (std::size_t canvas = 0; canvas < s.parts.size(); ++canvas) {
    all.push_back(s.plan.costs(Selection(Variant::usual, static_cast<int>(canvas))));
    mean.insert(all.back().begin(), all.back().end());
  }
  for (auto &[shader, cost] : mean) {
    const auto of = [&, key = shader](auto member) {
      return s.canvases.mean([&](std::size_t canvas) {
        const auto found = all[canvas].find(key);
        return found == all[canvas].end() ? 0.0 : static_cast<double>(found->second.*member);
      });
    };
    cost = {of(&Plan::Cost::flops), of(&Plan::Cost::bytes), static_cast<int>(std::lround(of(&Plan::Cost::dispatches)))};
  }
  return mean;
}

std::vector<std::string> Optimization::kernels() const {
  std::vector<std::string> names = state_->first_image.kernels();
  for (std::size_t canvas = 0; canvas < state_->parts.size(); ++canvas) {
    const std::vector<std::string> of_steps = state_->plan.kernels(Selection(Variant::both, static_cast<int>(canvas)));
    names.insert(names.end(), of_steps.begin(), of_steps.end());
  }
  return names;
}

} // namespace convscope
