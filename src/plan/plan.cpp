#include "plan/plan.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "plan/arena.h"
#include "plan/layout.h"

namespace convscope {

namespace {

bool in_variant(Variant step, Variant wanted) {
  return (static_cast<unsigned>(step) & static_cast<unsigned>(wanted)) != 0;
}

// Memory touched since the last barrier; a step that conflicts with it needs a barrier first.
class Hazards {
public:
  bool conflicts(const vulkan::Slice &slice, bool write) const {
    return std::any_of(touched_.begin(), touched_.end(), [&](const Touch &touch) {
      return (write || touch.write) && touch.slice.buffer == slice.buffer &&
             touch.slice.offset < slice.offset + slice.bytes && slice.offset < touch.slice.offset + touch.slice.bytes;
    });
  }
  void add(const vulkan::Slice &slice, bool write) { touched_.push_back({slice, write}); }
  void clear() { touched_.clear(); }

private:
  struct Touch {
    vulkan::Slice slice;
    bool write;
  };
  std::vector<Touch> touched_;
};

} // namespace

Plan::Plan(vulkan::Programs &programs, std::string name) : programs_(programs), name_(std::move(name)) {}

TensorId Plan::add_tensor(Tensor tensor) {
  if (placed_)
    throw std::logic_error(name_ + ": the plan is placed, no tensor can be added");
  if (tensor.bytes == 0)
    throw std::logic_error(name_ + ": tensor '" + tensor.name + "' is empty");
  tensors_.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors_.size() - 1);
}

TensorId Plan::transient(std::string name, std::size_t bytes) {
  return add_tensor({.name = std::move(name), .kind = Kind::transient, .bytes = bytes, .slice = {}, .buffer = {}});
}

TensorId Plan::persistent(std::string name, std::size_t bytes) {
  return add_tensor({.name = std::move(name), .kind = Kind::persistent, .bytes = bytes, .slice = {}, .buffer = {}});
}

TensorId Plan::external(std::string name, vulkan::Slice slice) {
  return add_tensor({.name = std::move(name),
                     .kind = Kind::external,
                     .bytes = static_cast<std::size_t>(slice.bytes),
                     .slice = slice,
                     .buffer = {}});
}

void Plan::append(Step step) {
  if (placed_)
    throw std::logic_error(name_ + ": the plan is placed, no step can be added");
  const int index = static_cast<int>(steps_.size());
  for (const Use &use : step.uses) {
    Tensor &tensor = tensors_.at(static_cast<std::size_t>(use.tensor));
    if (tensor.first < 0) {
      if (tensor.kind == Kind::transient && use.access != Access::write)
        throw std::logic_error(name_ + ": '" + step.label + "' reads '" + tensor.name + "' before it is written");
      tensor.first = index;
    }
    tensor.last = index;
  }
  step.variant = variant_;
  step.part = part_;
  steps_.push_back(std::move(step));
}

void Plan::append_dispatch(std::string label, const vulkan::Program &program, std::array<std::uint32_t, 3> groups,
                           std::vector<std::byte> push, std::vector<Use> uses, double flops) {
  Step step;
  step.label = std::move(label);
  step.uses = std::move(uses);
  step.program = &program;
  step.groups = groups;
  step.push = std::move(push);
  step.flops = flops;
  append(std::move(step));
}

void Plan::fill(TensorId tensor, std::uint32_t word) {
  Step step;
  step.label = "fill";
  step.uses = {writes(tensor)};
  step.fill = word;
  append(std::move(step));
}

void Plan::copy(TensorId from, TensorId to) {
  if (bytes(from) != bytes(to))
    throw std::logic_error(name_ + ": copy between tensors of different sizes");
  Step step;
  step.label = "copy";
  step.uses = {reads(from), writes(to)};
  step.copy = true;
  append(std::move(step));
}

void Plan::custom(std::string label, std::initializer_list<Use> uses, std::function<void(VkCommandBuffer)> record) {
  Step step;
  step.label = std::move(label);
  step.uses = uses;
  step.custom = std::move(record);
  append(std::move(step));
}

// What is bound as a whole may be more than one of the net's tensors: the parts of a sum, a batch's products.
void Plan::check_bindings() const {
  const vulkan::DeviceInfo &info = device().info();
  for (const Step &step : steps_)
    for (const Use &use : step.uses)
      if (const Tensor &of = tensor(use.tensor); step.program && of.bytes > info.max_storage_range)
        throw UserError(fmt::format("{} of {} needs {} MiB, but {} binds at most {} MiB", of.name, name_,
                                    (of.bytes + (1 << 20) - 1) >> 20, info.name, info.max_storage_range >> 20));
}

void Plan::place() {
  if (placed_)
    return;
  check_bindings();
  std::vector<Placement> placements;
  std::vector<std::size_t> owners;
  for (std::size_t i = 0; i < tensors_.size(); ++i)
    if (tensors_[i].kind == Kind::transient && tensors_[i].first >= 0) {
      placements.push_back({tensors_[i].bytes, tensors_[i].first, tensors_[i].last});
      owners.push_back(i);
    }
  const auto alignment =
      std::max<std::size_t>({256, device().info().storage_alignment, device().info().texel_alignment});
  // One allocation, or several where the device has a limit.
  const std::size_t most = static_cast<std::size_t>(device().info().max_allocation) / alignment * alignment;
  std::size_t largest = 0;
  for (const Placement &placement : placements)
    largest = std::max(largest, (placement.bytes + alignment - 1) / alignment * alignment);
  block_bytes_ = most > 0 ? std::max(most, largest) : ~std::size_t{0}; // one that is too large can't be allocated
  arena_bytes_ = place_in_arena(placements, alignment, block_bytes_);
  for (std::size_t i = 0; i < owners.size(); ++i)
    tensors_[owners[i]].offset = placements[i].offset;
  placed_ = true;
}

std::size_t Plan::planned_bytes() {
  place();
  std::size_t total = arena_bytes_;
  for (const Tensor &tensor : tensors_)
    if (tensor.kind == Kind::persistent)
      total += tensor.bytes;
  return total;
}

void Plan::allocate() {
  if (allocated_)
    throw std::logic_error(name_ + ": the plan is allocated twice");
  allocated_ = true;
  place();
  for (std::size_t done = 0; done < arena_bytes_; done += arena_.back().bytes())
    arena_.emplace_back(device(), std::min(arena_bytes_ - done, block_bytes_), name_ + " arena");
  for (Tensor &tensor : tensors_) {
    if (tensor.kind == Kind::transient) {
      if (tensor.first >= 0)
        tensor.slice = arena_[tensor.offset / block_bytes_].slice(tensor.offset % block_bytes_, tensor.bytes);
    } else if (tensor.kind == Kind::persistent) {
      tensor.buffer = vulkan::Buffer(device(), tensor.bytes, name_ + " " + tensor.name);
      tensor.slice = tensor.buffer.slice();
    }
  }
}

// Writes steps to a recording, with the barriers that follow from what they touch. A recording's end is a barrier, too.
class Plan::Recorder {
public:
  // Marks (Breadcrumbs) stand some `marked` of work apart.
  Recorder(const Plan &plan, bool timed, double marked)
      : plan_(plan), recording_(plan.device(), plan.name_, timed), marked_(marked) {}

  // Workgroups first .. first + units - 1 of the step's cut_axis().
  void add(const Step &step, std::uint32_t first, std::uint32_t units, double work) {
    slices_.clear();
    bool wait = false;
    for (const Use &use : step.uses) {
      slices_.push_back(plan_.slice(use.tensor));
      wait = wait || hazards_.conflicts(slices_.back(), use.access != Access::read);
    }
    if (wait) {
      recording_.barrier();
      hazards_.clear();
      if (work_ >= marked_) {
        recording_.mark();
        work_ = 0;
      }
    }
    if (step.program) {
      const auto axis = static_cast<std::size_t>(cut_axis(step));
      std::array<std::uint32_t, 3> from{}, groups = step.groups;
      from[axis] = first;
      groups[axis] = units;
      recording_.dispatch_part(*step.program, from, groups, step.push, slices_, step.label);
    } else if (step.custom) {
      recording_.custom(step.custom, step.label);
    } else if (step.fill) {
      recording_.fill(slices_.at(0), *step.fill);
    } else {
      recording_.copy(slices_.at(0), slices_.at(1));
    }
    for (std::size_t i = 0; i < slices_.size(); ++i)
      hazards_.add(slices_[i], step.uses[i].access != Access::read);
    work_ += work;
  }

  vulkan::Recording take() {
    recording_.finish();
    return std::move(recording_);
  }

private:
  const Plan &plan_;
  vulkan::Recording recording_;
  double marked_, work_ = 0; // since the last mark
  Hazards hazards_;
  std::vector<vulkan::Slice> slices_;
};

std::vector<const Plan::Step *> Plan::steps_of(Selection of) const {
  std::vector<const Step *> steps;
  for (const Step &step : steps_)
    if (step.part == of.part && in_variant(step.variant, of.variant))
      steps.push_back(&step);
  return steps;
}

void Plan::finish_programs(Selection of) const {
  std::vector<const vulkan::Program *> programs;
  for (const Step *step : steps_of(of))
    if (step->program)
      programs.push_back(step->program);
  programs_.finish(std::move(programs));
}

// The axis along which a step's workgroups are run in parts: they write different elements. That of x where no other
// counts on where it ends.
int Plan::cut_axis(const Step &step) {
  if (!step.program)
    return 0;
  const int layer = step.program->layer_axis();
  const bool free = layer == 0 || step.groups[static_cast<std::size_t>(layer)] == 1;
  int axis = free ? 0 : 1;
  for (int other = axis + 1; other < 3; ++other)
    if (step.groups[static_cast<std::size_t>(other)] > step.groups[static_cast<std::size_t>(axis)])
      axis = other;
  return axis;
}

StepSize Plan::size_of(const Step &step, Measure measure) const {
  constexpr double flops_a_byte = 4, flops_a_step = 1e5; // of what GPUs do in the time of either, about
  constexpr double flops_a_double = 32;                  // in which most GPUs do one with doubles
  StepSize size{step.flops, step.program ? step.groups[static_cast<std::size_t>(cut_axis(step))] : 1U, false};
  if (measure == Measure::time) {
    if (step.program && step.program->doubles())
      size.work *= flops_a_double;
    size.work += flops_a_step;
    for (const Use &use : step.uses)
      size.work += flops_a_byte * static_cast<double>(tensor(use.tensor).bytes);
  }
  return size;
}

std::vector<StepSize> Plan::step_sizes(Selection of, Measure measure, bool apart) const {
  std::vector<StepSize> sizes;
  for (const Step *step : steps_of(of)) {
    sizes.push_back(size_of(*step, measure));
    sizes.back().alone = apart && (step->custom || (step->program && step->program->is_new()));
  }
  return sizes;
}

vulkan::Recording Plan::record(Selection of, bool timed) const {
  return record(of, {}, {steps_of(of).size(), 0}, timed);
}

vulkan::Recording Plan::record(Selection of, Cut from, Cut to, bool timed) const {
  constexpr double marks = 8; // a recording: each is a command that the next one waits for
  if (!allocated_)
    throw std::logic_error(name_ + ": the plan is recorded before it is allocated");
  const std::vector<const Step *> steps = steps_of(of);
  std::vector<StepSize> sizes;
  for (const Step *step : steps)
    sizes.push_back(size_of(*step, Measure::time));
  Recorder recorder(*this, timed, work_between(sizes, from, to) / marks);
  for (std::size_t i = from.step; i < steps.size() && i <= to.step; ++i) {
    const std::uint32_t first = i == from.step ? from.unit : 0, end = i == to.step ? to.unit : sizes[i].units;
    if (first < end)
      recorder.add(*steps[i], first, end - first, sizes[i].work * (end - first) / sizes[i].units);
  }
  return recorder.take();
}

vulkan::Slice Plan::slice(TensorId id) const { return tensor(id).slice; }
std::size_t Plan::bytes(TensorId id) const { return tensor(id).bytes; }

void Plan::write(TensorId id, std::span<const std::byte> data) {
  Tensor &target = tensors_.at(static_cast<std::size_t>(id));
  if (target.kind != Kind::persistent)
    throw std::logic_error(name_ + ": '" + target.name + "' does not keep its content");
  target.buffer.write(0, data);
}

void Plan::read(TensorId id, std::span<std::byte> data) const {
  if (tensor(id).kind != Kind::persistent)
    throw std::logic_error(name_ + ": '" + tensor(id).name + "' does not keep its content");
  tensor(id).buffer.read(0, data);
}

double Plan::flops(Selection of) const {
  double total = 0;
  for (const Step *step : steps_of(of))
    total += step->flops;
  return total;
}

double Plan::traffic(Selection of) const {
  double total = 0;
  for (const auto &[name, cost] : costs(of))
    total += cost.bytes;
  return total;
}

// The parts of one layer's work have one label, and what lies between them stays in a cache.
std::map<std::string, Plan::Cost> Plan::costs(Selection of, CostsBy by) const {
  std::map<std::string, Cost> costs;
  std::string label;
  std::set<std::pair<TensorId, bool>> seen; // by the steps of that label; read or written
  for (const Step *each : steps_of(of)) {
    const Step &step = *each;
    if (step.label != label)
      seen.clear();
    label = step.label;
    Cost &cost = costs[step.program && by == CostsBy::shader ? std::string(step.program->kind()) : step.label];
    cost.flops += step.flops;
    cost.dispatches += step.program || step.custom ? 1 : 0;
    for (const Use &use : step.uses)
      for (const bool write : {false, true})
        if (use.access == Access::read_write || (use.access == Access::write) == write)
          if (seen.emplace(use.tensor, write).second)
            cost.bytes += static_cast<double>(tensor(use.tensor).bytes);
  }
  return costs;
}

std::vector<std::string> Plan::kernels(Selection of) const {
  std::vector<std::string> names;
  for (const Step *step : steps_of(of))
    if (step->program || step->custom)
      names.push_back(step->program ? step->program->name() : step->label);
  return names;
}

int Plan::dispatches(Selection of) const {
  const std::vector<const Step *> steps = steps_of(of);
  return static_cast<int>(
      std::count_if(steps.begin(), steps.end(), [](const Step *step) { return step->program || step->custom; }));
}

} // namespace convscope
