#include "session/optimize_run.h"

#include <algorithm>
#include <chrono>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "session/input_size.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {

namespace {

constexpr int longest_history = 1 << 16; // steps whose values are kept

// Those images of a start that has one for each objective.
Array gather(const Array &init, const std::vector<std::size_t> &members) {
  Array chosen = init;
  chosen.shape.at(0) = static_cast<std::int64_t>(members.size());
  chosen.data.clear();
  const auto each = static_cast<std::ptrdiff_t>(init.data.size()) / init.shape[0];
  for (const std::size_t member : members) {
    const auto from = init.data.begin() + static_cast<std::ptrdiff_t>(member) * each;
    chosen.data.insert(chosen.data.end(), from, from + each);
  }
  return chosen;
}

} // namespace

Array one_image(const Array &images, std::size_t index) {
  const auto each = static_cast<std::ptrdiff_t>(images.data.size()) / images.shape.at(0);
  const auto from = images.data.begin() + static_cast<std::ptrdiff_t>(index) * each;
  return {{images.shape.at(1), images.shape.at(2), images.shape.at(3)}, {from, from + each}};
}

OptimizeRun::OptimizeRun(Session &session, OptimizeRequest request) : session_(session), request_(std::move(request)) {
  const std::size_t count = request_.objectives.size();
  if (request_.steps.empty())
    request_.steps.assign(count, request_.recipe.steps);
  if (request_.options.init) {
    const auto &shape = request_.options.init->shape;
    if (!shape.empty() && shape[0] != 1 && shape[0] != static_cast<std::int64_t>(count))
      throw UserError(fmt::format("the parameters to start from are of {} images, but there {} {}", shape[0],
                                  count == 1 ? "is" : "are",
                                  count == 1 ? "1 objective" : fmt::format("{} objectives", count)));
  }
  height_ = request_.options.height = request_.options.height > 0 ? request_.options.height : request_.recipe.size;
  width_ = request_.options.width = request_.options.width > 0 ? request_.options.width : request_.recipe.size;

  // Before a device is opened: whether every objective can be had from the net at this size.
  for (const Objective &objective : request_.objectives) {
    const std::vector<NodeId> layers = layers_of(objective);
    const Size given = request_.options.input_size;
    input_sizes_.push_back(
        given.given() ? given : input_size_for(session_.model(), layers, request_.recipe, {width_, height_}));
    try {
      check_objective(session_.model(), objective, request_.recipe, {width_, height_}, input_sizes_.back());
    } catch (const InputTooSmall &) {
      if (!given.given())
        check_image(session_.model(), layers, request_.recipe, {width_, height_});
      throw;
    }
  }

  if (request_.draw_size.given())
    check_drawing(session_.device().info(), session_.graph().input.c + (request_.options.opacity ? 1 : 0),
                  request_.draw_size);

  const auto largest =
      static_cast<std::size_t>(request_.batch > 0 ? request_.batch : default_batch(session_.device().info()));
  for (const std::vector<std::size_t> &group : group_into_batches(request_.objectives)) {
    if (in_company(group)) {
      batches_.push_back(group);
      continue;
    }
    std::map<int, std::vector<std::size_t>> by_steps; // the layers of a group need one size
    for (const std::size_t objective : group)
      by_steps[steps_of(objective)].push_back(objective);
    for (const auto &[steps, members] : by_steps)
      for (std::size_t first = 0; first < members.size(); first += largest)
        batches_.emplace_back(members.begin() + static_cast<std::ptrdiff_t>(first),
                              members.begin() + static_cast<std::ptrdiff_t>(std::min(first + largest, members.size())));
  }
  // Each of them once now, so that none fails after long work.
  for (; batch_ < batches_.size(); ++batch_)
    plan_batch();
  optimization_.reset();
  batch_ = 0;
}

bool OptimizeRun::in_company(const std::vector<std::size_t> &members) const {
  return request_.objectives[members.front()].needs().company || form_of(request_.recipe.parameterization).coupled;
}

OptimizationOptions OptimizeRun::options_for(const std::vector<std::size_t> &members) const {
  OptimizationOptions options = request_.options;
  options.precision = session_.precision();
  options.profile = session_.profile();
  options.steps = steps_of(members.front());
  options.history = std::min(options.steps, longest_history);
  options.input_size = input_sizes_[members.front()];
  if (options.init && options.init->shape.at(0) != 1)
    options.init = gather(*options.init, members);
  return options;
}

std::uint64_t OptimizeRun::room() { return session_.memory_left(); }

Optimization OptimizeRun::plan(const std::vector<std::size_t> &members, const OptimizationOptions &options) {
  const Graph &graph =
      session_.model().at(net_size(options.input_size, request_.recipe, {options.width, options.height}));
  OptimizationOptions with = options;
  with.graph_at = [this](Size canvas) -> const Graph & { return session_.model().at(canvas); };
  std::vector<Objective> objectives;
  for (const std::size_t member : members)
    objectives.push_back(same_objective(request_.objectives[member], session_.graph(), graph));
  Optimization optimization(session_.programs(), session_.weights(), graph, std::move(objectives), request_.recipe,
                            with);
  if (const std::size_t bytes = optimization.planned_bytes(); bytes > room())
    throw UserError(fmt::format("{} needs {} MiB of device memory, where {} has {} MiB left",
                                request_.objectives[members.front()].text, bytes >> 20, session_.device().info().name,
                                room() >> 20));
  return optimization;
}

void OptimizeRun::plan_batch() {
  optimization_.reset(); // its memory first
  for (;;) {
    std::vector<std::size_t> &members = batches_[batch_];
    try {
      optimization_ = plan(members, options_for(members));
      return;
    } catch (const UserError &error) {
      if (members.size() == 1 || in_company(members)) {
        if (const std::string size = what_would_fit(members); !size.empty())
          throw UserError(fmt::format("size {}x{}: {}; {} fits", width_, height_, error.what(), size));
        throw;
      }
    }
    halve_batch(); // a smaller one may do
  }
}

void OptimizeRun::halve_batch() {
  std::vector<std::size_t> &members = batches_[batch_];
  const auto half = members.begin() + static_cast<std::ptrdiff_t>((members.size() + 1) / 2);
  std::vector<std::size_t> rest(half, members.end());
  members.erase(half, members.end());
  batches_.insert(batches_.begin() + static_cast<std::ptrdiff_t>(batch_) + 1, std::move(rest));
}

// Others may have taken memory since it was planned.
void OptimizeRun::prepare_batch() {
  for (;;) {
    try {
      optimization_->prepare();
      return;
    } catch (const vulkan::NoRoom &) {
      if (batches_[batch_].size() == 1)
        throw;
    }
    halve_batch();
    plan_batch();
  }
}

std::string OptimizeRun::what_would_fit(const std::vector<std::size_t> &members) {
  if (request_.options.init || request_.options.photo || request_.options.style)
    return "";
  OptimizationOptions options = options_for(members);
  for (double factor = 0.9; std::min(height_, width_) * factor >= 16; factor *= 0.9) {
    options.height = static_cast<int>(height_ * factor);
    options.width = static_cast<int>(width_ * factor);
    try {
      plan(members, options);
      return fmt::format("{}x{}", options.width, options.height);
    } catch (const UserError &) {
      continue;
    }
  }
  return "";
}

void OptimizeRun::advance(int steps) {
  if (done())
    return;
  if (shown_ != batch_ || !optimization_) {
    shown_ = batch_;
    prepared_ = false;
    plan_batch();
  }
  if (!prepared_) {
    const auto start = std::chrono::steady_clock::now();
    prepare_batch();
    prepare_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    prepared_ = true;
  }
  optimization_->step(std::min(steps, this->steps() - step()));
  if (step() == this->steps()) {
    append_results(finished_);
    finished_work_ += std::int64_t{step()} * static_cast<std::int64_t>(members().size());
    ++batch_;
  }
}

std::int64_t OptimizeRun::work_done() const {
  const bool counted = shown_ < batch_ || !prepared_; // the batch at hand is finished, or has not begun
  return finished_work_ + (counted ? 0 : std::int64_t{step()} * static_cast<std::int64_t>(members().size()));
}

std::int64_t OptimizeRun::work() const {
  std::int64_t all = 0;
  for (const int steps : request_.steps)
    all += steps;
  return all;
}

void OptimizeRun::append_results(std::vector<OptimizedImage> &results) {
  const std::vector<Progress> progress = optimization_->progress();
  const Array images = optimization_->images();
  for (std::size_t i = 0; i < members().size(); ++i)
    results.push_back({members()[i], step(), progress[i],
                       request_.draw_size.given() ? optimization_->draw(static_cast<int>(i), request_.draw_size)
                                                  : one_image(images, i)});
}

std::vector<OptimizedImage> OptimizeRun::results() {
  std::vector<OptimizedImage> results = finished_;
  if (!done() && prepared_ && shown_ == batch_ && step() > 0)
    append_results(results);
  std::sort(results.begin(), results.end(),
            [](const OptimizedImage &a, const OptimizedImage &b) { return a.objective < b.objective; });
  return results;
}

} // namespace convscope
