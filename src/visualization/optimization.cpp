#include "visualization/optimization.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "visualization/opacity_steps.h"
#include "visualization/optimization_state.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/random.h"

namespace convscope {

namespace {

constexpr int dead_for = 8; // steps without a response until a unit counts as dead

} // namespace

void Optimization::State::prepare() {
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

SlicedRun &Optimization::State::next_run() {
  const std::size_t canvas = canvases.drawn(done);
  std::optional<SlicedRun> &run = reviving() ? parts[canvas]->revive : parts[canvas]->usual;
  if (!run)
    run.emplace(plan, Selection(reviving() ? Variant::revive : Variant::usual, static_cast<int>(canvas)), slicing);
  return *run;
}

void Optimization::State::make_first_image() {
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

std::string Optimization::State::doing() const {
  return fmt::format("step {} of the optimization of {}", done, objectives[0].text);
}

bool Optimization::State::advance(vulkan::Flight &flight) {
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
bool Optimization::State::dead(const Objective &objective, const Progress &progress) const {
  const std::size_t count = std::min<std::size_t>(progress.values.size(), dead_for);
  if (began > 0 && count < dead_for) // it was alive before
    return false;
  // Nothing may be what it came up to: a unit was silenced, here or in steps that are not told any more.
  const bool silences = std::any_of(objective.terms.begin(), objective.terms.end(),
                                    [](const Term &term) { return term.layer >= 0 && term.weight < 0; });
  const bool told_whole = began == 0 && progress.values.size() == static_cast<std::size_t>(done);
  if (silences && (!told_whole ||
                   std::any_of(progress.values.begin(), progress.values.end(), [](float value) { return value < 0; })))
    return false;
  for (std::size_t i = progress.values.size() - count; i < progress.values.size(); ++i) {
    const std::size_t at = std::size_t(done) - progress.values.size() + i;
    const bool may_have_gradient = at < std::size_t(recipe.revive_steps);
    if (progress.values[i] != 0 || (progress.norms[i] != 0 && !may_have_gradient))
      return false;
  }
  return count > 0;
}

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
    else if (s.dead(s.objectives[n], progress))
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

std::map<std::string, Plan::Cost> Optimization::costs_per_step(Plan::CostsBy by) const {
  const State &s = *state_;
  std::vector<std::map<std::string, Plan::Cost>> all;
  std::map<std::string, Plan::Cost> mean;
  for (std::size_t canvas = 0; canvas < s.parts.size(); ++canvas) {
    all.push_back(s.plan.costs(Selection(Variant::usual, static_cast<int>(canvas)), by));
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
