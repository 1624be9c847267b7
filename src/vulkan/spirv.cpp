#include "vulkan/spirv.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

namespace convscope::vulkan {
namespace {

// Numbers of the SPIR-V specification.
constexpr std::uint32_t magic = 0x07230203, header_words = 5;
enum Op : std::uint32_t {
  op_capability = 17,
  op_type_int = 21,
  op_type_float = 22,
  op_type_vector = 23,
  op_type_array = 28,
  op_type_struct = 30,
  op_type_pointer = 32,
  op_constant = 43,
  op_spec_constant = 50,
  op_variable = 59,
  op_decorate = 71,
  op_member_decorate = 72,
};
enum Decoration : std::uint32_t { array_stride = 6, binding = 33, descriptor_set = 34, member_offset = 35 };
constexpr std::uint32_t capability_cooperative_matrix = 6022;
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
    found.matrices = matrices_;
    for (const auto &[id, number] : bindings_)
      found.bindings = std::max(found.bindings, number + 1);
    for (const std::uint32_t variable : texel_variables_)
      if (const auto binding = bindings_.find(variable); binding != bindings_.end() && binding->second < 32)
        found.texels |= 1U << binding->second;
    for (const std::uint32_t pointer : push_pointers_) {
      const Words type = definition(pointer);
      found.push_bytes = std::max(found.push_bytes, (size(type[2], 0) + 3) / 4 * 4);
    }
    return found;
  }

private:
  void take(std::uint32_t op, Words operands) {
    const auto at = [&](std::size_t i) {
      return i < operands.size() ? operands[i] : (damaged("an operand is missing"), 0);
    };
    switch (op) {
    case op_capability:
      matrices_ = matrices_ || at(0) == capability_cooperative_matrix;
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
      else if (at(1) == descriptor_set && at(2) != 0)
        damaged("a descriptor set other than 0");
      break;
    case op_member_decorate:
      if (at(2) == member_offset)
        offsets_[{at(0), at(1)}] = at(3);
      break;
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
  std::vector<std::uint32_t> texel_variables_;
  bool matrices_ = false;
};

} // namespace

ShaderInterface reflect(std::span<const std::uint32_t> code) { return Module(code).interface(); }

} // namespace convscope::vulkan
