// Dear ImGui's draw lists on Vulkan. In place of ImGui's own backend: that of 1.86, which Debian has, draws no textures
// but the font's, and none shares the queue with another thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <imgui.h>

#include "viewer/host_buffer.h"
#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::viewer {

class GuiRenderer {
public:
  // Of the current ImGui context. `frames`: how many may be in flight.
  GuiRenderer(const vulkan::Device &device, VkRenderPass render_pass, int frames);
  GuiRenderer(const GuiRenderer &) = delete;
  GuiRenderer &operator=(const GuiRenderer &) = delete;

  // Makes the texture of the atlas of fonts; no frame may be in flight.
  void upload_font();
  // An ImTextureID as an integer, one for each pair of view (in the layout GENERAL) and sampler.
  std::uintptr_t texture(VkImageView view, VkSampler sampler);
  // Drops all that texture() gave; no frame may be in flight. An old id draws nothing.
  void forget_textures();
  // Inside the render pass, which covers `area`; `frame` is the one whose buffers are free.
  void draw(VkCommandBuffer commands, const ImDrawData &data, VkExtent2D area, int frame);

private:
  template <typename T, auto Destroy> using Handle = vulkan::Handle<T, Destroy>;
  struct Frame {
    HostBuffer vertices, indices;
  };

  void make_pipeline(VkRenderPass render_pass);
  VkDescriptorSet make_set(VkImageView view, VkSampler sampler, VkImageLayout layout,
                           std::vector<Handle<VkDescriptorPool, vkDestroyDescriptorPool>> &pools) const;
  void make_font_image(std::uint32_t width, std::uint32_t height);
  void copy_font(const HostBuffer &pixels, std::uint32_t width, std::uint32_t height) const;
  void fill(Frame &frame, const ImDrawData &data) const;
  void bind(VkCommandBuffer commands, const ImDrawData &data, const Frame &frame) const;
  void draw_one(VkCommandBuffer commands, const ImDrawCmd &command, const VkRect2D &clip, std::uint32_t first_index,
                std::uint32_t first_vertex) const;

  const vulkan::Device &device_;
  Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout> set_layout_;
  Handle<VkPipelineLayout, vkDestroyPipelineLayout> layout_;
  Handle<VkPipeline, vkDestroyPipeline> pipeline_;
  Handle<VkSampler, vkDestroySampler> font_sampler_;
  Handle<VkDeviceMemory, vkFreeMemory> font_memory_;
  Handle<VkImage, vkDestroyImage> font_image_;
  Handle<VkImageView, vkDestroyImageView> font_view_;
  std::vector<Handle<VkDescriptorPool, vkDestroyDescriptorPool>> font_pools_, pools_;
  std::unordered_map<std::uintptr_t, VkDescriptorSet> sets_;
  struct Texture {
    VkImageView view;
    VkSampler sampler;
    std::uintptr_t id;
  };
  std::vector<Texture> textures_;
  std::uintptr_t last_id_ = 0, font_id_ = 0;
  std::vector<Frame> frames_;
};

} // namespace convscope::viewer
