// A window's surface and its images, with the render pass that draws into them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::viewer {

// How long a window waits for a frame before it looks at its events again.
constexpr std::uint64_t second_ns = 1'000'000'000;

// Makes a surface of the window on the instance.
using MakeSurface = std::function<VkSurfaceKHR(VkInstance)>;

class Swapchain {
public:
  // DeviceError where the device can't present on the surface. Has no images until fit().
  // `frames`: how many may be in flight.
  Swapchain(const vulkan::Device &device, MakeSurface make_surface, int frames);
  ~Swapchain();
  Swapchain(const Swapchain &) = delete;
  Swapchain &operator=(const Swapchain &) = delete;

  VkRenderPass render_pass() const { return render_pass_.get(); }
  VkExtent2D extent() const { return extent_; }
  VkFormat format() const { return format_.format; }
  bool readable() const { return readable_; } // its images can be copied from

  // Makes the images anew where the framebuffer has another size or the last ones no longer fit; no frame may be in
  // flight then, so it first calls `idle`. False where there is nothing to draw on now (0x0, lost for good).
  bool fit(VkExtent2D framebuffer, const std::function<void()> &idle);
  // An image to draw into, the same one until it is presented; none for now is nothing.
  std::optional<std::uint32_t> acquire(int frame);
  VkImage image(std::uint32_t index) const { return images_[index].image; }
  void begin_pass(VkCommandBuffer commands, std::uint32_t index, const std::array<float, 4> &background) const;
  // Submits the commands that draw into the image, and shows it. The fence tells when the commands have ended.
  void present(VkCommandBuffer commands, VkFence fence, std::uint32_t index, int frame);

private:
  template <typename T, auto Destroy> using Handle = vulkan::Handle<T, Destroy>;
  using Semaphore = Handle<VkSemaphore, vkDestroySemaphore>;
  struct Image {
    VkImage image = VK_NULL_HANDLE;
    Handle<VkImageView, vkDestroyImageView> view;
    Handle<VkFramebuffer, vkDestroyFramebuffer> framebuffer;
    Semaphore drawn; // one an image, as only its next acquisition tells that presenting has waited for it
  };

  void open_surface();
  void close_surface();
  void make_render_pass();
  bool make(VkExtent2D framebuffer);
  void make_images();
  bool fits(VkResult result);
  Semaphore make_semaphore(std::string_view name) const;

  const vulkan::Device &device_;
  MakeSurface make_surface_;
  VkSurfaceKHR surface_ = VK_NULL_HANDLE;
  VkSurfaceFormatKHR format_{};
  Handle<VkRenderPass, vkDestroyRenderPass> render_pass_;
  Handle<VkSwapchainKHR, vkDestroySwapchainKHR> swapchain_;
  std::vector<Image> images_;            // before the swapchain in destruction
  std::vector<Semaphore> acquired_;      // one a frame in flight
  std::optional<std::uint32_t> waiting_; // acquired, not yet presented
  int waiting_frame_ = 0;
  VkExtent2D extent_{}, framebuffer_{};
  bool stale_ = true, lost_ = false, readable_ = false;
};

} // namespace convscope::viewer
