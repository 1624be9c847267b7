#include "vulkan/spirv.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace convscope::vulkan {
namespace {

// Numbers of the SPIR-V specification.
constexpr std::uint32_t spirv_magic = 0x07230203, header_words = 5;
enum Op : std::uint32_t {
  op_execution_mode = 16,
  op_capability = 17,
  op_type_bool = 20,
  op_type_int = 21,
  op_type_float = 22,
  op_type_vector = 23,
  op_type_array = 28,
  op_type_struct = 30,
  op_type_pointer = 32,
  op_constant_true = 41,
  op_constant_false = 42,
  op_constant = 43,
  op_constant_composite = 44,
  op_spec_constant_true = 48,
  op_spec_constant_false = 49,
  op_spec_constant = 50,
  op_spec_constant_composite = 51,
  op_spec_constant_op = 52,
  op_variable = 59,
  op_load = 61,
  op_access_chain = 65,
  op_decorate = 71,
  op_member_decorate = 72,
  op_composite_extract = 81,
  op_multiply = 132, // of integers
};
// Of constants.
enum Arithmetic : std::uint32_t {
  i_add = 128,
  i_sub = 130,
  i_mul = 132,
  u_div = 134,
  s_div = 135,
  u_mod = 137,
  s_rem = 138,
  s_mod = 139,
  logical_or = 166,
  logical_and = 167,
  logical_not = 168,
  select = 169,
  i_equal = 170,
  i_not_equal = 171,
  u_greater = 172,
  s_greater = 173,
  u_greater_equal = 174,
  s_greater_equal = 175,
  u_less = 176,
  s_less = 177,
  u_less_equal = 178,
  s_less_equal = 179,
  shift_right = 194,
  shift_left = 196,
};
enum Decoration : std::uint32_t {
  spec_id = 1,
  array_stride = 6,
  built_in = 11,
  binding = 33,
  descriptor_set = 34,
  member_offset = 35
};
enum BuiltIn : std::uint32_t { workgroup_count = 24, built_in_workgroup_size = 25, workgroup_id = 26 };
constexpr std::uint32_t all_components = ~0U;
constexpr std::uint32_t storage_class_uniform_constant = 0, storage_class_workgroup = 4,
                        storage_class_push_constant = 9;
constexpr std::uint32_t mode_local_size = 17;
constexpr std::uint32_t capability_float64 = 10, capability_cooperative_matrix = 6022;

using Words = std::span<const std::uint32_t>;

[[noreturn]] void damaged(const char *what) { throw std::logic_error(std::string("SPIR-V: ") + what); }

class Module {
public:
  Module(Words code, Words constants) : given_(constants) {
    if (code.size() < header_words || code[0] != spirv_magic)
      damaged("no header");
    for (std::size_t at = header_words; at < code.size();) {
      const std::uint32_t length = code[at] >> 16;
      if (length == 0 || length > code.size() - at)
        damaged("an instruction runs past the end");
      take(code[at] & 0xffff, code.subspan(at + 1, length - 1));
      at += length;
    }
  }

  ShaderInterface interface() const {
    ShaderInterface found;
    found.matrices = matrices_;
    found.doubles = doubles_;
    for (const auto &[id, number] : bindings_)
      found.bindings = std::max(found.bindings, number + 1);
    for (const std::uint32_t variable : texel_variables_)
      if (const auto binding = bindings_.find(variable); binding != bindings_.end() && binding->second < 32)
        found.texels |= 1U << binding->second;
    for (const std::uint32_t pointer : push_pointers_) {
      const Words type = definition(pointer);
      found.push_bytes = std::max(found.push_bytes, (size(type[2], 0) + 3) / 4 * 4);
    }
    const bool by_layers = layer_axes_.size() == 1 && !counts_others_;
    found.layer_axis = by_layers ? *layer_axes_.begin() : counts_workgroups_ ? -1 : 0;
    found.invocations = 1;
    for (std::size_t axis = 0; axis < 3; ++axis)
      found.invocations *=
          workgroup_size_.empty() ? local_size_[axis] : value(workgroup_size_[axis], 0).value_or(local_size_[axis]);
    for (const std::uint32_t pointer : shared_pointers_)
      found.shared_bytes += shared_size(definition(pointer)[2], 0);
    return found;
  }

private:
  struct BuiltInValue {
    std::uint32_t which, component;
  };

  void take(std::uint32_t op, Words operands) {
    const auto at = [&](std::size_t i) {
      return i < operands.size() ? operands[i] : (damaged("an operand is missing"), 0);
    };
    switch (op) {
    case op_capability:
      matrices_ = matrices_ || at(0) == capability_cooperative_matrix;
      doubles_ = doubles_ || at(0) == capability_float64;
      break;
    case op_execution_mode:
      if (at(1) == mode_local_size)
        local_size_ = {at(2), at(3), at(4)};
      break;
    case op_type_bool:
      at(0);
      types_[at(0)] = {op, operands};
      break;
    case op_type_int:
    case op_type_float:
      at(1);
      types_[at(0)] = {op, operands};
      break;
    case op_type_vector:
    case op_type_array:
    case op_type_pointer:
      at(2);
      types_[at(0)] = {op, operands};
      break;
    case op_type_struct:
      types_[at(0)] = {op, operands};
      break;
    case op_constant:
    case op_spec_constant:
      constants_[at(1)] = given(at(1)).value_or(at(2));
      break;
    case op_constant_true:
    case op_constant_false:
    case op_spec_constant_true:
    case op_spec_constant_false:
      constants_[at(1)] = given(at(1)).value_or(op == op_constant_true || op == op_spec_constant_true ? 1 : 0);
      break;
    case op_constant_composite:
    case op_spec_constant_composite:
      if (at(1) == workgroup_size_id_ && operands.size() == 5)
        workgroup_size_ = operands.subspan(2);
      break;
    case op_spec_constant_op:
      at(2);
      operations_[at(1)] = operands.subspan(2);
      break;
    case op_variable:
      if (at(2) == storage_class_push_constant)
        push_pointers_.push_back(at(0));
      else if (at(2) == storage_class_workgroup)
        shared_pointers_.push_back(at(0));
      else if (at(2) == storage_class_uniform_constant)
        texel_variables_.push_back(at(1));
      break;
    case op_decorate:
      if (at(1) == spec_id)
        spec_ids_[at(0)] = at(2);
      else if (at(1) == built_in && at(2) == built_in_workgroup_size)
        workgroup_size_id_ = at(0);
      else if (at(1) == binding)
        bindings_[at(0)] = at(2);
      else if (at(1) == array_stride)
        strides_[at(0)] = at(2);
      else if (at(1) == built_in)
        built_ins_[at(0)] = {at(2), all_components};
      else if (at(1) == descriptor_set && at(2) != 0)
        damaged("a descriptor set other than 0");
      break;
    case op_member_decorate:
      if (at(2) == member_offset)
        offsets_[{at(0), at(1)}] = at(3);
      break;
    case op_load: // of a built-in, or of a component of one
      if (const auto found = built_ins_.find(at(2)); found != built_ins_.end()) {
        built_ins_[at(1)] = found->second;
        note_count(found->second);
      }
      break;
    case op_access_chain:
      if (const auto found = built_ins_.find(at(2)); found != built_ins_.end()) {
        const auto component = constants_.find(at(3));
        if (component != constants_.end())
          built_ins_[at(1)] = {found->second.which, component->second};
      }
      break;
    case op_composite_extract:
      if (const auto found = built_ins_.find(at(2)); found != built_ins_.end())
        note_count(built_ins_[at(1)] = {found->second.which, at(3)});
      break;
    case op_multiply:
      take_product(at(2), at(3));
      take_product(at(3), at(2));
      break;
    }
  }

  void note_count(const BuiltInValue &value) {
    if (value.which != workgroup_count)
      return;
    counts_workgroups_ = true;
    counts_others_ = counts_others_ || (value.component != 0 && value.component != all_components);
  }

  // layer_axis, from a component of gl_WorkGroupID times gl_NumWorkGroups.x.
  void take_product(std::uint32_t a, std::uint32_t b) {
    const auto id = built_ins_.find(a), count = built_ins_.find(b);
    if (id != built_ins_.end() && count != built_ins_.end() && id->second.which == workgroup_id &&
        count->second.which == workgroup_count && count->second.component == 0 &&
        (id->second.component == 1 || id->second.component == 2))
      layer_axes_.insert(static_cast<int>(id->second.component));
  }

  std::optional<std::uint32_t> given(std::uint32_t id) const {
    const auto found = spec_ids_.find(id);
    return found != spec_ids_.end() && found->second < given_.size() ? std::optional(given_[found->second])
                                                                     : std::nullopt;
  }

  // Of a constant, or of what is computed from constants; none where that is something that no array's length needs.
  std::optional<std::uint32_t> value(std::uint32_t id, int depth) const {
    if (const auto known = constants_.find(id); known != constants_.end())
      return known->second;
    const auto found = operations_.find(id);
    if (found == operations_.end() || depth > 64)
      return std::nullopt;
    const Words operation = found->second;
    std::uint32_t operands[3] = {0, 0, 0};
    for (std::size_t i = 1; i < operation.size() && i <= 3; ++i) {
      const auto operand = value(operation[i], depth + 1);
      if (!operand)
        return std::nullopt;
      operands[i - 1] = *operand;
    }
    return computed(operation[0], operands[0], operands[1], operands[2]);
  }

  static std::optional<std::uint32_t> computed(std::uint32_t op, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    const auto x = static_cast<std::int32_t>(a), y = static_cast<std::int32_t>(b);
    const bool overflows = y == 0 || (y == -1 && x == std::numeric_limits<std::int32_t>::min());
    const auto word = [](std::int32_t v) { return static_cast<std::uint32_t>(v); };
    switch (op) {
    case i_add:
      return a + b;
    case i_sub:
      return a - b;
    case i_mul:
      return a * b;
    case u_div:
      return b == 0 ? 0 : a / b;
    case u_mod:
      return b == 0 ? 0 : a % b;
    case s_div:
      return overflows ? 0 : word(x / y);
    case s_rem:
      return overflows ? 0 : word(x % y);
    case s_mod:
      return overflows ? 0 : word((x % y + y) % y);
    case logical_or:
      return a | b;
    case logical_and:
      return a & b;
    case logical_not:
      return a == 0 ? 1 : 0;
    case select:
      return a != 0 ? b : c;
    case i_equal:
      return a == b ? 1 : 0;
    case i_not_equal:
      return a != b ? 1 : 0;
    case u_greater:
      return a > b ? 1 : 0;
    case s_greater:
      return x > y ? 1 : 0;
    case u_greater_equal:
      return a >= b ? 1 : 0;
    case s_greater_equal:
      return x >= y ? 1 : 0;
    case u_less:
      return a < b ? 1 : 0;
    case s_less:
      return x < y ? 1 : 0;
    case u_less_equal:
      return a <= b ? 1 : 0;
    case s_less_equal:
      return x <= y ? 1 : 0;
    case shift_right:
      return a >> (b & 31U);
    case shift_left:
      return a << (b & 31U);
    default:
      return std::nullopt;
    }
  }

  // Tightly packed; what is not known counts as nothing.
  std::uint64_t shared_size(std::uint32_t id, int depth) const {
    const auto found = types_.find(id);
    if (found == types_.end() || depth > 16)
      return 0;
    const Words type = found->second.operands;
    std::uint64_t bytes = 0;
    switch (found->second.op) {
    case op_type_bool:
      return 4;
    case op_type_int:
    case op_type_float:
      return type[1] / 8;
    case op_type_vector:
      return type[2] * shared_size(type[1], depth + 1);
    case op_type_array:
      return value(type[2], 0).value_or(0) * shared_size(type[1], depth + 1);
    case op_type_struct:
      for (const std::uint32_t member : type.subspan(1))
        bytes += shared_size(member, depth + 1);
      return bytes;
    default:
      return 0;
    }
  }

  Words definition(std::uint32_t id) const {
    const auto found = types_.find(id);
    if (found == types_.end())
      damaged("a type that push constants cannot have");
    return found->second.operands;
  }

  std::uint32_t size(std::uint32_t id, int depth) const {
    const Words type = definition(id);
    if (depth > 16)
      damaged("types nest without end");
    switch (types_.at(id).op) {
    case op_type_int:
    case op_type_float:
      return type[1] / 8;
    case op_type_vector:
      return type[2] * size(type[1], depth + 1);
    case op_type_array: {
      const auto length = constants_.find(type[2]);
      const auto stride = strides_.find(id);
      if (length == constants_.end() || length->second == 0 || stride == strides_.end())
        damaged("an array without length or stride");
      return (length->second - 1) * stride->second + size(type[1], depth + 1);
    }
    case op_type_struct: {
      std::uint32_t end = 0;
      for (std::uint32_t member = 0; member + 1 < type.size(); ++member) {
        const auto offset = offsets_.find({id, member});
        if (offset == offsets_.end())
          damaged("a member without offset");
        end = std::max(end, offset->second + size(type[member + 1], depth + 1));
      }
      return end;
    }
    default:
      damaged("a type that push constants cannot have");
    }
  }

  struct Type {
    std::uint32_t op;
    Words operands; // the first is the type's own id
  };
  std::map<std::uint32_t, Type> types_;
  std::map<std::uint32_t, std::uint32_t> constants_, bindings_, strides_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> offsets_; // by struct and member
  std::vector<std::uint32_t> push_pointers_;                                 // the types of push-constant variables
  std::map<std::uint32_t, BuiltInValue> built_ins_;                          // by variable, pointer or value
  std::set<int> layer_axes_;
  bool counts_workgroups_ = false, counts_others_ = false; // gl_NumWorkGroups, and other components than x
  std::vector<std::uint32_t> texel_variables_, shared_pointers_;
  std::map<std::uint32_t, std::uint32_t> spec_ids_;
  std::map<std::uint32_t, Words> operations_; // SpecConstantOps: the operation and its operands
  std::array<std::uint32_t, 3> local_size_ = {1, 1, 1};
  std::uint32_t workgroup_size_id_ = 0; // 0 is no id
  Words workgroup_size_;                // its three constants
  Words given_;
  bool matrices_ = false, doubles_ = false;
};

} // namespace

ShaderInterface reflect(std::span<const std::uint32_t> code, std::span<const std::uint32_t> constants) {
  return Module(code, constants).interface();
}

} // namespace convscope::vulkan
