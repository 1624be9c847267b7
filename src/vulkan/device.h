// The instance, the device and its one queue: what it can do, and moving bytes to and from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <vulkan/vulkan.h>

#include "base/error.h"
#include "vulkan/fair_mutex.h"
#include "vulkan/turns.h"

namespace convscope::vulkan {

constexpr VkDeviceSize texel_bytes = 16; // of a vec4

// Cooperative matrices of m x k and k x n halves, whose m x n sums are float32, by a subgroup of so many lanes, which a
// pipeline has to ask for if they are required.
struct MatrixSupport {
  std::uint32_t m = 0, n = 0, k = 0;
  std::uint32_t lanes = 0, max_subgroups = 0; // of a workgroup
  bool lanes_required = false;
};

// What a device is and can do, read from its driver; never assumed.
struct DeviceInfo {
  int index = 0;
  std::string name, driver, driver_info; // "llvmpipe (...)", "llvmpipe", "Mesa 22.3.6 ..."
  std::string type;                      // "discrete", "integrated", "virtual", "cpu", "other"
  std::uint32_t api_version = 0, driver_version = 0, vendor_id = 0, device_id = 0;
  std::uint64_t memory_bytes = 0; // of the largest device-local heap
  std::uint64_t max_storage_range = 0, max_allocation = 0, storage_alignment = 0;
  std::uint64_t max_texels = 0, texel_alignment = 1; // of a buffer bound as texels
  std::uint32_t max_shared_memory = 0, max_push_constants = 0, max_invocations = 0;
  std::uint32_t max_storage_buffers = 0; // bound to one shader
  std::uint32_t max_groups[3] = {0, 0, 0}, max_group_size[3] = {0, 0, 0};
  std::uint32_t subgroup_size = 0;
  std::uint32_t least_subgroup = 0, most_subgroup = 0; // sizes that the driver may choose from; 0: it does not say
  bool subgroup_shuffle = false, subgroup_arithmetic = false;
  bool timestamps = false;
  std::uint32_t timestamp_bits = 0;
  double timestamp_period_ns = 0;
  bool storage_16bit = false, float16 = false;
  bool cooperative_matrix = false; // and this build has the shader for them
  MatrixSupport matrix;
  bool shader_float64 = false;
  bool portability_subset = false; // not wholly Vulkan (MoltenVK)
  bool usable = false;             // has a compute queue and Vulkan 1.1
  bool is_cpu() const { return type == "cpu"; }
  // Whether subgroups are as wide as reported. Where not, kernels may not count on it.
  bool subgroup_fixed() const {
    return most_subgroup == 0 || (least_subgroup == subgroup_size && most_subgroup == subgroup_size);
  }
  // Bytes of the largest tensor. Kernels index by int.
  std::uint64_t max_binding() const;
  // Whether kernels read quads (texels.glsl) as texels, which CPU drivers load in a fourth of the time of a storage
  // buffer's, or from storage buffers: where not every tensor fits into texels, and on GPUs.
  bool reads_texels() const;
};

// Throws DeviceError where there is no Vulkan loader or no driver.
std::vector<DeviceInfo> list_devices();

// Throws DeviceError "<call> failed: VK_ERROR_... (while <doing>)" unless result is a success code.
// Device lost and out-of-memory say so in words.
void check(VkResult result, const char *call, std::string_view doing = {});
#define CONVSCOPE_VK(call) ::convscope::vulkan::check((call), #call)

// Whatever is asked of the device from then on fails.
struct DeviceLost : DeviceError {
  using DeviceError::DeviceError;
};

struct Interrupted {}; // by Device::interrupt()

class Breadcrumbs;

struct DeviceOptions {
  // Index, or part of a name (case folded); "" takes that of env CONVSCOPE_DEVICE, for programs without the option such
  // as tests, or picks discrete, integrated, virtual, cpu, in this order; of several the one of most memory.
  std::string select;
  bool validation = false; // Khronos validation with synchronization validation; also env CONVSCOPE_VALIDATION=1
  std::string limits;      // the device poses as a lesser one (limits.h); also env CONVSCOPE_LIMITS, for all devices
  bool map_buffers = true; // false: bytes go through staging buffers on every device, as on discrete ones
  std::vector<std::string> instance_extensions, device_extensions; // enabled where present, such as a window's
};

// Owns instance, device, queue, command pool and the pipeline cache (loaded from and saved to the user's
// cache folder or env CONVSCOPE_CACHE, keyed by device and driver; a corrupt one is ignored). Outlives every
// object made on it. Its one queue also does graphics where the device can.
class Device {
public:
  // UserError for a selection that no device has, DeviceError where there is no usable device.
  explicit Device(const DeviceOptions &options = {});
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const DeviceInfo &info() const;
  VkPhysicalDevice physical() const;
  VkDevice handle() const;
  VkQueue queue() const;
  VkCommandPool pool() const;
  VkPipelineCache pipeline_cache() const;
  VkInstance instance() const;
  std::uint32_t queue_family() const;
  bool maps_buffers() const;                       // whether host and device share memory that Buffers may use
  bool has_extension(std::string_view name) const; // enabled, of the instance or of the device

  // A debug name for validation messages and RenderDoc; no-op without VK_EXT_debug_utils.
  void name(VkObjectType type, std::uint64_t handle, std::string_view name) const;
  // Validation messages (warnings and errors) since the device was made; tests demand none.
  int validation_messages() const;
  // Submits one recorded command buffer and waits for it. `doing` goes into the error's text.
  void run(VkCommandBuffer commands, std::string_view doing) const;
  // From any thread: whoever is about to begin what may take long (to run commands, to make a program) throws
  // Interrupted from now on. What the driver is at, it finishes.
  void interrupt() const;
  void check_interrupt() const;
  // Held by every submit to, and wait for, the one queue: threads share it.
  FairMutex &queue_mutex() const;
  // Taken by whatever computes (Flight), and by who draws frames beside it.
  Turns &turns() const;
  Breadcrumbs *breadcrumbs() const; // null on a CPU, which is not lost
  // Index of a memory type with these properties, or -1.
  int memory_type(std::uint32_t allowed_bits, VkMemoryPropertyFlags properties) const;
  // Device memory held by Buffers now, and the most that was.
  std::uint64_t memory_used() const;
  std::uint64_t memory_peak() const;
  void account(std::int64_t bytes) const; // called by Buffer
  // What plans may still take of the largest heap of its own: by VK_EXT_memory_budget where that is there, else by the
  // heap's size less what is used, and a part left to others.
  std::uint64_t memory_left() const;
  // What the driver has left of the heap of a memory type; none where it does not tell, and on CPUs.
  std::optional<std::uint64_t> budget_left(int memory_type) const;

  struct State;

private:
  std::unique_ptr<State> state_;
};

// Number of validation messages seen by all devices of this process (also those already gone).
int total_validation_messages();

} // namespace convscope::vulkan
