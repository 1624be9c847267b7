#include "viewer/gui_renderer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/error.h"
#include "shaders.h"

namespace convscope::viewer {
namespace {

using vulkan::Handle;
using vulkan::handle_value;

constexpr std::uint32_t sets_a_pool = 256;

// As the shader declares it.
struct Push {
  float scale[2], offset[2];
};

// ImTextureID is a pointer in old versions, an integer in new ones.
std::uintptr_t to_integer(ImTextureID id) { return (std::uintptr_t)id; }
ImTextureID to_texture(std::uintptr_t id) { return (ImTextureID)id; } // NOLINT(performance-no-int-to-ptr)

Handle<VkShaderModule, vkDestroyShaderModule> make_module(const vulkan::Device &device, std::string_view name) {
  const auto code = shader(name);
  VkShaderModuleCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  create.codeSize = code.size_bytes();
  create.pCode = code.data();
  VkShaderModule module = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateShaderModule(device.handle(), &create, nullptr, &module));
  return {device.handle(), module};
}

Handle<VkDescriptorSetLayout, vkDestroyDescriptorSetLayout> make_set_layout(const vulkan::Device &device) {
  const VkDescriptorSetLayoutBinding slot{0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT,
                                          nullptr};
  VkDescriptorSetLayoutCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  create.bindingCount = 1;
  create.pBindings = &slot;
  VkDescriptorSetLayout layout = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateDescriptorSetLayout(device.handle(), &create, nullptr, &layout));
  return {device.handle(), layout};
}

Handle<VkPipelineLayout, vkDestroyPipelineLayout> make_layout(const vulkan::Device &device, VkDescriptorSetLayout set) {
  const VkPushConstantRange push{VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(Push)};
  VkPipelineLayoutCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  create.setLayoutCount = 1;
  create.pSetLayouts = &set;
  create.pushConstantRangeCount = 1;
  create.pPushConstantRanges = &push;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreatePipelineLayout(device.handle(), &create, nullptr, &layout));
  return {device.handle(), layout};
}

Handle<VkSampler, vkDestroySampler> make_sampler(const vulkan::Device &device) {
  VkSamplerCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO;
  create.magFilter = create.minFilter = VK_FILTER_LINEAR;
  create.addressModeU = create.addressModeV = create.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  create.maxLod = VK_LOD_CLAMP_NONE;
  VkSampler sampler = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateSampler(device.handle(), &create, nullptr, &sampler));
  return {device.handle(), sampler};
}

// Grows by half, so that a window being enlarged does not make a buffer each frame.
void demand(HostBuffer &buffer, const vulkan::Device &device, std::size_t bytes, VkBufferUsageFlags usage,
            std::string_view name) {
  if (buffer.bytes() < bytes)
    buffer = HostBuffer(device, std::max<std::size_t>(bytes + bytes / 2, 1 << 16), usage, false, name);
}

// The command's clip rectangle in the framebuffer, inside the area that is drawn.
VkRect2D clip_of(const ImDrawCmd &command, const ImDrawData &data, VkExtent2D area) {
  const auto edge = [](float at, float origin, float scale, std::uint32_t size) {
    return static_cast<std::int32_t>(std::clamp((at - origin) * scale, 0.0F, static_cast<float>(size)));
  };
  const ImVec2 origin = data.DisplayPos, scale = data.FramebufferScale;
  const std::int32_t left = edge(command.ClipRect.x, origin.x, scale.x, area.width);
  const std::int32_t top = edge(command.ClipRect.y, origin.y, scale.y, area.height);
  const std::int32_t right = edge(command.ClipRect.z, origin.x, scale.x, area.width);
  const std::int32_t bottom = edge(command.ClipRect.w, origin.y, scale.y, area.height);
  return {
      {left, top},
      {static_cast<std::uint32_t>(std::max(0, right - left)), static_cast<std::uint32_t>(std::max(0, bottom - top))}};
}

} // namespace

GuiRenderer::GuiRenderer(const vulkan::Device &device, VkRenderPass render_pass, int frames)
    : device_(device), set_layout_(make_set_layout(device)), layout_(make_layout(device, set_layout_.get())),
      font_sampler_(make_sampler(device)), frames_(static_cast<std::size_t>(frames)) {
  make_pipeline(render_pass);
  ImGuiIO &io = ImGui::GetIO();
  io.BackendRendererName = "convscope";
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
}

void GuiRenderer::make_pipeline(VkRenderPass render_pass) {
  const auto vertex = make_module(device_, "gui_vertex"), fragment = make_module(device_, "gui_fragment");
  VkPipelineShaderStageCreateInfo stages[2]{};
  for (auto &stage : stages) {
    stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    stage.pName = "main";
  }
  stages[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
  stages[0].module = vertex.get();
  stages[1].stage = VK_SHADER_STAGE_FRAGMENT_BIT;
  stages[1].module = fragment.get();

  const VkVertexInputBindingDescription binding{0, sizeof(ImDrawVert), VK_VERTEX_INPUT_RATE_VERTEX};
  const VkVertexInputAttributeDescription attributes[] = {
      {0, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, pos)},
      {1, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(ImDrawVert, uv)},
      {2, 0, VK_FORMAT_R8G8B8A8_UNORM, offsetof(ImDrawVert, col)},
  };
  VkPipelineVertexInputStateCreateInfo input{};
  input.sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO;
  input.vertexBindingDescriptionCount = 1;
  input.pVertexBindingDescriptions = &binding;
  input.vertexAttributeDescriptionCount = 3;
  input.pVertexAttributeDescriptions = attributes;
  VkPipelineInputAssemblyStateCreateInfo assembly{};
  assembly.sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO;
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  VkPipelineViewportStateCreateInfo viewport{};
  viewport.sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO;
  viewport.viewportCount = viewport.scissorCount = 1;
  VkPipelineRasterizationStateCreateInfo raster{};
  raster.sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO;
  raster.polygonMode = VK_POLYGON_MODE_FILL;
  raster.lineWidth = 1;
  VkPipelineMultisampleStateCreateInfo samples{};
  samples.sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO;
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
  VkPipelineColorBlendAttachmentState over{};
  over.blendEnable = VK_TRUE;
  over.srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA;
  over.dstColorBlendFactor = over.dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA;
  over.srcAlphaBlendFactor = VK_BLEND_FACTOR_ONE;
  over.colorWriteMask =
      VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT | VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT;
  VkPipelineColorBlendStateCreateInfo blend{};
  blend.sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO;
  blend.attachmentCount = 1;
  blend.pAttachments = &over;
  const VkDynamicState moving[] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  VkPipelineDynamicStateCreateInfo dynamic{};
  dynamic.sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO;
  dynamic.dynamicStateCount = 2;
  dynamic.pDynamicStates = moving;

  VkGraphicsPipelineCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
  create.stageCount = 2;
  create.pStages = stages;
  create.pVertexInputState = &input;
  create.pInputAssemblyState = &assembly;
  create.pViewportState = &viewport;
  create.pRasterizationState = &raster;
  create.pMultisampleState = &samples;
  create.pColorBlendState = &blend;
  create.pDynamicState = &dynamic;
  create.layout = layout_.get();
  create.renderPass = render_pass;
  VkPipeline pipeline = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateGraphicsPipelines(device_.handle(), device_.pipeline_cache(), 1, &create, nullptr, &pipeline));
  pipeline_ = {device_.handle(), pipeline};
  device_.name(VK_OBJECT_TYPE_PIPELINE, handle_value(pipeline), "gui");
}

VkDescriptorSet GuiRenderer::make_set(VkImageView view, VkSampler sampler, VkImageLayout layout,
                                      std::vector<Handle<VkDescriptorPool, vkDestroyDescriptorPool>> &pools) const {
  const VkDescriptorSetLayout set_layout = set_layout_.get();
  VkDescriptorSetAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  request.descriptorSetCount = 1;
  request.pSetLayouts = &set_layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  const std::size_t used = &pools == &pools_ ? textures_.size() : 0; // each in its place in a pool
  if (pools.size() * sets_a_pool <= used) {
    const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, sets_a_pool};
    VkDescriptorPoolCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
    create.maxSets = sets_a_pool;
    create.poolSizeCount = 1;
    create.pPoolSizes = &size;
    VkDescriptorPool pool = VK_NULL_HANDLE;
    CONVSCOPE_VK(vkCreateDescriptorPool(device_.handle(), &create, nullptr, &pool));
    pools.emplace_back(device_.handle(), pool);
  }
  request.descriptorPool = pools.back().get();
  CONVSCOPE_VK(vkAllocateDescriptorSets(device_.handle(), &request, &set));
  const VkDescriptorImageInfo image{sampler, view, layout};
  VkWriteDescriptorSet write{};
  write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  write.dstSet = set;
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
  write.pImageInfo = &image;
  vkUpdateDescriptorSets(device_.handle(), 1, &write, 0, nullptr);
  return set;
}

void GuiRenderer::upload_font() {
  ImFontAtlas &fonts = *ImGui::GetIO().Fonts;
  unsigned char *pixels = nullptr;
  int width = 0, height = 0;
  fonts.GetTexDataAsRGBA32(&pixels, &width, &height);
  if (!pixels)
    throw DeviceError("the font's texture does not fit into memory");
  const std::size_t bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4;
  const HostBuffer upload(device_, bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT, false, "font upload");
  std::memcpy(upload.data(), pixels, bytes);
  font_pools_.clear();
  make_font_image(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
  copy_font(upload, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
  sets_.erase(font_id_);
  font_id_ = ++last_id_;
  sets_[font_id_] =
      make_set(font_view_.get(), font_sampler_.get(), VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, font_pools_);
  fonts.SetTexID(to_texture(font_id_));
#if IMGUI_VERSION_NUM < 19200
  fonts.ClearTexData(); // the host's copy
#endif
}

void GuiRenderer::make_font_image(std::uint32_t width, std::uint32_t height) {
  font_view_ = {};
  font_image_ = {};
  font_memory_ = {};
  VkImageCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
  create.imageType = VK_IMAGE_TYPE_2D;
  create.format = VK_FORMAT_R8G8B8A8_UNORM;
  create.extent = {width, height, 1};
  create.mipLevels = create.arrayLayers = 1;
  create.samples = VK_SAMPLE_COUNT_1_BIT;
  create.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  VkImage image = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateImage(device_.handle(), &create, nullptr, &image));
  font_image_ = {device_.handle(), image};
  device_.name(VK_OBJECT_TYPE_IMAGE, handle_value(image), "font");

  VkMemoryRequirements needs;
  vkGetImageMemoryRequirements(device_.handle(), image, &needs);
  VkMemoryAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  request.allocationSize = needs.size;
  // The specification promises a device-local type for images like this.
  request.memoryTypeIndex = static_cast<std::uint32_t>(
      std::max(0, device_.memory_type(needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)));
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkAllocateMemory(device_.handle(), &request, nullptr, &memory));
  font_memory_ = {device_.handle(), memory};
  CONVSCOPE_VK(vkBindImageMemory(device_.handle(), image, memory, 0));

  VkImageViewCreateInfo view{};
  view.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
  view.image = image;
  view.viewType = VK_IMAGE_VIEW_TYPE_2D;
  view.format = create.format;
  view.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  VkImageView made = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateImageView(device_.handle(), &view, nullptr, &made));
  font_view_ = {device_.handle(), made};
}

void GuiRenderer::copy_font(const HostBuffer &pixels, std::uint32_t width, std::uint32_t height) const {
  VkCommandPoolCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  create.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
  create.queueFamilyIndex = device_.queue_family();
  VkCommandPool raw = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateCommandPool(device_.handle(), &create, nullptr, &raw));
  const Handle<VkCommandPool, vkDestroyCommandPool> pool(device_.handle(), raw);
  VkCommandBufferAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  request.commandPool = raw;
  request.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  request.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkAllocateCommandBuffers(device_.handle(), &request, &commands));
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  CONVSCOPE_VK(vkBeginCommandBuffer(commands, &begin));

  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = font_image_.get();
  barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, nullptr, 0,
                       nullptr, 1, &barrier);
  VkBufferImageCopy region{};
  region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  region.imageExtent = {width, height, 1};
  vkCmdCopyBufferToImage(commands, pixels.handle(), font_image_.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                         &region);
  barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
  barrier.oldLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
  barrier.newLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT, 0, 0, nullptr,
                       0, nullptr, 1, &barrier);
  CONVSCOPE_VK(vkEndCommandBuffer(commands));
  device_.run(commands, "uploading the font");
}

std::uintptr_t GuiRenderer::texture(VkImageView view, VkSampler sampler) {
  for (const Texture &known : textures_)
    if (known.view == view && known.sampler == sampler)
      return known.id;
  sets_[last_id_ + 1] = make_set(view, sampler, VK_IMAGE_LAYOUT_GENERAL, pools_);
  textures_.push_back({view, sampler, ++last_id_});
  return last_id_;
}

void GuiRenderer::forget_textures() {
  for (const Texture &texture : textures_)
    sets_.erase(texture.id);
  textures_.clear();
  pools_.clear();
}

void GuiRenderer::fill(Frame &frame, const ImDrawData &data) const {
  demand(frame.vertices, device_, static_cast<std::size_t>(data.TotalVtxCount) * sizeof(ImDrawVert),
         VK_BUFFER_USAGE_VERTEX_BUFFER_BIT, "gui vertices");
  demand(frame.indices, device_, static_cast<std::size_t>(data.TotalIdxCount) * sizeof(ImDrawIdx),
         VK_BUFFER_USAGE_INDEX_BUFFER_BIT, "gui indices");
  std::byte *vertices = frame.vertices.data(), *indices = frame.indices.data();
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList &list = *data.CmdLists[i];
    const std::size_t vertex_bytes = static_cast<std::size_t>(list.VtxBuffer.Size) * sizeof(ImDrawVert);
    const std::size_t index_bytes = static_cast<std::size_t>(list.IdxBuffer.Size) * sizeof(ImDrawIdx);
    if (vertex_bytes > 0)
      std::memcpy(vertices, list.VtxBuffer.Data, vertex_bytes);
    if (index_bytes > 0)
      std::memcpy(indices, list.IdxBuffer.Data, index_bytes);
    vertices += vertex_bytes;
    indices += index_bytes;
  }
}

void GuiRenderer::bind(VkCommandBuffer commands, const ImDrawData &data, const Frame &frame) const {
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline_.get());
  const VkBuffer vertices = frame.vertices.handle();
  const VkDeviceSize start = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices, &start);
  vkCmdBindIndexBuffer(commands, frame.indices.handle(), 0,
                       sizeof(ImDrawIdx) == 2 ? VK_INDEX_TYPE_UINT16 : VK_INDEX_TYPE_UINT32);
  const VkViewport viewport{
      0, 0, data.DisplaySize.x * data.FramebufferScale.x, data.DisplaySize.y * data.FramebufferScale.y, 0, 1};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  Push push{};
  push.scale[0] = 2 / data.DisplaySize.x;
  push.scale[1] = 2 / data.DisplaySize.y;
  push.offset[0] = -1 - data.DisplayPos.x * push.scale[0];
  push.offset[1] = -1 - data.DisplayPos.y * push.scale[1];
  vkCmdPushConstants(commands, layout_.get(), VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof push, &push);
}

void GuiRenderer::draw_one(VkCommandBuffer commands, const ImDrawCmd &command, const VkRect2D &clip,
                           std::uint32_t first_index, std::uint32_t first_vertex) const {
  const auto set = sets_.find(to_integer(command.GetTexID()));
  if (set == sets_.end() || clip.extent.width == 0 || clip.extent.height == 0)
    return;
  vkCmdSetScissor(commands, 0, 1, &clip);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, layout_.get(), 0, 1, &set->second, 0, nullptr);
  vkCmdDrawIndexed(commands, command.ElemCount, 1, first_index + command.IdxOffset,
                   static_cast<std::int32_t>(first_vertex + command.VtxOffset), 0);
}

void GuiRenderer::draw(VkCommandBuffer commands, const ImDrawData &data, VkExtent2D area, int frame) {
  if (data.TotalVtxCount == 0 || data.TotalIdxCount == 0)
    return;
  Frame &buffers = frames_[static_cast<std::size_t>(frame)];
  fill(buffers, data);
  bind(commands, data, buffers);
  std::uint32_t first_index = 0, first_vertex = 0;
  for (int i = 0; i < data.CmdListsCount; ++i) {
    const ImDrawList &list = *data.CmdLists[i];
    for (const ImDrawCmd &command : list.CmdBuffer) {
      if (!command.UserCallback)
        draw_one(commands, command, clip_of(command, data, area), first_index, first_vertex);
      else if (command.UserCallback != ImDrawCallback_ResetRenderState)
        command.UserCallback(&list, &command);
    }
    first_index += static_cast<std::uint32_t>(list.IdxBuffer.Size);
    first_vertex += static_cast<std::uint32_t>(list.VtxBuffer.Size);
  }
}

} // namespace convscope::viewer
