#include "vulkan/program.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "shaders.h"
#include "vulkan/spirv.h"

namespace convscope::vulkan {
namespace {

Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout>
make_set_layout(const Device &device, std::uint32_t bindings, std::uint32_t texels) {
  std::vector<VkDescriptorSetLayoutBinding> slots(bindings);
  for (std::uint32_t i = 0; i < bindings; ++i)
    slots[i] = {i, descriptor_type((texels >> i & 1U) != 0), 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  VkDescriptorSetLayoutCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  create.bindingCount = bindings;
  create.pBindings = slots.data();
  VkDescriptorSetLayout layout = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateDescriptorSetLayout(device.handle(), &create, nullptr, &layout));
  return {device.handle(), layout};
}

Handle<VkPipelineLayout, vkDestroyPipelineLayout> make_layout(const Device &device, VkDescriptorSetLayout set,
                                                              std::uint32_t push_bytes) {
  const VkPushConstantRange push{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes};
  VkPipelineLayoutCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  create.setLayoutCount = 1;
  create.pSetLayouts = &set;
  create.pushConstantRangeCount = push_bytes > 0 ? 1 : 0;
  create.pPushConstantRanges = &push;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreatePipelineLayout(device.handle(), &create, nullptr, &layout));
  return {device.handle(), layout};
}

Handle<VkPipeline, vkDestroyPipeline> make_pipeline(const Device &device, VkPipelineLayout layout,
                                                    std::span<const std::uint32_t> code,
                                                    const std::vector<std::uint32_t> &constants, bool matrices,
                                                    const std::string &name) {
  const std::string doing = "compiling the shader " + name;
  VkShaderModuleCreateInfo source{};
  source.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  source.codeSize = code.size_bytes();
  source.pCode = code.data();
  VkShaderModule raw = VK_NULL_HANDLE;
  check(vkCreateShaderModule(device.handle(), &source, nullptr, &raw), "vkCreateShaderModule", doing);
  const Handle<VkShaderModule, vkDestroyShaderModule> module(device.handle(), raw);
  device.name(VK_OBJECT_TYPE_SHADER_MODULE, handle_value(raw), name);

  std::vector<VkSpecializationMapEntry> entries;
  for (std::uint32_t i = 0; i < constants.size(); ++i)
    entries.push_back({i, i * 4, 4});
  VkSpecializationInfo special{};
  special.mapEntryCount = static_cast<std::uint32_t>(entries.size());
  special.pMapEntries = entries.data();
  special.dataSize = constants.size() * 4;
  special.pData = constants.data();
  VkComputePipelineCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  create.flags = VK_PIPELINE_CREATE_DISPATCH_BASE; // Recording::dispatch may run a part of the groups
  create.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  create.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  create.stage.module = raw;
  create.stage.pName = "main";
  create.stage.pSpecializationInfo = constants.empty() ? nullptr : &special;
  create.layout = layout;
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo lanes{};
  lanes.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
  lanes.requiredSubgroupSize = device.info().matrix.lanes;
  if (matrices && device.info().matrix.lanes_required) {
    create.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    create.stage.pNext = &lanes;
  }
  VkPipeline pipeline = VK_NULL_HANDLE;
  check(vkCreateComputePipelines(device.handle(), device.pipeline_cache(), 1, &create, nullptr, &pipeline),
        "vkCreateComputePipelines", doing);
  device.name(VK_OBJECT_TYPE_PIPELINE, handle_value(pipeline), name);
  return {device.handle(), pipeline};
}

void check_limits(const ShaderInterface &needs, const DeviceInfo &device, const std::string &shader) {
  struct Limit {
    const char *what;
    std::uint64_t needed, allowed;
  };
  for (const Limit &limit :
       {Limit{"bytes of push constants", needs.push_bytes, device.max_push_constants},
        Limit{"storage buffers", needs.bindings - static_cast<std::uint32_t>(std::popcount(needs.texels)),
              device.max_storage_buffers},
        Limit{"invocations a workgroup", needs.invocations, device.max_invocations},
        Limit{"bytes of shared memory", needs.shared_bytes, device.max_shared_memory}})
    if (limit.needed > limit.allowed)
      throw DeviceError(fmt::format("the shader {} needs {} {}, and {} allows {}", shader, limit.needed, limit.what,
                                    device.name, limit.allowed));
}

} // namespace

Program::Program(const Device &device, TaskQueue &compiler, std::string_view shader_name,
                 std::span<const std::uint32_t> code, const std::vector<std::uint32_t> &constants)
    : name_(constants.empty() ? std::string(shader_name)
                              : fmt::format("{}[{}]", shader_name, fmt::join(constants, ","))) {
  if (code.empty())
    throw std::logic_error(fmt::format("no shader is named '{}'", shader_name));
  quads_ = reflect(code, constants).texels;
  if (const auto storage = shader(fmt::format("{}_storage", shader_name));
      !storage.empty() && !device.info().reads_texels() && code.data() == shader(shader_name).data())
    code = storage;
  const ShaderInterface interface = reflect(code, constants);
  bindings_ = interface.bindings;
  texels_ = interface.texels;
  push_bytes_ = interface.push_bytes;
  layer_axis_ = interface.layer_axis;
  doubles_ = interface.doubles;
  if (layer_axis_ < 0)
    throw std::logic_error(fmt::format("{} counts workgroups in a way that parts of them can't be run by", name_));
  check_limits(interface, device.info(), name_);
  set_layout_ = make_set_layout(device, bindings_, texels_);
  layout_ = make_layout(device, set_layout(), push_bytes_);
  pipeline_ = compiler.run([&device, layout = layout(), code, constants, matrices = interface.matrices, name = name_] {
    return make_pipeline(device, layout, code, constants, matrices, name);
  });
  device.name(VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT, handle_value(set_layout()), name_);
  device.name(VK_OBJECT_TYPE_PIPELINE_LAYOUT, handle_value(layout()), name_);
}

const Program &Programs::get(std::string_view shader_name, const std::vector<std::uint32_t> &constants) {
  std::pair key(std::string(shader_name), constants);
  auto found = programs_.find(key);
  if (found == programs_.end()) {
    device_.check_interrupt();
    const auto other = replaced_.find(shader_name);
    const std::span<const std::uint32_t> code = other == replaced_.end() ? shader(shader_name) : other->second;
    found = programs_.emplace(std::move(key), Program(device_, compiler_, shader_name, code, constants)).first;
  }
  return found->second;
}

void Programs::finish() const {
  std::vector<const Program *> all;
  for (const auto &[key, program] : programs_)
    all.push_back(&program);
  finish(std::move(all));
}

void Programs::finish(std::vector<const Program *> programs) const {
  constexpr std::chrono::milliseconds glance{200}, long_wait{1000};
  std::sort(programs.begin(), programs.end());
  programs.erase(std::unique(programs.begin(), programs.end()), programs.end());
  programs.erase(std::remove_if(programs.begin(), programs.end(), [](const Program *each) { return each->is_made(); }),
                 programs.end());
  const auto began = std::chrono::steady_clock::now();
  bool told = false;
  for (std::size_t i = 0; i < programs.size();) {
    device_.check_interrupt();
    if (programs[i]->is_made(glance)) {
      ++i;
      continue;
    }
    if (!watcher_ || std::chrono::steady_clock::now() - began < long_wait)
      continue;
    const auto made =
        std::count_if(programs.begin(), programs.end(), [](const Program *each) { return each->is_made(); });
    watcher_(static_cast<std::size_t>(made), programs.size());
    told = true;
  }
  if (told)
    watcher_(programs.size(), programs.size());
}

} // namespace convscope::vulkan
