#include "visualization/optimization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "plan/sliced_run.h"
#include "visualization/input_steps.h"
#include "visualization/objective_steps.h"
#include "visualization/optimizer_steps.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/parameterizations/natural_spectrum.h"
#include "visualization/random.h"

namespace convscope {

namespace {

constexpr int largest_side = 4096; // far above what a device has room for
constexpr int dead_for = 8;        // steps without a response until a unit counts as dead

double checked_lr(double lr) {
  if (!std::isfinite(lr) || lr <= 0 || !std::isfinite(static_cast<float>(lr)) || static_cast<float>(lr) == 0)
    throw UserError(fmt::format("the learning rate must be a positive number, not {}", lr));
  return lr;
}

int checked_side(int side, int otherwise) {
  if (side == 0)
    side = otherwise;
  if (side < 1 || side > largest_side)
    throw UserError(fmt::format("an image's side is 1 to {} pixels, not {}", largest_side, side));
  return side;
}

std::vector<Objective> checked_batch(std::vector<Objective> objectives) {
  if (objectives.empty())
    throw UserError("no objective to optimize");
  return objectives;
}

std::vector<Shape> checked_shapes(const Graph &graph, const std::vector<Objective> &objectives, Shape input) {
  std::vector<Shape> shapes(graph.nodes.size());
  for (const NodeId layer : layers_of(objectives[0]))
    shapes[std::size_t(layer)] = infer_shapes(graph, input, layer)[std::size_t(layer)];
  for (const Objective &objective : objectives)
    check_objective(objective, graph, shapes);
  return shapes;
}

// Kernels bind whole tensors. The net looks after its own.
void check_room(const vulkan::DeviceInfo &device, std::int64_t floats, int batch, const Shape &image) {
  const double needed = double(floats) * batch * sizeof(float);
  const auto limit = double(device.max_binding());
  if (needed > limit)
    throw UserError(fmt::format("{} of {}x{} pixels needs {:.0f} MB in one piece, where {} takes {:.0f} MB",
                                batch == 1 ? "an image" : fmt::format("a batch of {} images", batch), image.w, image.h,
                                needed * 1e-6, device.name, limit * 1e-6));
}

// The parameters to start from, one set an image.
std::vector<float> checked_init(const Array &init, const Parameterization &parameterization, int batch) {
  const bool shared = !init.shape.empty() && init.shape[0] == 1;
  const auto wanted = parameterization.shape(shared ? 1 : batch);
  if (init.shape != wanted)
    throw UserError(fmt::format("the parameters to start from have the shape ({}), where ({}) is needed",
                                fmt::join(init.shape, ", "), fmt::join(wanted, ", ")));
  if (!std::all_of(init.data.begin(), init.data.end(), [](float v) { return std::isfinite(v); }))
    throw UserError("the parameters to start from hold a number that is not finite");
  std::vector<float> values;
  for (int n = 0; n < (shared ? batch : 1); ++n)
    values.insert(values.end(), init.data.begin(), init.data.end());
  return values;
}

const Array *checked_spectrum(const OptimizationOptions &options, int planes) {
  if (!options.spectrum)
    return nullptr;
  check_spectrum(*options.spectrum, planes, "the spectrum");
  return &*options.spectrum;
}

// A picture that terms compare with, once an image; empty where it is not needed.
std::vector<float> checked_picture(const std::optional<Array> &picture, bool needed, const char *name,
                                   const Objective &objective, int batch, const Shape &image) {
  if (!needed)
    return {};
  if (!picture)
    throw UserError(fmt::format("objective '{}' compares with a picture: --{} is required", objective.text, name));
  if (picture->shape != std::vector<std::int64_t>{image.c, image.h, image.w})
    throw UserError(fmt::format("the {} picture's shape is ({}), where the image's is ({}, {}, {})", name,
                                fmt::join(picture->shape, ", "), image.c, image.h, image.w));
  std::vector<float> all;
  for (int n = 0; n < batch; ++n)
    all.insert(all.end(), picture->data.begin(), picture->data.end());
  return all;
}

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
  InputSteps input;
  std::vector<Shape> shapes; // of the net's layers, at its input's size
  Plan plan;                 // a step
  Parameterization::Tensors tensors;
  OptimizerSteps optimizer;
  ObjectiveSteps objective;
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
  Slicing slicing;
  std::optional<SlicedRun> usual, revive, timed; // of a step
  int began = 0, done = 0;                       // steps, with those of the optimization that this one resumes

  State(vulkan::Programs &programs, Weights &weights, const Graph &graph, std::vector<Objective> given,
        const Recipe &by, const OptimizationOptions &with)
      : objectives(checked_batch(std::move(given))), recipe(by), options(with),
        batch(batch_of(objectives, with)), image{graph.input.c, checked_side(with.height, by.size),
                                                 checked_side(with.width, by.size)},
        lr(checked_lr(with.lr.value_or(by.lr))),
        parameterization(programs, by, batch, image, checked_spectrum(with, image.c)),
        input(programs, by, graph.preprocessing, batch, image, with.input_size),
        shapes(checked_shapes(graph, objectives, input.net_input())), plan(programs, "optimization"),
        tensors(parameterization.make_tensors(plan)),
        optimizer(plan, by, parameterization, batch, std::max(1, with.history > 0 ? with.history : planned_steps()),
                  planned_steps()),
        objective(plan, first_of(objectives, batch), shapes, image, input.views()),
        first_image(programs, "first image"), drawing(programs, "images of the gallery"),
        slicing(with.slicing.value_or(whole_slices(programs.device().info()))) {
    check_room(programs.device().info(),
               std::max<std::int64_t>(parameterization.largest_count(), input.canvas().elements() * input.views()),
               batch, image);
    if (input.views() > 1 && objectives[0].needs().company)
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
    append_step(weights, graph);
  }

  int planned_steps() const { return options.steps > 0 ? options.steps : recipe.steps; }

  // The net with a picture that terms compare with, put through the image's own transforms.
  const Network *append_comparison(Comparison &picture, const std::vector<NodeId> &layers, const char *name,
                                   std::optional<Network> &net, Weights &weights, const Graph &graph) {
    if (layers.empty())
      return nullptr;
    picture.tensor = plan.persistent(name, picture.values.size() * sizeof(float));
    NetworkOptions given = net_options(layers);
    net.emplace(plan, weights, graph, given);
    net->forward(input.append_forward(plan, picture.tensor, optimizer.maps()));
    return &*net;
  }

  NetworkOptions net_options(const std::vector<NodeId> &layers) const {
    NetworkOptions net;
    net.input = input.net_input();
    net.batch = batch * input.views();
    net.precision = options.precision;
    net.profile = options.profile;
    net.targets = layers;
    return net;
  }

  void append_step(Weights &weights, const Graph &graph) {
    optimizer.append_advance(image.h, image.w, input.canvas().h, input.canvas().w);
    if (gallery) {
      gallery->append_gather(tensors.parameters);
      parameterization.append_image(plan, tensors);
    }
    std::optional<Network> own, of_photo, of_style;
    ObjectiveSteps::Sources sources;
    sources.image = tensors.image;
    sources.photo = append_comparison(photo, photo_layers_of(objectives[0]), "photo", of_photo, weights, graph);
    sources.style = append_comparison(style, style_layers_of(objectives[0]), "style picture", of_style, weights, graph);
    if (!objective.layers().empty()) {
      NetworkOptions net = net_options(objective.layers());
      net.backward = true;
      net.revive = recipe.revive_steps > 0;
      const InputSteps::Random random{optimizer.state(), optimizer.images()};
      own.emplace(plan, weights, graph, net)
          .forward(input.append_forward(plan, tensors.image, optimizer.maps(), random));
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
    if (usual)
      return;
    plan.allocate();
    parameterization.write_tables(plan, tensors);
    objective.write_terms();
    for (const Comparison *picture : {&photo, &style})
      if (picture->tensor != TensorId::none)
        plan.write(picture->tensor, std::as_bytes(std::span(picture->values)));
    std::vector<std::array<std::uint32_t, 2>> keys;
    for (const Objective &o : first_of(objectives, batch))
      keys.push_back(philox_key(options.seed, o.canonical));
    optimizer.write_start(keys, lr, done, first_moments, second_moments);
    first_moments = second_moments = {};
    make_first_image();
    if (gallery)
      start_gallery();
    if (recipe.revive_steps > 0)
      revive.emplace(plan, Variant::revive, slicing);
    usual.emplace(plan, Variant::usual, slicing);
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
    objective.write_terms(of_step);
    chosen_for = done;
  }

  Array gallery_images() {
    const int all = gallery->images();
    Array result{{all, image.c, image.h, image.w}, {}};
    const auto total = static_cast<std::size_t>(result.elements());
    for (int first = 0; first < all; first += batch) {
      std::vector<int> members;
      for (int i = 0; i < batch; ++i)
        members.push_back(std::min(first + i, all - 1));
      gallery->choose(members, false);
      SlicedRun(drawing, Variant::usual, slicing).run("drawing the images of a gallery");
      const auto made = plan.read_all<float>(tensors.image);
      result.data.insert(result.data.end(), made.begin(),
                         made.begin() + static_cast<std::ptrdiff_t>(std::min(made.size(), total - result.data.size())));
    }
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
    if (!(reviving() ? *revive : *usual).advance(flight, doing()))
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
  if (!s.timed)
    s.timed.emplace(s.plan, Variant::usual, s.slicing, true);
  if (s.gallery)
    s.choose_step();
  s.timed->run(s.doing());
  ++s.done;
  return s.timed->timings();
}

int Optimization::steps_done() const { return state_->done; }

void Optimization::set_lr(double lr) {
  state_->lr = checked_lr(lr);
  if (state_->usual)
    state_->optimizer.write_lr(lr);
}

int Optimization::batch() const { return state_->batch; }
int Optimization::planes() const { return state_->image.c; }
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
  const Shape &image = state_->image;
  return {{state_->batch, image.c, image.h, image.w}, state_->plan.read_all<float>(state_->tensors.image)};
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
  return draw_cppn(s.plan.programs(), s.recipe, s.image.c, {first, first + s.parameterization.count()}, size);
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

double Optimization::flops_per_step() const { return state_->plan.flops(); }
int Optimization::dispatches_per_step() const { return state_->plan.dispatches(); }
double Optimization::bytes_per_step() const { return state_->plan.traffic(); }
std::map<std::string, Plan::Cost> Optimization::costs_per_step() const { return state_->plan.costs(); }

std::vector<std::string> Optimization::kernels() const {
  std::vector<std::string> names = state_->first_image.kernels();
  const std::vector<std::string> of_steps = state_->plan.kernels(Variant::both);
  names.insert(names.end(), of_steps.begin(), of_steps.end());
  return names;
}

} // namespace convscope
