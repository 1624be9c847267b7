// What to run and where each tensor lives: a list of steps over named tensors. Transient tensors share one
// arena by lifetime; barriers follow from what each step reads and writes; command buffers are recorded once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "plan/slicing.h"
#include "vulkan/buffer.h"
#include "vulkan/program.h"
#include "vulkan/recording.h"

namespace convscope {

enum class TensorId : int { none = -1 };
enum class Access { read, write, read_write };

struct Use {
  TensorId tensor;
  Access access;
};
inline Use reads(TensorId tensor) { return {tensor, Access::read}; }
inline Use writes(TensorId tensor) { return {tensor, Access::write}; }
inline Use updates(TensorId tensor) { return {tensor, Access::read_write}; }

// Steps belong to one or both of two recordings of the same plan: the usual one, and the one of a recipe's
// first steps, in which ReLUs that block a whole gradient let it through (DeadUnits in the visualization).
enum class Variant : unsigned { usual = 1, revive = 2, both = 3 };

// What one run is of: the steps of one part of a plan (Plan::set_part), in a variant.
struct Selection {
  Variant variant = Variant::usual;
  int part = 0;
  Selection(Variant of) : variant(of) {} // most plans have one part
  Selection(Variant of, int only) : variant(of), part(only) {}
};

// What StepSize::work is: the operations that reports count, or these and all that is moved, as what takes time.
enum class Measure { flops, time };

class Plan {
public:
  Plan(vulkan::Programs &programs, std::string name);

  // Scratch whose content lives from its first write to its last use within one run.
  TensorId transient(std::string name, std::size_t bytes);
  // A buffer of its own that keeps its content between runs (parameters, optimizer state, results).
  TensorId persistent(std::string name, std::size_t bytes);
  // Memory owned by somebody else who outlives the plan (weights).
  TensorId external(std::string name, vulkan::Slice slice);

  // Appends a dispatch. `uses` are the program's bindings in order. `flops` is for reports.
  template <typename Push>
  void dispatch(std::string label, const vulkan::Program &program, std::array<std::uint32_t, 3> groups,
                const Push &push, std::initializer_list<Use> uses, double flops = 0) {
    static_assert(std::is_trivially_copyable_v<Push>);
    std::vector<std::byte> bytes(sizeof(Push));
    std::memcpy(bytes.data(), &push, sizeof(Push));
    append_dispatch(std::move(label), program, groups, std::move(bytes), uses, flops);
  }
  void fill(TensorId tensor, std::uint32_t word);
  void copy(TensorId from, TensorId to); // equal sizes
  // Commands of another library; `record` is called at recording time, when slice() is known.
  void custom(std::string label, std::initializer_list<Use> uses, std::function<void(VkCommandBuffer)> record);

  // Which recordings the steps appended from now on belong to (both, to begin with).
  void set_variant(Variant variant) { variant_ = variant; }
  // Which part of the plan they are: a run is of one part. As no two parts run at once, their transient tensors lie in
  // the same memory; persistent ones are common to all.
  void set_part(int part) { part_ = part; }

  // Bytes of device memory that allocate() will take: arena and persistent tensors, without externals.
  std::size_t planned_bytes();
  // Places tensors and makes their buffers. No steps or tensors may be added afterwards.
  void allocate();
  vulkan::Recording record(Selection of, bool timed = false) const;
  // The same steps in parts (SlicedRun), each step cut along the longest axis of its workgroups that its kernel allows.
  // `apart`: a step is `alone` where its driver may compile it at its first run.
  std::vector<StepSize> step_sizes(Selection of, Measure measure, bool apart) const;
  vulkan::Recording record(Selection of, Cut from, Cut to, bool timed = false) const;

  // After allocate():
  vulkan::Slice slice(TensorId id) const;
  std::size_t bytes(TensorId id) const;
  void write(TensorId id, std::span<const std::byte> data); // persistent tensors only
  void read(TensorId id, std::span<std::byte> data) const;
  template <typename T> std::vector<T> read_all(TensorId tensor) const {
    std::vector<T> values(bytes(tensor) / sizeof(T));
    read(tensor, std::as_writable_bytes(std::span(values)));
    return values;
  }

  void finish_programs(Selection of) const; // waits for what its recording needs
  double flops(Selection of = Variant::usual) const;
  int dispatches(Selection of = Variant::usual) const;
  // Bytes of the tensors that steps read, and of those they write, each once a layer.
  double traffic(Selection of = Variant::usual) const;
  // The same by shader (by label for commands of others), or all by label: what the sums of Recording::timings() are
  // of.
  struct Cost {
    double flops = 0, bytes = 0;
    int dispatches = 0;
  };
  enum class CostsBy { shader, label };
  std::map<std::string, Cost> costs(Selection of = Variant::usual, CostsBy by = CostsBy::shader) const;
  // Of each dispatch in order, its program's name (Program::name()); of commands of others, their label.
  std::vector<std::string> kernels(Selection of = Variant::usual) const;
  vulkan::Programs &programs() { return programs_; }
  const vulkan::Device &device() const { return programs_.device(); }

private:
  enum class Kind { transient, persistent, external };
  struct Tensor {
    std::string name;
    Kind kind;
    std::size_t bytes = 0;
    int first = -1, last = -1; // steps
    std::size_t offset = 0;    // in the arena
    vulkan::Slice slice;
    vulkan::Buffer buffer; // persistent
  };
  struct Step {
    std::string label;
    Variant variant;
    int part;
    std::vector<Use> uses;
    const vulkan::Program *program = nullptr;
    std::array<std::uint32_t, 3> groups{};
    std::vector<std::byte> push;
    double flops = 0;
    std::function<void(VkCommandBuffer)> custom;
    std::optional<std::uint32_t> fill;
    bool copy = false;
  };

  class Recorder;

  std::vector<const Step *> steps_of(Selection of) const;
  static int cut_axis(const Step &step);
  StepSize size_of(const Step &step, Measure measure) const;
  TensorId add_tensor(Tensor tensor);
  void append_dispatch(std::string label, const vulkan::Program &program, std::array<std::uint32_t, 3> groups,
                       std::vector<std::byte> push, std::vector<Use> uses, double flops);
  void append(Step step);
  const Tensor &tensor(TensorId id) const { return tensors_.at(static_cast<std::size_t>(id)); }
  void place();
  void check_bindings() const; // UserError where one is more than the device binds

  vulkan::Programs &programs_;
  std::string name_;
  std::vector<Tensor> tensors_;
  std::vector<Step> steps_;
  Variant variant_ = Variant::both;
  int part_ = 0;
  std::size_t arena_bytes_ = 0, block_bytes_ = 0;
  bool placed_ = false, allocated_ = false;
  std::vector<vulkan::Buffer> arena_; // all but the last of block_bytes_
};

} // namespace convscope
