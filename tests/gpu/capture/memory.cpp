// One heap, of one kind, which is the host's and gets its bytes when it is mapped.
#include <cstdint>
#include <cstdlib>

#include "gpu/capture/next.h"

namespace {

constexpr VkDeviceSize heap_bytes = VkDeviceSize{8} << 30;

struct Memory {
  VkDeviceSize bytes;
  void *data = nullptr;
};

Memory *memory_of(VkDeviceMemory handle) {
  return (Memory *)handle; // NOLINT: a number or a pointer, by the machine
}

void set_heap(VkPhysicalDeviceMemoryProperties &properties) {
  properties = {};
  properties.memoryHeapCount = properties.memoryTypeCount = 1;
  properties.memoryHeaps[0] = {heap_bytes, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
  properties.memoryTypes[0] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                   VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                               0};
}

} // namespace

extern "C" {

VKAPI_ATTR void VKAPI_CALL vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice,
                                                               VkPhysicalDeviceMemoryProperties *properties) {
  set_heap(*properties);
}

VKAPI_ATTR void VKAPI_CALL vkGetPhysicalDeviceMemoryProperties2(VkPhysicalDevice,
                                                                VkPhysicalDeviceMemoryProperties2 *properties) {
  set_heap(properties->memoryProperties);
  for (auto *next = static_cast<VkBaseOutStructure *>(properties->pNext); next; next = next->pNext)
    if (next->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT) {
      auto &budget = *reinterpret_cast<VkPhysicalDeviceMemoryBudgetPropertiesEXT *>(next);
      budget.heapBudget[0] = heap_bytes;
      budget.heapUsage[0] = 0;
    }
}

VKAPI_ATTR void VKAPI_CALL vkGetBufferMemoryRequirements(VkDevice device, VkBuffer buffer,
                                                         VkMemoryRequirements *requirements) {
  CONVSCOPE_NEXT(vkGetBufferMemoryRequirements);
  call(device, buffer, requirements);
  requirements->memoryTypeBits = 1;
}

VKAPI_ATTR VkResult VKAPI_CALL vkAllocateMemory(VkDevice, const VkMemoryAllocateInfo *info,
                                                const VkAllocationCallbacks *, VkDeviceMemory *memory) {
  *memory = (VkDeviceMemory) new Memory{info->allocationSize}; // NOLINT: a number or a pointer, by the machine
  return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL vkMapMemory(VkDevice, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize,
                                           VkMemoryMapFlags, void **data) {
  Memory *const mapped = memory_of(memory);
  if (!mapped->data)
    mapped->data = std::calloc(1, mapped->bytes);
  if (!mapped->data)
    return VK_ERROR_MEMORY_MAP_FAILED;
  *data = static_cast<char *>(mapped->data) + offset;
  return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL vkUnmapMemory(VkDevice, VkDeviceMemory) {}

VKAPI_ATTR VkResult VKAPI_CALL vkBindBufferMemory(VkDevice, VkBuffer, VkDeviceMemory, VkDeviceSize) {
  return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL vkFreeMemory(VkDevice, VkDeviceMemory memory, const VkAllocationCallbacks *) {
  if (Memory *const freed = memory_of(memory)) {
    std::free(freed->data);
    delete freed;
  }
}
}
