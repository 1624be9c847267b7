// A compute pipeline that knows its layout: made from embedded SPIR-V and specialization constants.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/task_queue.h"
#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::vulkan {

constexpr VkDescriptorType descriptor_type(bool texels) {
  return texels ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

// Bindings are set 0, binding 0..n-1, storage buffers or buffers of vec4 texels (samplerBuffer); they and the size of
// the push constants are read from the SPIR-V, so that a dispatch can be checked against them. Of a shader that has
// both, the device chooses the variant (DeviceInfo::reads_texels).
class Program {
public:
  // `shader` names shaders/<shader>.comp, whose SPIR-V `code` is; constants are specialization constants 0, 1, 2, ...
  // Throws std::logic_error for no code, DeviceError where the driver fails or the shader needs more than the device
  // has. `compiler` makes the pipeline; it must end before the program and the code do.
  Program(const Device &device, TaskQueue &compiler, std::string_view shader, std::span<const std::uint32_t> code,
          const std::vector<std::uint32_t> &constants);

  // Waits until it is made. Throws DeviceError where the driver could not.
  VkPipeline pipeline() const { return pipeline_.get().get(); }
  VkPipelineLayout layout() const { return layout_.get(); }
  VkDescriptorSetLayout set_layout() const { return set_layout_.get(); }
  std::uint32_t bindings() const { return bindings_; }
  bool is_texels(std::uint32_t binding) const { return (texels_ >> binding & 1U) != 0; }
  // Read by vec4s, the last of which need not be whole.
  bool is_quads(std::uint32_t binding) const { return (quads_ >> binding & 1U) != 0; }
  std::uint32_t push_bytes() const { return push_bytes_; }
  int layer_axis() const { return layer_axis_; }    // ShaderInterface::layer_axis
  bool doubles() const { return doubles_; }         // whether it computes in float64
  const std::string &name() const { return name_; } // the shader's, and its constants
  std::string_view kind() const { return std::string_view(name_).substr(0, name_.find('[')); } // the shader's alone
  bool is_made(std::chrono::milliseconds patience = {}) const {                                // or could not be
    return pipeline_.wait_for(patience) == std::future_status::ready;
  }
  // Whether nobody has asked this before: drivers may compile a program only when it first runs.
  bool is_new() const { return !std::exchange(known_, true); }

private:
  std::string name_;
  std::uint32_t bindings_ = 0, texels_ = 0, quads_ = 0, push_bytes_ = 0;
  int layer_axis_ = 0;
  bool doubles_ = false;
  mutable bool known_ = false;
  Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout> set_layout_;
  Handle<VkPipelineLayout, vkDestroyPipelineLayout> layout_;
  std::shared_future<Handle<VkPipeline, vkDestroyPipeline>> pipeline_;
};

// Programs by shader and constants, each made once, by all of the host's cores while the caller plans on. References
// stay valid while the cache lives.
class Programs {
public:
  explicit Programs(const Device &device) : device_(device) {}
  Programs(const Programs &) = delete;
  Programs &operator=(const Programs &) = delete;
  const Program &get(std::string_view shader, const std::vector<std::uint32_t> &constants = {});
  // Waits for these. Throws Interrupted; what a driver could not make, Program::pipeline() throws.
  void finish(std::vector<const Program *> programs) const;
  void finish() const; // for all that were asked for
  // Whom finish() tells how many it still has to wait for and how many of these are made: after a second, then again
  // and again, and when none is left.
  using Watcher = std::function<void(std::size_t made, std::size_t all)>;
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }
  const Device &device() const { return device_; }
  // Programs of that shader made from now on run this code, of the same interface: for tests of what finds a wrong one.
  void replace(const std::string &shader, std::vector<std::uint32_t> code) { replaced_[shader] = std::move(code); }

private:
  const Device &device_;
  Watcher watcher_;
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> replaced_; // before the compiler, which reads it
  std::map<std::pair<std::string, std::vector<std::uint32_t>>, Program> programs_;
  TaskQueue compiler_; // last: it uses the programs' layouts
};

} // namespace convscope::vulkan
