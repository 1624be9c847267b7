#include "viewer/swapchain.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::viewer {
namespace {

using vulkan::handle_value;

[[noreturn]] void refuse(const vulkan::Device &device, const char *why) {
  throw DeviceError(fmt::format("the device {} can't show a window: {}; --device takes another, --offscreen needs none",
                                device.info().name, why));
}

// Colours go to the screen as they are, 8 bits each.
VkSurfaceFormatKHR choose_format(const vulkan::Device &device, VkSurfaceKHR surface) {
  std::uint32_t count = 0;
  CONVSCOPE_VK(vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, nullptr));
  std::vector<VkSurfaceFormatKHR> formats(count);
  CONVSCOPE_VK(vkGetPhysicalDeviceSurfaceFormatsKHR(device.physical(), surface, &count, formats.data()));
  for (const VkFormat wanted : {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_R8G8B8A8_UNORM})
    for (const VkSurfaceFormatKHR &format : formats) {
      if (format.format == wanted && format.colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR)
        return format;
      if (format.format == VK_FORMAT_UNDEFINED) // any
        return {wanted, VK_COLOR_SPACE_SRGB_NONLINEAR_KHR};
    }
  refuse(device, "its surface has no format with 8 linear bits a colour");
}

std::uint32_t image_count(const VkSurfaceCapabilitiesKHR &can) {
  const std::uint32_t count = can.minImageCount + 1;
  return can.maxImageCount > 0 ? std::min(count, can.maxImageCount) : count;
}

VkExtent2D extent_of(const VkSurfaceCapabilitiesKHR &can, VkExtent2D framebuffer) {
  if (can.currentExtent.width != std::numeric_limits<std::uint32_t>::max())
    return can.currentExtent;
  return {std::clamp(framebuffer.width, can.minImageExtent.width, can.maxImageExtent.width),
          std::clamp(framebuffer.height, can.minImageExtent.height, can.maxImageExtent.height)};
}

} // namespace

Swapchain::Swapchain(const vulkan::Device &device, MakeSurface make_surface, int frames)
    : device_(device), make_surface_(std::move(make_surface)), acquired_(static_cast<std::size_t>(frames)) {
  if (!device.has_extension(VK_KHR_SWAPCHAIN_EXTENSION_NAME))
    refuse(device, "its driver has no " VK_KHR_SWAPCHAIN_EXTENSION_NAME);
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device.physical(), &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device.physical(), &count, families.data());
  if (!(families[device.queue_family()].queueFlags & VK_QUEUE_GRAPHICS_BIT))
    refuse(device, "it computes, but draws nothing");
  try {
    open_surface();
    make_render_pass();
  } catch (...) {
    close_surface();
    throw;
  }
}

Swapchain::~Swapchain() {
  images_.clear();
  swapchain_ = {};
  close_surface();
}

void Swapchain::open_surface() {
  surface_ = make_surface_(device_.instance());
  VkBool32 presents = VK_FALSE;
  CONVSCOPE_VK(vkGetPhysicalDeviceSurfaceSupportKHR(device_.physical(), device_.queue_family(), surface_, &presents));
  if (!presents)
    refuse(device_, "its queue does not present here");
  const VkSurfaceFormatKHR format = choose_format(device_, surface_);
  if (render_pass_.get() && format.format != format_.format)
    refuse(device_, "a new surface has another format");
  format_ = format;
}

void Swapchain::close_surface() {
  if (surface_)
    vkDestroySurfaceKHR(device_.instance(), surface_, nullptr);
  surface_ = VK_NULL_HANDLE;
}

void Swapchain::make_render_pass() {
  VkAttachmentDescription colour{};
  colour.format = format_.format;
  colour.samples = VK_SAMPLE_COUNT_1_BIT;
  colour.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  colour.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  colour.stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE;
  colour.stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE;
  colour.finalLayout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
  const VkAttachmentReference reference{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
  VkSubpassDescription pass{};
  pass.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
  pass.colorAttachmentCount = 1;
  pass.pColorAttachments = &reference;
  // After the semaphore of the acquisition; before a copy of the image (a screenshot).
  VkSubpassDependency order[2]{};
  order[0].srcSubpass = VK_SUBPASS_EXTERNAL;
  order[0].srcStageMask = order[0].dstStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
  order[0].dstAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT;
  order[1].dstSubpass = VK_SUBPASS_EXTERNAL;
  order[1].srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
  order[1].dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT;
  order[1].srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT;
  order[1].dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
  VkRenderPassCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO;
  create.attachmentCount = 1;
  create.pAttachments = &colour;
  create.subpassCount = 1;
  create.pSubpasses = &pass;
  create.dependencyCount = 2;
  create.pDependencies = order;
  VkRenderPass made = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateRenderPass(device_.handle(), &create, nullptr, &made));
  render_pass_ = {device_.handle(), made};
  device_.name(VK_OBJECT_TYPE_RENDER_PASS, handle_value(made), "window");
}

Swapchain::Semaphore Swapchain::make_semaphore(std::string_view name) const {
  VkSemaphoreCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
  VkSemaphore made = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateSemaphore(device_.handle(), &create, nullptr, &made));
  device_.name(VK_OBJECT_TYPE_SEMAPHORE, handle_value(made), name);
  return {device_.handle(), made};
}

// Takes note of what the result says of the surface; whether the call worked.
bool Swapchain::fits(VkResult result) {
  stale_ = stale_ || result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR;
  lost_ = lost_ || result == VK_ERROR_SURFACE_LOST_KHR;
  return result != VK_ERROR_OUT_OF_DATE_KHR && result != VK_ERROR_SURFACE_LOST_KHR;
}

bool Swapchain::fit(VkExtent2D framebuffer, const std::function<void()> &idle) {
  if (framebuffer.width == 0 || framebuffer.height == 0)
    return false;
  const bool same = framebuffer.width == framebuffer_.width && framebuffer.height == framebuffer_.height;
  if (same && !stale_ && !lost_)
    return true;
  idle();
  waiting_.reset();
  images_.clear();
  if (lost_) {
    swapchain_ = {};
    close_surface();
    open_surface();
    lost_ = false;
  }
  return make(framebuffer);
}

bool Swapchain::make(VkExtent2D framebuffer) {
  VkSurfaceCapabilitiesKHR can;
  const VkResult asked = vkGetPhysicalDeviceSurfaceCapabilitiesKHR(device_.physical(), surface_, &can);
  stale_ = true;
  if (!fits(asked))
    return false;
  vulkan::check(asked, "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
  const VkExtent2D extent = extent_of(can, framebuffer);
  if (extent.width == 0 || extent.height == 0)
    return false;
  readable_ = (can.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_SRC_BIT) != 0;

  const VkSwapchainKHR old = swapchain_.get();
  VkSwapchainCreateInfoKHR create{};
  create.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR;
  create.surface = surface_;
  create.minImageCount = image_count(can);
  create.imageFormat = format_.format;
  create.imageColorSpace = format_.colorSpace;
  create.imageExtent = extent;
  create.imageArrayLayers = 1;
  create.imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
  if (readable_)
    create.imageUsage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
  create.preTransform = can.currentTransform;
  create.compositeAlpha = (can.supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR)
                              ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR;
  create.presentMode = VK_PRESENT_MODE_FIFO_KHR;   // which every device has
  create.clipped = readable_ ? VK_FALSE : VK_TRUE; // a screenshot is whole, whatever lies over the window
  create.oldSwapchain = old;
  VkSwapchainKHR made = VK_NULL_HANDLE;
  const VkResult result = vkCreateSwapchainKHR(device_.handle(), &create, nullptr, &made);
  if (!fits(result)) {
    swapchain_ = {}; // retired by the attempt
    return false;
  }
  vulkan::check(result, "vkCreateSwapchainKHR");
  swapchain_ = {device_.handle(), made};
  extent_ = extent;
  framebuffer_ = framebuffer;
  make_images();
  stale_ = false;
  return true;
}

void Swapchain::make_images() {
  std::uint32_t count = 0;
  CONVSCOPE_VK(vkGetSwapchainImagesKHR(device_.handle(), swapchain_.get(), &count, nullptr));
  std::vector<VkImage> images(count);
  CONVSCOPE_VK(vkGetSwapchainImagesKHR(device_.handle(), swapchain_.get(), &count, images.data()));
  for (VkImage image : images) {
    Image &made = images_.emplace_back();
    made.image = image;
    VkImageViewCreateInfo view{};
    view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view.image = image;
    view.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view.format = format_.format;
    view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageView raw_view = VK_NULL_HANDLE;
    CONVSCOPE_VK(vkCreateImageView(device_.handle(), &view, nullptr, &raw_view));
    made.view = {device_.handle(), raw_view};
    VkFramebufferCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO;
    create.renderPass = render_pass_.get();
    create.attachmentCount = 1;
    create.pAttachments = &raw_view;
    create.width = extent_.width;
    create.height = extent_.height;
    create.layers = 1;
    VkFramebuffer raw = VK_NULL_HANDLE;
    CONVSCOPE_VK(vkCreateFramebuffer(device_.handle(), &create, nullptr, &raw));
    made.framebuffer = {device_.handle(), raw};
    made.drawn = make_semaphore("drawn");
  }
  // New ones, as an old one may have been signalled by an image that was never drawn.
  for (Semaphore &semaphore : acquired_)
    semaphore = make_semaphore("acquired");
}

std::optional<std::uint32_t> Swapchain::acquire(int frame) {
  if (waiting_ && waiting_frame_ == frame)
    return waiting_;
  std::uint32_t index = 0;
  const VkResult result =
      vkAcquireNextImageKHR(device_.handle(), swapchain_.get(), second_ns,
                            acquired_[static_cast<std::size_t>(frame)].get(), VK_NULL_HANDLE, &index);
  if (!fits(result) || result == VK_TIMEOUT || result == VK_NOT_READY)
    return std::nullopt;
  vulkan::check(result, "vkAcquireNextImageKHR", "waiting for the window's next image");
  waiting_ = index;
  waiting_frame_ = frame;
  return index;
}

void Swapchain::begin_pass(VkCommandBuffer commands, std::uint32_t index,
                           const std::array<float, 4> &background) const {
  VkClearValue clear{};
  std::copy(background.begin(), background.end(), clear.color.float32);
  VkRenderPassBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO;
  begin.renderPass = render_pass_.get();
  begin.framebuffer = images_[index].framebuffer.get();
  begin.renderArea.extent = extent_;
  begin.clearValueCount = 1;
  begin.pClearValues = &clear;
  vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
}

void Swapchain::present(VkCommandBuffer commands, VkFence fence, std::uint32_t index, int frame) {
  const VkSemaphore acquired = acquired_[static_cast<std::size_t>(frame)].get(), drawn = images_[index].drawn.get();
  const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
  VkSubmitInfo submit{};
  submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  submit.waitSemaphoreCount = submit.commandBufferCount = submit.signalSemaphoreCount = 1;
  submit.pWaitSemaphores = &acquired;
  submit.pWaitDstStageMask = &stage;
  submit.pCommandBuffers = &commands;
  submit.pSignalSemaphores = &drawn;
  const VkSwapchainKHR swapchain = swapchain_.get();
  VkPresentInfoKHR show{};
  show.sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR;
  show.waitSemaphoreCount = show.swapchainCount = 1;
  show.pWaitSemaphores = &drawn;
  show.pSwapchains = &swapchain;
  show.pImageIndices = &index;
  VkResult result = VK_SUCCESS;
  {
    const std::lock_guard lock(device_.queue_mutex());
    vulkan::check(vkQueueSubmit(device_.queue(), 1, &submit, fence), "vkQueueSubmit", "drawing the window");
    waiting_.reset();
    result = vkQueuePresentKHR(device_.queue(), &show);
  }
  if (fits(result))
    vulkan::check(result, "vkQueuePresentKHR", "showing the window");
}

} // namespace convscope::viewer
