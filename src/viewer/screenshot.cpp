#include "viewer/screenshot.h"

#include <cstddef>
#include <utility>

namespace convscope::viewer {

void record_screenshot(VkCommandBuffer commands, VkImage image, VkExtent2D extent, VkBuffer buffer) {
  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
  barrier.oldLayout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
  barrier.newLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image;
  barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, nullptr, 0,
                       nullptr, 1, &barrier);
  VkBufferImageCopy region{};
  region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  region.imageExtent = {extent.width, extent.height, 1};
  vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer, 1, &region);
  std::swap(barrier.oldLayout, barrier.newLayout);
  barrier.srcAccessMask = barrier.dstAccessMask = 0;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, nullptr, 0,
                       nullptr, 1, &barrier);
}

ImageRgb8 screenshot_of(const HostBuffer &buffer, VkExtent2D extent, bool blue_first) {
  ImageRgb8 image(static_cast<int>(extent.width), static_cast<int>(extent.height));
  const std::byte *from = buffer.data();
  for (std::size_t i = 0; i < image.pixels.size(); i += 3, from += 4)
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[i + c] = static_cast<std::uint8_t>(from[blue_first ? 2 - c : c]);
  return image;
}

} // namespace convscope::viewer
