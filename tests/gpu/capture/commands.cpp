// Commands are not recorded and nothing is submitted: what would be done with them returns at once, and time stamps
// count up. Their objects are numbers that no driver sees.
#include <atomic>
#include <cstdint>
#include <cstring>

#include "gpu/capture/next.h"

namespace {

template <typename Handle> Handle fresh() {
  static std::atomic<std::uintptr_t> last = 0x1000;
  return (Handle)(last += 16); // NOLINT: a number or a pointer, by the machine
}

} // namespace

// In all of Linux's calling conventions a function may ignore its arguments.
#define CONVSCOPE_NOTHING(name)                                                                                        \
  VKAPI_ATTR VkResult VKAPI_CALL name() { return VK_SUCCESS; }
#define CONVSCOPE_NUMBERS(Object)                                                                                      \
  VKAPI_ATTR VkResult VKAPI_CALL vkCreate##Object(VkDevice, const Vk##Object##CreateInfo *,                            \
                                                  const VkAllocationCallbacks *, Vk##Object *made) {                   \
    *made = fresh<Vk##Object>();                                                                                       \
    return VK_SUCCESS;                                                                                                 \
  }                                                                                                                    \
  CONVSCOPE_NOTHING(vkDestroy##Object)

extern "C" {

CONVSCOPE_NUMBERS(BufferView)
CONVSCOPE_NUMBERS(CommandPool)
CONVSCOPE_NUMBERS(DescriptorPool)
CONVSCOPE_NUMBERS(Event)
CONVSCOPE_NUMBERS(Fence)
CONVSCOPE_NUMBERS(QueryPool)
CONVSCOPE_NUMBERS(Semaphore)

VKAPI_ATTR VkResult VKAPI_CALL vkAllocateCommandBuffers(VkDevice, const VkCommandBufferAllocateInfo *info,
                                                        VkCommandBuffer *made) {
  for (std::uint32_t i = 0; i < info->commandBufferCount; ++i)
    made[i] = fresh<VkCommandBuffer>();
  return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL vkAllocateDescriptorSets(VkDevice, const VkDescriptorSetAllocateInfo *info,
                                                        VkDescriptorSet *made) {
  for (std::uint32_t i = 0; i < info->descriptorSetCount; ++i)
    made[i] = fresh<VkDescriptorSet>();
  return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL vkGetQueryPoolResults(VkDevice, VkQueryPool, std::uint32_t first, std::uint32_t count,
                                                     std::size_t bytes, void *data, VkDeviceSize stride,
                                                     VkQueryResultFlags flags) {
  constexpr std::uint64_t ticks = 1000; // from one to the next
  const std::size_t width = flags & VK_QUERY_RESULT_64_BIT ? 8 : 4;
  for (std::uint64_t i = 0; i < count && i * stride + width <= bytes; ++i) {
    const std::uint64_t value = (first + i) * ticks;
    std::memcpy(static_cast<char *>(data) + i * stride, &value, width); // little-endian
  }
  return VK_SUCCESS;
}

CONVSCOPE_NOTHING(vkBeginCommandBuffer)
CONVSCOPE_NOTHING(vkEndCommandBuffer)
CONVSCOPE_NOTHING(vkResetCommandBuffer)
CONVSCOPE_NOTHING(vkFreeCommandBuffers)
CONVSCOPE_NOTHING(vkResetCommandPool)
CONVSCOPE_NOTHING(vkTrimCommandPool)
CONVSCOPE_NOTHING(vkFreeDescriptorSets)
CONVSCOPE_NOTHING(vkResetDescriptorPool)
CONVSCOPE_NOTHING(vkUpdateDescriptorSets)
CONVSCOPE_NOTHING(vkQueueSubmit)
CONVSCOPE_NOTHING(vkQueueSubmit2)
CONVSCOPE_NOTHING(vkQueueWaitIdle)
CONVSCOPE_NOTHING(vkDeviceWaitIdle)
CONVSCOPE_NOTHING(vkDestroyDevice) // where V3DV waits for work of its own, which nothing does
CONVSCOPE_NOTHING(vkGetFenceStatus)
CONVSCOPE_NOTHING(vkResetFences)
CONVSCOPE_NOTHING(vkWaitForFences)
CONVSCOPE_NOTHING(vkWaitSemaphores)
CONVSCOPE_NOTHING(vkCmdBindDescriptorSets)
CONVSCOPE_NOTHING(vkCmdBindPipeline)
CONVSCOPE_NOTHING(vkCmdClearColorImage)
CONVSCOPE_NOTHING(vkCmdCopyBuffer)
CONVSCOPE_NOTHING(vkCmdCopyBufferToImage)
CONVSCOPE_NOTHING(vkCmdCopyImageToBuffer)
CONVSCOPE_NOTHING(vkCmdCopyQueryPoolResults)
CONVSCOPE_NOTHING(vkCmdDispatch)
CONVSCOPE_NOTHING(vkCmdDispatchBase)
CONVSCOPE_NOTHING(vkCmdDispatchIndirect)
CONVSCOPE_NOTHING(vkCmdFillBuffer)
CONVSCOPE_NOTHING(vkCmdPipelineBarrier)
CONVSCOPE_NOTHING(vkCmdPushConstants)
CONVSCOPE_NOTHING(vkCmdResetEvent)
CONVSCOPE_NOTHING(vkCmdResetQueryPool)
CONVSCOPE_NOTHING(vkCmdSetEvent)
CONVSCOPE_NOTHING(vkCmdUpdateBuffer)
CONVSCOPE_NOTHING(vkCmdWaitEvents)
CONVSCOPE_NOTHING(vkCmdWriteTimestamp)
}
