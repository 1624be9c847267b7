#include "vulkan/instance.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "vulkan/limits.h"
#include "vulkan/matrices.h"

namespace convscope::vulkan {
namespace {

constexpr const char *validation_layer = "VK_LAYER_KHRONOS_validation";
// Names that old headers keep behind a macro or do not have.
constexpr const char *portability_enumeration = "VK_KHR_portability_enumeration";
constexpr VkInstanceCreateFlags enumerate_portability = 1;

std::atomic<int> all_messages = 0;

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT *data, void *counter) {
  ++all_messages;
  ++*static_cast<std::atomic<int> *>(counter);
  const bool error = (severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT) != 0;
  fmt::print(stderr, "Vulkan validation {}: {}\n", error ? "error" : "warning",
             data->pMessage ? data->pMessage : "(no text)");
  return VK_FALSE;
}

[[noreturn]] void no_driver(const char *what) {
  throw DeviceError(fmt::format("no Vulkan device: {}; install the Vulkan driver of your graphics card, "
                                "or one that runs on the CPU (Mesa's llvmpipe)",
                                what));
}

// Loaders answer with "out of memory" to a driver's manifest that they cannot read.
void check_start(VkResult result, const char *call) {
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    no_driver("no Vulkan driver is installed");
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY)
    no_driver("the Vulkan loader failed, perhaps because the manifest of a driver is damaged");
  check(result, call, "starting Vulkan");
}

std::set<std::string, std::less<>> instance_extensions(const char *layer) {
  std::uint32_t count = 0;
  std::vector<VkExtensionProperties> properties;
  VkResult result;
  do {
    check_start(vkEnumerateInstanceExtensionProperties(layer, &count, nullptr),
                "vkEnumerateInstanceExtensionProperties");
    properties.resize(count);
    result = vkEnumerateInstanceExtensionProperties(layer, &count, properties.data());
    check_start(result, "vkEnumerateInstanceExtensionProperties");
  } while (result == VK_INCOMPLETE);
  std::set<std::string, std::less<>> names;
  for (std::uint32_t i = 0; i < count; ++i)
    names.insert(properties[i].extensionName);
  return names;
}

bool layer_present(std::string_view name) {
  std::uint32_t count = 0;
  CONVSCOPE_VK(vkEnumerateInstanceLayerProperties(&count, nullptr));
  std::vector<VkLayerProperties> layers(count);
  CONVSCOPE_VK(vkEnumerateInstanceLayerProperties(&count, layers.data()));
  layers.resize(count);
  return std::any_of(layers.begin(), layers.end(), [&](const auto &layer) { return layer.layerName == name; });
}

std::set<std::string, std::less<>> device_extensions(VkPhysicalDevice device) {
  std::uint32_t count = 0;
  CONVSCOPE_VK(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr));
  std::vector<VkExtensionProperties> properties(count);
  CONVSCOPE_VK(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, properties.data()));
  std::set<std::string, std::less<>> names;
  for (std::uint32_t i = 0; i < count; ++i)
    names.insert(properties[i].extensionName);
  return names;
}

const char *type_name(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return "discrete";
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return "integrated";
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return "virtual";
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return "cpu";
  default:
    return "other";
  }
}

// The compute family to use: one that can also draw, since the viewer presents from the same queue.
// Returns whether there is any.
bool choose_queue(VkPhysicalDevice device, Candidate &candidate) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  bool found = false;
  for (const VkQueueFlags wanted :
       {VkQueueFlags{VK_QUEUE_COMPUTE_BIT | VK_QUEUE_GRAPHICS_BIT}, VkQueueFlags{VK_QUEUE_COMPUTE_BIT}})
    for (std::uint32_t i = 0; i < count && !found; ++i)
      if (families[i].queueCount > 0 && (families[i].queueFlags & wanted) == wanted) {
        candidate.queue_family = i;
        candidate.info.timestamp_bits = families[i].timestampValidBits;
        found = true;
      }
  return found;
}

// What only Vulkan 1.1's extended queries tell.
void query_extended(VkPhysicalDevice device, const Candidate &candidate, DeviceInfo &info) {
  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  VkPhysicalDeviceMaintenance3Properties limits{};
  limits.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
  VkPhysicalDeviceSubgroupProperties subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
  subgroup.pNext = &limits;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &subgroup;
  VkPhysicalDeviceSubgroupSizeControlPropertiesEXT sizes{};
  sizes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT;
  if (candidate.extensions.contains(VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
    limits.pNext = &driver;
  if (candidate.extensions.contains(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
    sizes.pNext = limits.pNext;
    limits.pNext = &sizes;
  }
  vkGetPhysicalDeviceProperties2(device, &properties);
  info.driver = driver.driverName;
  info.driver_info = driver.driverInfo;
  info.max_allocation = limits.maxMemoryAllocationSize;
  info.subgroup_size = subgroup.subgroupSize;
  info.least_subgroup = sizes.minSubgroupSize;
  info.most_subgroup = sizes.maxSubgroupSize;
  if (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) {
    info.subgroup_shuffle = (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0;
    info.subgroup_arithmetic = (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) != 0;
  }

  VkPhysicalDeviceShaderFloat16Int8Features float16{};
  float16.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES;
  VkPhysicalDevice16BitStorageFeatures storage{};
  storage.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &storage;
  if (candidate.extensions.contains(VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME))
    storage.pNext = &float16;
  vkGetPhysicalDeviceFeatures2(device, &features);
  info.storage_16bit = storage.storageBuffer16BitAccess == VK_TRUE;
  info.float16 = float16.shaderFloat16 == VK_TRUE;
  info.shader_float64 = features.features.shaderFloat64 == VK_TRUE;
}

Candidate describe(VkInstance instance, VkPhysicalDevice device, int index) {
  Candidate candidate;
  candidate.handle = device;
  candidate.extensions = device_extensions(device);
  DeviceInfo &info = candidate.info;
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(device, &properties);
  const VkPhysicalDeviceLimits &limits = properties.limits;
  info.index = index;
  info.name = properties.deviceName;
  info.type = type_name(properties.deviceType);
  info.api_version = properties.apiVersion;
  info.driver_version = properties.driverVersion;
  info.vendor_id = properties.vendorID;
  info.device_id = properties.deviceID;
  info.portability_subset = candidate.extensions.contains(portability_subset_name);
  info.max_storage_range = limits.maxStorageBufferRange;
  info.storage_alignment = limits.minStorageBufferOffsetAlignment;
  info.max_texels = limits.maxTexelBufferElements;
  info.texel_alignment = limits.minTexelBufferOffsetAlignment;
  info.max_storage_buffers = std::min(
      {limits.maxPerStageDescriptorStorageBuffers, limits.maxDescriptorSetStorageBuffers, limits.maxPerStageResources});
  info.max_shared_memory = limits.maxComputeSharedMemorySize;
  info.max_push_constants = limits.maxPushConstantsSize;
  info.max_invocations = limits.maxComputeWorkGroupInvocations;
  std::copy_n(limits.maxComputeWorkGroupCount, 3, info.max_groups);
  std::copy_n(limits.maxComputeWorkGroupSize, 3, info.max_group_size);
  info.timestamp_period_ns = limits.timestampPeriod;

  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(device, &memory);
  for (std::uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      info.memory_bytes = std::max<std::uint64_t>(info.memory_bytes, memory.memoryHeaps[i].size);

  const bool has_queue = choose_queue(device, candidate);
  info.timestamps = info.timestamp_bits > 0 && info.timestamp_period_ns > 0;
  info.usable = has_queue && properties.apiVersion >= VK_API_VERSION_1_1;
  if (properties.apiVersion >= VK_API_VERSION_1_1)
    query_extended(device, candidate, info);
  if (info.usable)
    query_matrices(instance, candidate);
  if (const char *lesser = std::getenv("CONVSCOPE_LIMITS"))
    narrow(info, lesser);
  return candidate;
}

} // namespace

bool validation_from_environment() {
  const char *value = std::getenv("CONVSCOPE_VALIDATION");
  return value && *value && std::string_view(value) != "0";
}

Instance::Instance(bool validation, const std::vector<std::string> &optional) {
  std::uint32_t version = 0;
  if (vkEnumerateInstanceVersion(&version) != VK_SUCCESS || version < VK_API_VERSION_1_1)
    no_driver("the Vulkan loader is older than 1.1");
  auto available = instance_extensions(nullptr);
  std::vector<const char *> layers;
  if (validation) {
    if (!layer_present(validation_layer))
      throw DeviceError(fmt::format("validation is asked for, but the layer {} is not installed", validation_layer));
    layers.push_back(validation_layer);
    available.merge(instance_extensions(validation_layer));
  }
  std::vector<std::string> wanted = optional;
  wanted.insert(wanted.end(), {VK_EXT_DEBUG_UTILS_EXTENSION_NAME, portability_enumeration});
  if (validation)
    wanted.emplace_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
  for (const auto &name : wanted)
    if (available.contains(name))
      extensions_.insert(name);
  std::vector<const char *> names;
  for (const auto &name : extensions_)
    names.push_back(name.c_str());

  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pApplicationName = application.pEngineName = "convscope";
  application.apiVersion = VK_API_VERSION_1_1;
  VkInstanceCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  create.pApplicationInfo = &application;
  create.flags = extensions_.contains(portability_enumeration) ? enumerate_portability : 0;
  create.enabledLayerCount = static_cast<std::uint32_t>(layers.size());
  create.ppEnabledLayerNames = layers.data();
  create.enabledExtensionCount = static_cast<std::uint32_t>(names.size());
  create.ppEnabledExtensionNames = names.data();

  // Messages of type "general" are the loader's talk about other drivers: not ours.
  VkDebugUtilsMessengerCreateInfoEXT messenger{};
  messenger.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  messenger.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  messenger.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
  messenger.pfnUserCallback = on_message;
  messenger.pUserData = &messages_;
  const VkValidationFeatureEnableEXT enabled[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkValidationFeaturesEXT features{};
  features.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT;
  features.enabledValidationFeatureCount = 1;
  features.pEnabledValidationFeatures = enabled;
  if (validation && extensions_.contains(VK_EXT_DEBUG_UTILS_EXTENSION_NAME)) {
    create.pNext = &messenger;
    if (extensions_.contains(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME))
      messenger.pNext = &features;
  }

  check_start(vkCreateInstance(&create, nullptr, &instance_), "vkCreateInstance");
  if (!create.pNext)
    return;
  messenger.pNext = nullptr;
  const auto make = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
      vkGetInstanceProcAddr(instance_, "vkCreateDebugUtilsMessengerEXT"));
  if (make && make(instance_, &messenger, nullptr, &messenger_) != VK_SUCCESS)
    messenger_ = VK_NULL_HANDLE;
}

Instance::~Instance() {
  if (messenger_) {
    const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(instance_, "vkDestroyDebugUtilsMessengerEXT"));
    destroy(instance_, messenger_, nullptr);
  }
  if (instance_)
    vkDestroyInstance(instance_, nullptr);
}

std::vector<Candidate> Instance::candidates() const {
  std::vector<VkPhysicalDevice> devices;
  std::uint32_t count = 0;
  VkResult result = vkEnumeratePhysicalDevices(instance_, &count, nullptr);
  if (result >= 0 && count > 0) {
    devices.resize(count);
    result = vkEnumeratePhysicalDevices(instance_, &count, devices.data());
    devices.resize(count);
  }
  // Drivers without a device of theirs answer with this instead of with none.
  if (result == VK_ERROR_INITIALIZATION_FAILED || (result >= 0 && devices.empty()))
    no_driver("the installed Vulkan drivers found no device");
  check(result, "vkEnumeratePhysicalDevices", "listing the devices");
  std::vector<Candidate> found;
  for (VkPhysicalDevice device : devices)
    found.push_back(describe(instance_, device, static_cast<int>(found.size())));
  return found;
}

std::vector<DeviceInfo> list_devices() {
  const Instance instance(validation_from_environment(), {});
  std::vector<DeviceInfo> devices;
  for (auto &candidate : instance.candidates())
    devices.push_back(std::move(candidate.info));
  return devices;
}

int total_validation_messages() { return all_messages; }

} // namespace convscope::vulkan
