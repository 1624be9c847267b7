// The window: GLFW, a swapchain, Dear ImGui's frame. Survives resizing, minimising, 0x0, a surface that is lost.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <vulkan/vulkan.h>

#include "io/image.h"
#include "viewer/responsiveness.h"
#include "vulkan/device.h"

namespace convscope::viewer {

struct WindowOptions {
  int width = 1280, height = 800; // in points: as many pixels at scale 1, twice as many at 2
  std::string title = "Convscope";
};

// What GLFW needs of the device, asked before the device is opened; DeviceError with the hint --offscreen where there
// is no display. Keeps GLFW initialised for its lifetime; outlives the device and the window.
class Display {
public:
  Display();
  ~Display();
  Display(const Display &) = delete;
  Display &operator=(const Display &) = delete;
  std::vector<std::string> instance_extensions() const; // for DeviceOptions
  static std::vector<std::string> device_extensions();  // VK_KHR_swapchain
};

enum class Theme { dark, light };

class Window {
public:
  // DeviceError where the device can't present.
  Window(const Display &display, const vulkan::Device &device, const WindowOptions &options);
  ~Window();
  Window(const Window &) = delete;
  Window &operator=(const Window &) = delete;

  bool open() const; // until the user closes it, or close()
  void close();
  void hide();
  // Handles events (waiting at most `wait_seconds` for the first), then runs `draw` between ImGui::NewFrame and
  // ImGui::Render and presents. Skips drawing while minimised or 0x0. Returns whether a frame was presented.
  bool frame(double wait_seconds, const std::function<void()> &draw);
  // The frame presented next, read back from the swapchain's image as it was rendered.
  void request_screenshot();
  std::optional<ImageRgb8> take_screenshot(); // once, after the frame that made it

  void set_theme(Theme theme);
  float scale() const;             // of the monitor: 1, 1.5, 2, ...
  std::array<int, 2> size() const; // width and height in points; 0 where it is minimised
  double frames_per_second() const;
  double drawing_seconds() const; // that the last frame took, from its events to the screen
  const Responsiveness &responsiveness() const;
  std::vector<std::string> take_dropped_files();
  // For ImGui::Image, cached; the view and sampler must stay alive until forget_textures() or the window's end.
  void *texture(VkImageView view, VkSampler sampler);
  void forget_textures(); // waits for the device; ids given before are invalid

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope::viewer
