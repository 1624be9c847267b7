#include "vulkan/spirv.h"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace convscope::vulkan {
namespace {

// Numbers of the SPIR-V specification.
constexpr std::uint32_t magic = 0x07230203, header_words = 5;
enum Op : std::uint32_t {
  op_type_int = 21,
  op_type_float = 22,
  op_type_vector = 23,
  op_type_array = 28,
  op_type_struct = 30,
  op_type_pointer = 32,
  op_constant = 43,
  op_spec_constant = 50,
  op_variable = 59,
  op_load = 61,
  op_access_chain = 65,
  op_decorate = 71,
  op_member_decorate = 72,
  op_composite_extract = 81,
  op_multiply = 132, // of integers
};
enum Decoration : std::uint32_t {
  array_stride = 6,
  built_in = 11,
  binding = 33,
  descriptor_set = 34,
  member_offset = 35
};
enum BuiltIn : std::uint32_t { workgroup_count = 24, workgroup_id = 26 };
constexpr std::uint32_t all_components = ~0U;
constexpr std::uint32_t storage_class_uniform_constant = 0, storage_class_push_constant = 9;

using Words = std::span<const std::uint32_t>;

[[noreturn]] void damaged(const char *what) { throw std::logic_error(std::string("SPIR-V: ") + what); }

class Module {
public:
  explicit Module(Words code) {
    if (code.size() < header_words || code[0] != magic)
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
    for (const auto &[id, number] : bindings_)
      found.bindings = std::max(found.bindings, number + 1);
    for (const std::uint32_t variable : texel_variables_)
      if (const auto binding = bindings_.find(variable); binding != bindings_.end() && binding->second < 32)
        found.texels |= 1U << binding->second;
    for (const std::uint32_t pointer : push_pointers_) {
      const Words type = definition(pointer);
      found.push_bytes = std::max(found.push_bytes, (size(type[2], 0) + 3) / 4 * 4);
    }
    found.layer_axis = layer_axes_.size() == 1 ? *layer_axes_.begin() : counts_workgroups_ ? -1 : 0;
    return found;
  }

private:
  void take(std::uint32_t op, Words operands) {
    const auto at = [&](std::size_t i) {
      return i < operands.size() ? operands[i] : (damaged("an operand is missing"), 0);
    };
    switch (op) {
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
      constants_[at(1)] = at(2);
      break;
    case op_variable:
      if (at(2) == storage_class_push_constant)
        push_pointers_.push_back(at(0));
      else if (at(2) == storage_class_uniform_constant)
        texel_variables_.push_back(at(1));
      break;
    case op_decorate:
      if (at(1) == binding)
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
        counts_workgroups_ = counts_workgroups_ || found->second.which == workgroup_count;
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
        built_ins_[at(1)] = {found->second.which, at(3)};
      break;
    case op_multiply:
      take_product(at(2), at(3));
      take_product(at(3), at(2));
      break;
    }
  }

  // layer_axis, from a component of gl_WorkGroupID times gl_NumWorkGroups.x.
  void take_product(std::uint32_t a, std::uint32_t b) {
    const auto id = built_ins_.find(a), count = built_ins_.find(b);
    if (id != built_ins_.end() && count != built_ins_.end() && id->second.which == workgroup_id &&
        count->second.which == workgroup_count && count->second.component == 0 &&
        (id->second.component == 1 || id->second.component == 2))
      layer_axes_.insert(static_cast<int>(id->second.component));
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
  struct BuiltInValue {
    std::uint32_t which, component;
  };
  std::map<std::uint32_t, Type> types_;
  std::map<std::uint32_t, std::uint32_t> constants_, bindings_, strides_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> offsets_; // by struct and member
  std::vector<std::uint32_t> push_pointers_;                                 // the types of push-constant variables
  std::vector<std::uint32_t> texel_variables_;
  std::map<std::uint32_t, BuiltInValue> built_ins_; // by variable, pointer or value
  std::set<int> layer_axes_;
  bool counts_workgroups_ = false;
};

} // namespace

ShaderInterface reflect(std::span<const std::uint32_t> code) { return Module(code).interface(); }

} // namespace convscope::vulkan
