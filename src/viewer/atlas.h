// Pictures as one texture with equal cells, filled on the device: from a kernel's floats to what the window samples.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <vulkan/vulkan.h>

#include "figure/planes.h"
#include "vulkan/buffer.h"
#include "vulkan/program.h"
#include "vulkan/recording.h"

namespace convscope::viewer {

// A map by itself, or over a picture: as opaque as it is high, so that what it does not answer to is seen as it is.
enum class MapLook { opaque, veil };

// Of a cell for an image of that size as it is seen: view_size(), but where its longer side would be above `most`.
Size cell_size(const PlaneView &view, Size image, int most);

// RGBA8, always in VK_IMAGE_LAYOUT_GENERAL, sampled bilinearly. Filled on the worker's thread, sampled on the window's,
// both through the device's one queue: barriers in each order them.
class Atlas {
public:
  // At least `cells` cells of cell_w x cell_h pixels with a border of 1 pixel that repeats the edge, so that bilinear
  // sampling does not bleed. Cleared to transparent. UserError where the device has no texture so large.
  Atlas(vulkan::Programs &programs, int cells, int cell_w, int cell_h, std::string_view name);
  Atlas(Atlas &&) noexcept;
  Atlas &operator=(Atlas &&) noexcept;
  ~Atlas();

  int cells() const;
  int cell_width() const;
  int cell_height() const;
  VkImage image() const; // for reading back
  VkImageView view() const;
  VkSampler sampler() const;
  // u0, v0, u1, v1 of a cell, without its border.
  std::array<float, 4> uv(int cell) const;

  // An image (C,H,W), 0..1, at `offset` floats of `source`, resampled bilinearly to the cell: a picture, or the mosaic
  // of its planes as view_size() lays it out, made as large as the cell.
  void put_image(vulkan::Recording &recording, int cell, const vulkan::Slice &source, std::int64_t offset, int height,
                 int width, const PlaneView &view = {});
  // A picture (3,H,W) of the host's, at once. `doing` is for a driver that fails: "drawing the photo".
  void draw_picture(int cell, const Array &rgb, const std::string &doing);
  // A feature map (H,W): magma from 0 to its own maximum (a map without positive values is all 0), nearest
  // neighbour where enlarged, averaged where reduced. The maximum is written to `maxima`[cell] (floats).
  void put_map(vulkan::Recording &recording, int cell, const vulkan::Slice &source, std::int64_t offset, int height,
               int width, const vulkan::Slice &maxima, MapLook look = MapLook::opaque);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope::viewer
