#include "viewer/atlas.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "figure/colormap.h"
#include "params.h"
#include "vulkan/device.h"
#include "vulkan/handle.h"

namespace convscope::viewer {

namespace {

using vulkan::check;
using vulkan::Device;
using vulkan::Handle;
using vulkan::handle_value;
using vulkan::Recording;
using vulkan::Slice;

constexpr VkFormat format = VK_FORMAT_R8G8B8A8_UNORM;
constexpr VkImageSubresourceRange whole{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
constexpr int border = 1;

// What counts as the device's memory in use for as long as it lives.
class Accounted {
public:
  Accounted(const Device &device, VkDeviceSize bytes) : device_(device), bytes_(static_cast<std::int64_t>(bytes)) {
    device_.account(bytes_);
  }
  Accounted(const Accounted &) = delete;
  Accounted &operator=(const Accounted &) = delete;
  ~Accounted() { device_.account(-bytes_); }

private:
  const Device &device_;
  std::int64_t bytes_;
};

struct Grid {
  int columns, rows, pitch_x, pitch_y; // a pitch is a cell with its border
  std::uint32_t width() const { return static_cast<std::uint32_t>(columns * pitch_x); }
  std::uint32_t height() const { return static_cast<std::uint32_t>(rows * pitch_y); }
};

// As square as it gets.
Grid make_grid(const Device &device, int cells, int cell_w, int cell_h, std::string_view name) {
  if (cells < 1 || cell_w < 1 || cell_h < 1)
    throw std::logic_error(fmt::format("the atlas {} of {} cells of {}x{}", name, cells, cell_w, cell_h));
  VkPhysicalDeviceProperties properties;
  vkGetPhysicalDeviceProperties(device.physical(), &properties);
  const std::int64_t side = properties.limits.maxImageDimension2D;
  const std::int64_t pitch_x = std::int64_t{cell_w} + 2 * border, pitch_y = std::int64_t{cell_h} + 2 * border;
  const std::int64_t most_columns = side / pitch_x, most_rows = side / pitch_y;
  if (cells > most_columns * most_rows)
    throw UserError(fmt::format("{} pictures of {}x{} pixels are too many for a texture of {}: {} fit ({})", cells,
                                cell_w, cell_h, device.info().name, most_columns * most_rows, name));
  const auto rows_for = [&](std::int64_t columns) { return (cells + columns - 1) / columns; };
  std::int64_t columns = std::llround(std::ceil(std::sqrt(double(cells) * double(pitch_y) / double(pitch_x))));
  columns = std::clamp<std::int64_t>(columns, 1, std::min<std::int64_t>(cells, most_columns));
  columns = std::max(columns, rows_for(most_rows)); // no more rows than fit
  return {int(columns), int(rows_for(columns)), int(pitch_x), int(pitch_y)};
}

Handle<VkImage, vkDestroyImage> make_image(const Device &device, const Grid &grid, const std::string &name) {
  VkImageCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
  create.imageType = VK_IMAGE_TYPE_2D;
  create.format = format;
  create.extent = {grid.width(), grid.height(), 1};
  create.mipLevels = 1;
  create.arrayLayers = 1;
  create.samples = VK_SAMPLE_COUNT_1_BIT;
  create.tiling = VK_IMAGE_TILING_OPTIMAL;
  create.usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  create.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  create.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  VkImage image = VK_NULL_HANDLE;
  check(vkCreateImage(device.handle(), &create, nullptr, &image), "vkCreateImage", "making " + name);
  device.name(VK_OBJECT_TYPE_IMAGE, handle_value(image), name);
  return {device.handle(), image};
}

VkMemoryRequirements needs_of(const Device &device, VkImage image) {
  VkMemoryRequirements needs;
  vkGetImageMemoryRequirements(device.handle(), image, &needs);
  return needs;
}

Handle<VkDeviceMemory, vkFreeMemory> bind_memory(const Device &device, VkImage image, const std::string &name) {
  const vulkan::DeviceInfo &info = device.info();
  const VkMemoryRequirements needs = needs_of(device, image);
  const auto no_room = [&] {
    return DeviceError(fmt::format("no room on {} for {}: needs {} MB, {} of {} MB are in use", info.name, name,
                                   needs.size >> 20, device.memory_used() >> 20, info.memory_bytes >> 20));
  };
  // A driver that runs on the CPU refuses nothing; the system would end the process when the memory is touched.
  if (info.is_cpu() && needs.size > info.memory_bytes - std::min(info.memory_bytes, device.memory_used()))
    throw no_room();
  int type = device.memory_type(needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  if (type < 0)
    type = device.memory_type(needs.memoryTypeBits, 0);
  if (type < 0)
    throw DeviceError(fmt::format("{} has no kind of memory for {}", info.name, name));
  VkMemoryAllocateInfo request{};
  request.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  request.allocationSize = needs.size;
  request.memoryTypeIndex = static_cast<std::uint32_t>(type);
  VkDeviceMemory raw = VK_NULL_HANDLE;
  const VkResult result = vkAllocateMemory(device.handle(), &request, nullptr, &raw);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
    throw no_room();
  check(result, "vkAllocateMemory", "making " + name);
  Handle<VkDeviceMemory, vkFreeMemory> memory(device.handle(), raw);
  device.name(VK_OBJECT_TYPE_DEVICE_MEMORY, handle_value(raw), name);
  check(vkBindImageMemory(device.handle(), image, raw, 0), "vkBindImageMemory", "making " + name);
  return memory;
}

Handle<VkImageView, vkDestroyImageView> make_view(const Device &device, VkImage image, const std::string &name) {
  VkImageViewCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
  create.image = image;
  create.viewType = VK_IMAGE_VIEW_TYPE_2D;
  create.format = format;
  create.subresourceRange = whole;
  VkImageView view = VK_NULL_HANDLE;
  check(vkCreateImageView(device.handle(), &create, nullptr, &view), "vkCreateImageView", "making " + name);
  device.name(VK_OBJECT_TYPE_IMAGE_VIEW, handle_value(view), name);
  return {device.handle(), view};
}

Handle<VkSampler, vkDestroySampler> make_sampler(const Device &device, const std::string &name) {
  VkSamplerCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO;
  create.magFilter = create.minFilter = VK_FILTER_LINEAR;
  create.mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST;
  create.addressModeU = create.addressModeV = create.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  VkSampler sampler = VK_NULL_HANDLE;
  check(vkCreateSampler(device.handle(), &create, nullptr, &sampler), "vkCreateSampler", "making " + name);
  device.name(VK_OBJECT_TYPE_SAMPLER, handle_value(sampler), name);
  return {device.handle(), sampler};
}

vulkan::Buffer make_colours(const Device &device, MapLook look, const std::string &name) {
  std::vector<std::uint32_t> colours;
  for (const Rgb &rgb : magma_table()) {
    const auto level = static_cast<std::uint32_t>(colours.size());
    const std::uint32_t alpha = look == MapLook::veil ? level : 255;
    colours.push_back(std::uint32_t{rgb[0]} | std::uint32_t{rgb[1]} << 8 | std::uint32_t{rgb[2]} << 16 | alpha << 24);
  }
  const auto bytes = std::as_bytes(std::span(colours));
  vulkan::Buffer buffer(device, bytes.size(), name + " colours");
  buffer.write(0, bytes);
  return buffer;
}

// The stage at which the window samples; a queue that has no such stage has no window either.
VkPipelineStageFlags sampling_stage(const Device &device) {
  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device.physical(), &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device.physical(), &count, families.data());
  return families.at(device.queue_family()).queueFlags & VK_QUEUE_GRAPHICS_BIT ? VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT
                                                                               : VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
}

// Floats of a slice as a kernel may bind them: from a multiple of the alignment on, and where in that they begin.
struct Floats {
  Slice slice;
  int first;
};

Floats floats_of(const Device &device, const Slice &slice, std::int64_t first, std::int64_t count) {
  const auto inside = static_cast<std::int64_t>(slice.bytes / sizeof(float));
  if (first < 0 || count < 1 || count > inside || first > inside - count)
    throw std::logic_error(fmt::format("{} floats from {} on of a slice of {}", count, first, inside));
  const VkDeviceSize begin = slice.offset + static_cast<VkDeviceSize>(first) * sizeof(float);
  const VkDeviceSize extra = begin % device.info().storage_alignment;
  return {{slice.buffer, begin - extra, extra + static_cast<VkDeviceSize>(count) * sizeof(float)},
          static_cast<int>(extra / sizeof(float))};
}

std::uint32_t groups(int pixels) { return (static_cast<std::uint32_t>(pixels) + 7) / 8; }

template <typename Params> std::span<const std::byte> push_of(const Params &params) {
  return std::as_bytes(std::span(&params, 1));
}

} // namespace

struct Atlas::State {
  const Device &device;
  const vulkan::Program &max_program, &image_program, &map_program, &mosaic_program;
  int cells, cell_w, cell_h;
  Grid grid;
  VkPipelineStageFlags sampling;
  // Each cell's RGBA8 on its way to the image, so that many cells are on their way at once; the last has zeros.
  VkDeviceSize cell_bytes, cell_stride;
  vulkan::Buffer words, colours, veil;
  Handle<VkImage, vkDestroyImage> image;
  Handle<VkDeviceMemory, vkFreeMemory> memory; // freed before the image is destroyed, which is allowed
  Accounted accounted;
  Handle<VkImageView, vkDestroyImageView> view;
  Handle<VkSampler, vkDestroySampler> sampler;

  State(vulkan::Programs &programs, int count, int width, int height, const std::string &name)
      : device(programs.device()), max_program(programs.get("tile_max")),
        image_program(programs.get("tile", {gpu::TILE_IMAGE})), map_program(programs.get("tile", {gpu::TILE_MAP})),
        mosaic_program(programs.get("tile", {gpu::TILE_MOSAIC})), cells(count), cell_w(width), cell_h(height),
        grid(make_grid(device, count, width, height, name)), sampling(sampling_stage(device)),
        cell_bytes(VkDeviceSize(grid.pitch_x) * VkDeviceSize(grid.pitch_y) * sizeof(std::uint32_t)),
        cell_stride((cell_bytes + device.info().storage_alignment - 1) / device.info().storage_alignment *
                    device.info().storage_alignment),
        words(device, cell_stride * (VkDeviceSize(count) + 1), name + " cells"),
        colours(make_colours(device, MapLook::opaque, name)), veil(make_colours(device, MapLook::veil, name)),
        image(make_image(device, grid, name)), memory(bind_memory(device, image.get(), name)),
        accounted(device, needs_of(device, image.get()).size), view(make_view(device, image.get(), name)),
        sampler(make_sampler(device, name)) {
    clear_all(name);
  }

  void clear_all(const std::string &name) const;
  Slice words_of(int cell) const { return words.slice(VkDeviceSize(cell) * cell_stride, cell_bytes); }
  VkImageMemoryBarrier to_transfer(VkImageLayout from) const;
  VkImageMemoryBarrier to_sampling() const;
  void demand(int cell) const {
    if (cell < 0 || cell >= cells)
      throw std::logic_error(fmt::format("cell {} of {}", cell, cells));
  }
  gpu::TileParams tile_params(int first, int height, int width) const {
    if (height < 1 || width < 1)
      throw std::logic_error(fmt::format("a cell from {}x{}", height, width));
    return {first, height, width, cell_h, cell_w, float(height) / float(cell_h), float(width) / float(cell_w), 0,
            {},    1,      1,     1,      0};
  }
  void tile(Recording &recording, const vulkan::Program &program, const gpu::TileParams &params, const Slice &source,
            const Slice &maxima, int cell, MapLook look = MapLook::opaque) const;
  void copy(Recording &recording, const Slice &from, int cell) const;
};

// The image is in the layout that copies like best only between these two, inside one command buffer.
VkImageMemoryBarrier Atlas::State::to_transfer(VkImageLayout from) const {
  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.srcAccessMask = from == VK_IMAGE_LAYOUT_UNDEFINED ? 0 : VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.oldLayout = from;
  barrier.newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image.get();
  barrier.subresourceRange = whole;
  return barrier;
}

VkImageMemoryBarrier Atlas::State::to_sampling() const {
  VkImageMemoryBarrier barrier = to_transfer(VK_IMAGE_LAYOUT_GENERAL);
  barrier.dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
  std::swap(barrier.oldLayout, barrier.newLayout);
  return barrier;
}

void Atlas::State::clear_all(const std::string &name) const {
  Recording recording(device, name + " clear");
  recording.fill(words_of(cells), 0);
  recording.custom(
      [&](VkCommandBuffer commands) {
        const VkImageMemoryBarrier before = to_transfer(VK_IMAGE_LAYOUT_UNDEFINED);
        vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, nullptr,
                             0, nullptr, 1, &before);
        const VkClearColorValue transparent{};
        vkCmdClearColorImage(commands, image.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &transparent, 1, &whole);
        const VkImageMemoryBarrier after = to_sampling();
        vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, sampling, 0, 0, nullptr, 0, nullptr, 1, &after);
      },
      "clear");
  recording.finish();
  recording.run("clearing " + name);
}

void Atlas::State::tile(Recording &recording, const vulkan::Program &program, const gpu::TileParams &params,
                        const Slice &source, const Slice &maxima, int cell, MapLook look) const {
  const Slice table = (look == MapLook::veil ? veil : colours).slice();
  recording.dispatch(program, {groups(grid.pitch_x), groups(grid.pitch_y), 1}, push_of(params),
                     std::array{source, maxima, table, words_of(cell)}, "tile");
  copy(recording, words_of(cell), cell);
}

void Atlas::State::copy(Recording &recording, const Slice &from, int cell) const {
  recording.custom(
      [&](VkCommandBuffer commands) {
        VkMemoryBarrier written{};
        written.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
        written.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        written.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
        const VkImageMemoryBarrier before = to_transfer(VK_IMAGE_LAYOUT_GENERAL);
        vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT | sampling,
                             VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &written, 0, nullptr, 1, &before);
        VkBufferImageCopy region{};
        region.bufferOffset = from.offset;
        region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
        region.imageOffset = {cell % grid.columns * grid.pitch_x, cell / grid.columns * grid.pitch_y, 0};
        region.imageExtent = {std::uint32_t(grid.pitch_x), std::uint32_t(grid.pitch_y), 1};
        vkCmdCopyBufferToImage(commands, from.buffer, image.get(), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
        // Compute waits as well: the cell's words and its maximum may be written again.
        const VkImageMemoryBarrier after = to_sampling();
        vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | sampling,
                             0, 0, nullptr, 0, nullptr, 1, &after);
      },
      "tile copy");
}

Size cell_size(const PlaneView &view, Size image, int most) {
  const Size size = view_size(view, image);
  const double factor = view.one_picture() ? 1 : std::min(1.0, double(most) / std::max(size.width, size.height));
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * factor))); };
  return {scaled(size.width), scaled(size.height)};
}

Atlas::Atlas(vulkan::Programs &programs, int cells, int cell_w, int cell_h, std::string_view name)
    : state_(std::make_unique<State>(programs, cells, cell_w, cell_h, std::string(name))) {}
Atlas::Atlas(Atlas &&) noexcept = default;
Atlas &Atlas::operator=(Atlas &&) noexcept = default;
Atlas::~Atlas() = default;

int Atlas::cells() const { return state_->cells; }
int Atlas::cell_width() const { return state_->cell_w; }
int Atlas::cell_height() const { return state_->cell_h; }
VkImage Atlas::image() const { return state_->image.get(); }
VkImageView Atlas::view() const { return state_->view.get(); }
VkSampler Atlas::sampler() const { return state_->sampler.get(); }

std::array<float, 4> Atlas::uv(int cell) const {
  const State &s = *state_;
  s.demand(cell);
  const int left = cell % s.grid.columns * s.grid.pitch_x + border;
  const int top = cell / s.grid.columns * s.grid.pitch_y + border;
  const auto width = float(s.grid.width()), height = float(s.grid.height());
  return {float(left) / width, float(top) / height, float(left + s.cell_w) / width, float(top + s.cell_h) / height};
}

void Atlas::put_image(Recording &recording, int cell, const Slice &source, std::int64_t offset, int height, int width,
                      const PlaneView &view) {
  const State &s = *state_;
  s.demand(cell);
  const Floats in = floats_of(s.device, source, offset, std::int64_t{view.planes} * height * width);
  gpu::TileParams params = s.tile_params(in.first, height, width);
  std::copy(view.rgb.begin(), view.rgb.end(), params.rgb);
  params.planes = view.planes;
  params.columns = view.columns;
  params.rows = view.rows;
  params.gap = plane_gap;
  // No maximum is read.
  s.tile(recording, view.one_picture() ? s.image_program : s.mosaic_program, params, in.slice, s.colours.slice(), cell);
}

void Atlas::draw_picture(int cell, const Array &rgb, const std::string &doing) {
  const vulkan::Device &device = state_->device;
  vulkan::Buffer buffer(device, rgb.data.size() * sizeof(float), doing);
  buffer.write(0, std::as_bytes(std::span(rgb.data)));
  Recording recording(device, doing);
  put_image(recording, cell, buffer.slice(), 0, static_cast<int>(rgb.shape.at(1)), static_cast<int>(rgb.shape.at(2)));
  recording.finish();
  recording.run(doing);
}

void Atlas::put_map(Recording &recording, int cell, const Slice &source, std::int64_t offset, int height, int width,
                    const Slice &maxima, MapLook look) {
  const State &s = *state_;
  s.demand(cell);
  const std::int64_t count = std::int64_t{height} * width;
  const Floats in = floats_of(s.device, source, offset, count), maximum = floats_of(s.device, maxima, cell, 1);
  gpu::TileParams params = s.tile_params(in.first, height, width);
  params.maximum = maximum.first;
  const gpu::TileMaxParams max_params{in.first, static_cast<int>(count), maximum.first};
  recording.dispatch(s.max_program, {1, 1, 1}, push_of(max_params), std::array{in.slice, maximum.slice}, "tile max");
  recording.barrier();
  s.tile(recording, s.map_program, params, in.slice, maximum.slice, cell, look);
}

} // namespace convscope::viewer
