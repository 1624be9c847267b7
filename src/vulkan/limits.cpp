#include "vulkan/limits.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope::vulkan {
namespace {

enum class Rule { at_most, at_least, poses };

struct Field {
  const char *name;
  std::variant<std::uint32_t DeviceInfo::*, std::uint64_t DeviceInfo::*, bool DeviceInfo::*> member;
  Rule rule = Rule::at_most;
};

constexpr const char *types[] = {"discrete", "integrated", "virtual", "cpu", "other"};

constexpr Field fields[] = {
    {"memory_bytes", &DeviceInfo::memory_bytes},
    {"max_storage_range", &DeviceInfo::max_storage_range},
    {"max_allocation", &DeviceInfo::max_allocation},
    {"storage_alignment", &DeviceInfo::storage_alignment, Rule::at_least},
    {"max_texels", &DeviceInfo::max_texels},
    {"texel_alignment", &DeviceInfo::texel_alignment, Rule::at_least},
    {"max_shared_memory", &DeviceInfo::max_shared_memory},
    {"max_push_constants", &DeviceInfo::max_push_constants},
    {"max_invocations", &DeviceInfo::max_invocations},
    {"max_storage_buffers", &DeviceInfo::max_storage_buffers},
    {"subgroup_size", &DeviceInfo::subgroup_size, Rule::poses},
    {"subgroup_shuffle", &DeviceInfo::subgroup_shuffle},
    {"subgroup_arithmetic", &DeviceInfo::subgroup_arithmetic},
    {"timestamps", &DeviceInfo::timestamps},
    {"timestamp_bits", &DeviceInfo::timestamp_bits},
    {"storage_16bit", &DeviceInfo::storage_16bit},
    {"float16", &DeviceInfo::float16},
    {"cooperative_matrix", &DeviceInfo::cooperative_matrix},
    {"shader_float64", &DeviceInfo::shader_float64},
    {"vendor_id", &DeviceInfo::vendor_id, Rule::poses},
    {"device_id", &DeviceInfo::device_id, Rule::poses},
};

void set(DeviceInfo &info, const Field &field, std::uint64_t asked) {
  std::visit(
      [&](auto member) {
        using Number = std::remove_reference_t<decltype(info.*member)>;
        const auto value = static_cast<Number>(std::min<std::uint64_t>(asked, std::numeric_limits<Number>::max()));
        Number &is = info.*member;
        is = field.rule == Rule::poses      ? value
             : field.rule == Rule::at_least ? std::max(is, value)
                                            : std::min(is, value);
      },
      field.member);
}

} // namespace

void narrow(DeviceInfo &info, std::string_view limits) {
  if (limits.empty())
    return;
  for (const std::string &limit : split(limits, ',')) {
    const std::size_t equals = std::min(limit.find('='), limit.size());
    const std::string name = limit.substr(0, equals), text = limit.substr(std::min(equals + 1, limit.size()));
    if (name == "type" && std::find(std::begin(types), std::end(types), text) != std::end(types)) {
      info.type = text;
      continue;
    }
    const auto *const field =
        std::find_if(std::begin(fields), std::end(fields), [&](const Field &one) { return name == one.name; });
    const auto number = parse_integer(text);
    if (field == std::end(fields) || !number || *number < 0) {
      std::vector<std::string> names = {"type"};
      for (const Field &one : fields)
        names.emplace_back(one.name);
      throw UserError(fmt::format("the device limit '{}' is not NAME=NUMBER, or type={}{}", limit,
                                  fmt::join(types, " or "), did_you_mean(name, names)));
    }
    set(info, *field, static_cast<std::uint64_t>(*number));
  }
}

} // namespace convscope::vulkan
