#include "vulkan/device.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "vulkan/breadcrumbs.h"
#include "vulkan/flight.h"
#include "vulkan/handle.h"
#include "vulkan/instance.h"
#include "vulkan/limits.h"
#include "vulkan/matrices.h"
#include "vulkan/memory_room.h"
#include "vulkan/pipeline_cache.h"
#include "vulkan/quirks.h"

namespace convscope::vulkan {

std::uint64_t DeviceInfo::max_binding() const {
  const std::uint64_t bytes = std::min<std::uint64_t>(max_storage_range, std::numeric_limits<std::int32_t>::max());
  return (max_allocation ? std::min(bytes, max_allocation) : bytes) / texel_bytes * texel_bytes;
}

bool DeviceInfo::reads_texels() const { return is_cpu() && max_texels >= max_binding() / texel_bytes; }

struct Device::State {
  std::optional<Instance> instance;
  Candidate candidate;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  VkCommandPool pool = VK_NULL_HANDLE;
  VkPipelineCache cache = VK_NULL_HANDLE;
  std::filesystem::path cache_file;
  std::size_t cache_bytes = 0; // when loaded
  std::set<std::string, std::less<>> extensions;
  PFN_vkSetDebugUtilsObjectNameEXT set_name = nullptr;
  bool maps_buffers = false;
  FairMutex queue_mutex;
  Turns turns;
  std::atomic<std::uint64_t> memory_used = 0, memory_peak = 0;
  std::atomic<bool> interrupted = false;
  std::optional<Breadcrumbs> crumbs;

  std::optional<HeapBudget> budget_of(std::uint32_t heap) const;

  State() = default;
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() {
    if (!device)
      return;
    vkDeviceWaitIdle(device);
    save_cache();
    crumbs.reset();
    vkDestroyPipelineCache(device, cache, nullptr);
    vkDestroyCommandPool(device, pool, nullptr);
    vkDestroyDevice(device, nullptr);
  }

  void save_cache() const {
    std::size_t size = 0;
    if (!cache || vkGetPipelineCacheData(device, cache, &size, nullptr) != VK_SUCCESS)
      return;
    constexpr std::size_t header = sizeof(VkPipelineCacheHeaderVersionOne);
    if (cache_bytes != 0 && size <= cache_bytes + header) // SwiftShader puts one before what it was given
      return;
    std::vector<std::uint8_t> data(size);
    if (vkGetPipelineCacheData(device, cache, &size, data.data()) != VK_SUCCESS)
      return;
    data.resize(size);
    if (is_pipeline_cache_of(properties, data))
      save_pipeline_cache(cache_file, data);
  }
};

namespace {

std::string folded(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string listing(const std::vector<Candidate> &candidates) {
  std::string text;
  for (const auto &candidate : candidates)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", candidate.info.index, candidate.info.name);
  return text;
}

const Candidate &automatic(const std::vector<Candidate> &candidates) {
  const Candidate *best = nullptr;
  for (const char *type : {"discrete", "integrated", "virtual", "cpu", "other"})
    for (const auto &candidate : candidates)
      if (candidate.info.usable && candidate.info.type == type &&
          (!best || (best->info.type == type && candidate.info.memory_bytes > best->info.memory_bytes)))
        best = &candidate;
  if (!best)
    throw DeviceError(fmt::format("no usable Vulkan device: none of these has Vulkan 1.1 and a compute queue: {}",
                                  listing(candidates)));
  return *best;
}

// An index, or else part of a name, so that "4090" finds a card where there is no device 4090.
const Candidate &choose(const std::vector<Candidate> &candidates, std::string select) {
  const char *const wished = std::getenv("CONVSCOPE_DEVICE");
  if (select.empty() && wished)
    select = wished;
  if (select.empty())
    return automatic(candidates);
  const Candidate *chosen = nullptr;
  if (const auto index = parse_integer(select); index && *index >= 0 && *index < std::ssize(candidates))
    chosen = &candidates[static_cast<std::size_t>(*index)];
  for (const bool usable : {true, false})
    for (const auto &candidate : candidates)
      if (!chosen && candidate.info.usable == usable &&
          folded(candidate.info.name).find(folded(select)) != std::string::npos)
        chosen = &candidate;
  if (!chosen)
    throw UserError(fmt::format("no Vulkan device '{}': the devices are {}", select, listing(candidates)));
  if (!chosen->info.usable)
    throw UserError(fmt::format("the Vulkan device '{}' lacks Vulkan 1.1 or a compute queue: the devices are {}",
                                chosen->info.name, listing(candidates)));
  return *chosen;
}

VkDevice create_device(const Candidate &candidate, const std::set<std::string, std::less<>> &extensions) {
  std::vector<const char *> names;
  for (const auto &name : extensions)
    names.push_back(name.c_str());
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = candidate.queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkPhysicalDeviceShaderFloat16Int8Features float16{};
  float16.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES;
  float16.shaderFloat16 = VK_TRUE;
  VkPhysicalDevice16BitStorageFeatures storage{};
  storage.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
  storage.storageBuffer16BitAccess = candidate.info.storage_16bit;
  storage.pNext = candidate.info.float16 ? &float16 : nullptr;
  VkPhysicalDeviceFeatures features{};
  features.shaderFloat64 = candidate.info.shader_float64;
  VkDeviceCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  const MatrixFeatures matrices(candidate.info, &storage);
  create.pNext = matrices.chain();
  create.pEnabledFeatures = &features;
  create.queueCreateInfoCount = 1;
  create.pQueueCreateInfos = &queue;
  create.enabledExtensionCount = static_cast<std::uint32_t>(names.size());
  create.ppEnabledExtensionNames = names.data();
  VkDevice device = VK_NULL_HANDLE;
  check(vkCreateDevice(candidate.handle, &create, nullptr, &device), "vkCreateDevice",
        "opening " + candidate.info.name);
  return device;
}

VkPipelineCache create_cache(VkDevice device, const std::vector<std::uint8_t> &data) {
  VkPipelineCacheCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  create.initialDataSize = data.size();
  create.pInitialData = data.data();
  VkPipelineCache cache = VK_NULL_HANDLE;
  check(vkCreatePipelineCache(device, &create, nullptr, &cache), "vkCreatePipelineCache");
  return cache;
}

} // namespace

Device::Device(const DeviceOptions &options) : state_(std::make_unique<State>()) {
  State &s = *state_;
  s.instance.emplace(options.validation || validation_from_environment(), options.instance_extensions);
  s.candidate = choose(s.instance->candidates(), options.select);
  narrow(s.candidate.info, options.limits);
  vkGetPhysicalDeviceProperties(physical(), &s.properties);
  vkGetPhysicalDeviceMemoryProperties(physical(), &s.memory);

  s.maps_buffers = options.map_buffers && (info().is_cpu() || info().type == "integrated");

  std::vector<std::string> wanted = options.device_extensions;
  wanted.emplace_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (has_quirk(info(), Quirk::portability_subset))
    wanted.emplace_back(portability_subset_name);
  if (info().float16)
    wanted.emplace_back(VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME);
  for (const std::string &name : matrix_extensions(info()))
    wanted.push_back(name);
  for (const auto &name : wanted)
    if (s.candidate.extensions.contains(name))
      s.extensions.insert(name);
  s.device = create_device(s.candidate, s.extensions);
  vkGetDeviceQueue(s.device, s.candidate.queue_family, 0, &s.queue);
  if (s.instance->extensions().contains(VK_EXT_DEBUG_UTILS_EXTENSION_NAME))
    s.set_name = reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(
        vkGetInstanceProcAddr(instance(), "vkSetDebugUtilsObjectNameEXT"));

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.queueFamilyIndex = s.candidate.queue_family;
  CONVSCOPE_VK(vkCreateCommandPool(s.device, &pool, nullptr, &s.pool));
  s.cache_file = pipeline_cache_file(s.properties);
  const auto cached = load_pipeline_cache(s.cache_file, s.properties);
  s.cache = create_cache(s.device, cached);
  s.cache_bytes = cached.size();
  name(VK_OBJECT_TYPE_QUEUE, handle_value(s.queue), "convscope queue");
  name(VK_OBJECT_TYPE_COMMAND_POOL, handle_value(s.pool), "convscope command pool");
  name(VK_OBJECT_TYPE_PIPELINE_CACHE, handle_value(s.cache), "convscope pipeline cache");
  if (!info().is_cpu())
    s.crumbs.emplace(*this);
}

Device::~Device() = default;

FairMutex &Device::queue_mutex() const { return state_->queue_mutex; }

Turns &Device::turns() const { return state_->turns; }

Breadcrumbs *Device::breadcrumbs() const { return state_->crumbs ? &*state_->crumbs : nullptr; }

const DeviceInfo &Device::info() const { return state_->candidate.info; }
VkPhysicalDevice Device::physical() const { return state_->candidate.handle; }
VkDevice Device::handle() const { return state_->device; }
VkQueue Device::queue() const { return state_->queue; }
VkCommandPool Device::pool() const { return state_->pool; }
VkPipelineCache Device::pipeline_cache() const { return state_->cache; }
VkInstance Device::instance() const { return state_->instance->handle(); }
std::uint32_t Device::queue_family() const { return state_->candidate.queue_family; }
int Device::validation_messages() const { return state_->instance->validation_messages(); }
std::uint64_t Device::memory_used() const { return state_->memory_used; }
std::uint64_t Device::memory_peak() const { return state_->memory_peak; }
bool Device::maps_buffers() const { return state_->maps_buffers; }

bool Device::has_extension(std::string_view name) const {
  return state_->extensions.contains(name) || state_->instance->extensions().contains(name);
}

void Device::name(VkObjectType type, std::uint64_t handle, std::string_view name) const {
  if (!state_->set_name)
    return;
  const std::string text(name);
  VkDebugUtilsObjectNameInfoEXT object{};
  object.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT;
  object.objectType = type;
  object.objectHandle = handle;
  object.pObjectName = text.c_str();
  check(state_->set_name(state_->device, &object), "vkSetDebugUtilsObjectNameEXT");
}

void Device::interrupt() const { state_->interrupted = true; }

void Device::check_interrupt() const {
  if (state_->interrupted)
    throw Interrupted{};
}

void Device::run(VkCommandBuffer commands, std::string_view doing) const {
  Flight flight(*this);
  flight.submit(commands, std::string(doing));
  flight.land();
}

int Device::memory_type(std::uint32_t allowed_bits, VkMemoryPropertyFlags properties) const {
  for (std::uint32_t i = 0; i < state_->memory.memoryTypeCount; ++i)
    if ((allowed_bits >> i & 1) && (state_->memory.memoryTypes[i].propertyFlags & properties) == properties)
      return static_cast<int>(i);
  return -1;
}

std::optional<HeapBudget> Device::State::budget_of(std::uint32_t heap) const {
  if (!extensions.contains(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME) || candidate.info.is_cpu())
    return std::nullopt;
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
  budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
  VkPhysicalDeviceMemoryProperties2 heaps{};
  heaps.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
  heaps.pNext = &budget;
  vkGetPhysicalDeviceMemoryProperties2(candidate.handle, &heaps);
  if (budget.heapBudget[heap] == 0) // the specification forbids it
    return std::nullopt;
  return HeapBudget{budget.heapBudget[heap], budget.heapUsage[heap]};
}

std::uint64_t Device::memory_left() const {
  const VkPhysicalDeviceMemoryProperties &memory = state_->memory;
  std::uint32_t heap = 0;
  for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    const auto rank = [&](std::uint32_t which) {
      const VkMemoryHeap &it = memory.memoryHeaps[which];
      return std::pair((it.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0, it.size);
    };
    if (rank(i) > rank(heap))
      heap = i;
  }
  return room_in(info().memory_bytes, memory_used(), state_->budget_of(heap), info().is_cpu());
}

std::optional<std::uint64_t> Device::budget_left(int memory_type) const {
  const std::uint32_t heap = state_->memory.memoryTypes[memory_type].heapIndex;
  if (const std::optional<HeapBudget> budget = state_->budget_of(heap))
    return budget->budget - std::min(budget->budget, budget->usage);
  return std::nullopt;
}

void Device::account(std::int64_t bytes) const {
  const std::uint64_t now = state_->memory_used += static_cast<std::uint64_t>(bytes);
  std::uint64_t peak = state_->memory_peak;
  while (now > peak && !state_->memory_peak.compare_exchange_weak(peak, now)) {
  }
}

} // namespace convscope::vulkan
