// The window's picture as it was rendered.
#pragma once

#include <vulkan/vulkan.h>

#include "io/image.h"
#include "viewer/host_buffer.h"

namespace convscope::viewer {

// Copies an image that was drawn into a buffer of 4 bytes a pixel, and leaves it to be presented. The render pass
// orders the copy.
void record_screenshot(VkCommandBuffer commands, VkImage image, VkExtent2D extent, VkBuffer buffer);
ImageRgb8 screenshot_of(const HostBuffer &buffer, VkExtent2D extent, bool blue_first);

} // namespace convscope::viewer
