#include "unit/spirv_loops.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

namespace convscope {
namespace {

// Numbers of the SPIR-V specification.
enum Op : std::uint32_t {
  op_name = 5,
  op_ext_inst = 12,
  op_type_vector = 23,
  op_type_matrix = 24,
  op_type_array = 28,
  op_type_struct = 30,
  op_type_pointer = 32,
  op_constant = 43,
  op_function = 54,
  op_function_parameter = 55,
  op_function_end = 56,
  op_function_call = 57,
  op_variable = 59,
  op_load = 61,
  op_store = 62,
  op_access_chain = 65,
  op_in_bounds_access_chain = 66,
  op_vector_shuffle = 79,
  op_composite_extract = 81,
  op_composite_insert = 82,
  op_loop_merge = 246,
  op_label = 248,
};
constexpr std::uint32_t storage_private = 6, storage_function = 7, unroll = 1, header_words = 5;

struct Instruction {
  std::uint32_t op = 0;
  std::span<const std::uint32_t> operands; // without the word of length and op
};

struct Loop {
  std::size_t begin = 0, end = 0; // instructions, from the header to what follows the loop
  bool unrolled = false, holds_rolled = false;
};

using Ids = std::set<std::uint32_t>;

class Reader {
public:
  explicit Reader(std::span<const std::uint32_t> code) {
    for (std::size_t at = header_words; at < code.size();) {
      const std::uint32_t length = code[at] >> 16;
      if (length == 0 || length > code.size() - at)
        throw std::runtime_error("SPIR-V: an instruction runs past the end");
      instructions_.push_back({code[at] & 0xffff, code.subspan(at + 1, length - 1)});
      at += length;
    }
    for (std::size_t i = 0; i < instructions_.size(); ++i)
      take(i);
    for (auto &[loop, merge] : merges_)
      loops_[loop].end = labels_.at(merge);
    for (Loop &loop : loops_)
      loop.holds_rolled = std::any_of(loops_.begin(), loops_.end(), [&](const Loop &inner) {
        return loop.begin < inner.begin && inner.end <= loop.end && !inner.unrolled;
      });
  }

  std::vector<std::string> rolled() {
    // Parameters by which a function indexes an array make its calls indices of what they are given.
    for (std::size_t before = ~std::size_t{0}; before != indexing_.size();) {
      before = indexing_.size();
      told_.clear();
      for (std::size_t i = 0; i < instructions_.size(); ++i)
        look(i);
    }
    return {told_.begin(), told_.end()};
  }

private:
  void take(std::size_t i) {
    const auto &[op, operands] = instructions_[i];
    switch (op) {
    case op_name:
      names_[operands[0]] = reinterpret_cast<const char *>(operands.data() + 1);
      break;
    case op_type_array:
    case op_type_struct:
    case op_type_pointer:
    case op_type_vector:
    case op_type_matrix:
      types_[operands[0]] = i;
      break;
    case op_constant:
      constants_[operands[1]] = operands[2];
      break;
    case op_function:
      parameters_of_ = operands[1];
      definitions_[operands[1]] = i;
      break;
    case op_function_parameter:
      parameters_[parameters_of_].push_back(operands[1]);
      definitions_[operands[1]] = i;
      break;
    case op_store:
      stores_[root(operands[0])].push_back(i);
      break;
    case op_label:
      labels_[operands[0]] = last_label_ = i;
      break;
    case op_loop_merge:
      merges_.emplace_back(loops_.size(), operands[0]);
      loops_.push_back({last_label_, 0, (operands[2] & unroll) != 0});
      break;
    default:
      if (op > op_function_end && has_result(op) && operands.size() >= 2)
        definitions_[operands[1]] = i;
    }
  }

  // With its type before it; of those that kernels use.
  static bool has_result(std::uint32_t op) {
    constexpr std::uint32_t copy_memory = 63, copy_memory_sized = 64, image_write = 99, control_barrier = 224,
                            memory_barrier = 225, atomic_store = 228, first_of_branches = 246;
    return op != copy_memory && op != copy_memory_sized && op != image_write && op != control_barrier &&
           op != memory_barrier && op != atomic_store && op < first_of_branches;
  }

  const Instruction *definition(std::uint32_t id) const {
    const auto found = definitions_.find(id);
    return found == definitions_.end() ? nullptr : &instructions_[found->second];
  }

  static bool is_chain(std::uint32_t op) { return op == op_access_chain || op == op_in_bounds_access_chain; }

  // The variable or parameter into which a pointer points.
  std::uint32_t root(std::uint32_t pointer) const {
    const Instruction *made = definition(pointer);
    return made && is_chain(made->op) ? root(made->operands[2]) : pointer;
  }

  // The variables of functions, and the parameters, on whose values `id` depends.
  void collect(std::uint32_t id, Ids &seen, Ids &variables) const {
    if (!seen.insert(id).second)
      return;
    const Instruction *const made = definition(id);
    if (!made)
      return; // a constant, or something of the module
    const auto &operands = made->operands;
    std::size_t first = 2, end = operands.size();
    switch (made->op) {
    case op_function_parameter:
      variables.insert(id);
      return;
    case op_variable: // all that is stored there
      variables.insert(id);
      if (const auto stored = stores_.find(id); stored != stores_.end())
        for (const std::size_t store : stored->second)
          collect(instructions_[store].operands[1], seen, variables);
      return;
    case op_ext_inst:
      first = 4;
      break;
    case op_function_call:
      first = 3;
      break;
    case op_composite_extract:
    case op_load:
      end = 3;
      break;
    case op_composite_insert:
    case op_vector_shuffle:
      end = 4;
      break;
    default:
      break;
    }
    for (std::size_t i = first; i < end; ++i)
      collect(operands[i], seen, variables);
  }

  Ids variables_of(std::uint32_t id) const {
    Ids seen, variables;
    collect(id, seen, variables);
    return variables;
  }

  const Loop *innermost(std::size_t instruction) const {
    const Loop *found = nullptr;
    for (const Loop &loop : loops_)
      if (loop.begin < instruction && instruction < loop.end && (!found || loop.begin > found->begin))
        found = &loop;
    return found;
  }

  // An index into `what` is `id`: whatever steps in a loop of those that it depends on wants that loop unrolled.
  void check_index(std::uint32_t id, const std::string &what) {
    for (const std::uint32_t variable : variables_of(id)) {
      if (definition(variable)->op == op_function_parameter)
        indexing_.insert(variable);
      const auto stored = stores_.find(variable);
      if (stored == stores_.end())
        continue;
      for (const std::size_t store : stored->second) {
        const Loop *const loop = innermost(store);
        if (loop && (!loop->unrolled || loop->holds_rolled) &&
            variables_of(instructions_[store].operands[1]).contains(variable))
          told_.insert(fmt::format("{} is indexed by {}, whose loop {}", what, name(variable),
                                   loop->unrolled ? "holds one that stays rolled" : "has no [[unroll]]"));
      }
    }
  }

  void look(std::size_t i) {
    const auto &[op, operands] = instructions_[i];
    if (op == op_function_call) {
      const auto &parameters = parameters_[operands[2]];
      for (std::size_t k = 0; k < parameters.size() && k + 3 < operands.size(); ++k)
        if (indexing_.contains(parameters[k]))
          check_index(operands[k + 3], name(operands[2]) + "'s array");
      return;
    }
    if (!is_chain(op))
      return;
    // From the type of what it points into, down through the indices.
    const Instruction *const base = definition(operands[2]);
    if (!base)
      return; // a variable of the module
    std::uint32_t type = base->operands[0];
    const auto &pointer = instructions_[types_.at(type)].operands;
    if (pointer[1] != storage_function && pointer[1] != storage_private)
      return;
    type = pointer[2];
    for (std::size_t k = 3; k < operands.size(); ++k) {
      const auto found = types_.find(type);
      if (found == types_.end())
        return;
      const Instruction &composite = instructions_[found->second];
      if (composite.op == op_type_struct) {
        type = composite.operands[1 + constant(operands[k])];
        continue;
      }
      if (composite.op == op_type_array)
        check_index(operands[k], name(root(operands[2])));
      type = composite.operands[1];
    }
  }

  std::uint32_t constant(std::uint32_t id) const {
    const auto found = constants_.find(id);
    if (found == constants_.end())
      throw std::runtime_error("SPIR-V: a member that is no constant");
    return found->second;
  }

  std::string name(std::uint32_t id) const {
    const auto found = names_.find(id);
    return found == names_.end() || found->second.empty() ? fmt::format("%{}", id) : found->second;
  }

  std::vector<Instruction> instructions_;
  std::map<std::uint32_t, std::string> names_;
  std::map<std::uint32_t, std::uint32_t> constants_;
  std::map<std::uint32_t, std::size_t> types_, definitions_, labels_; // instructions, by id
  std::map<std::uint32_t, std::vector<std::size_t>> stores_;          // by the variable
  std::map<std::uint32_t, std::vector<std::uint32_t>> parameters_;    // by the function
  std::vector<Loop> loops_;
  std::vector<std::pair<std::size_t, std::uint32_t>> merges_; // a loop, and the label that follows it
  std::size_t last_label_ = 0;
  std::uint32_t parameters_of_ = 0;
  Ids indexing_; // parameters by which an array is indexed
  std::set<std::string> told_;
};

} // namespace

std::vector<std::string> rolled_loops(std::span<const std::uint32_t> code) { return Reader(code).rolled(); }

} // namespace convscope
