#include "viewer/window.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>

#include "base/error.h"
#include "viewer/gui_renderer.h"
#include "viewer/host_buffer.h"
#include "viewer/inputs.h"
#include "viewer/screenshot.h"
#include "viewer/style.h"
#include "viewer/swapchain.h"
#include "vulkan/handle.h"

namespace convscope::viewer {
namespace {

using vulkan::Handle;
using vulkan::handle_value;
using Clock = std::chrono::steady_clock;

constexpr double minimised_wait = 0.05; // seconds, so that a hidden window does not spin

std::string glfw_complaint() {
  const char *text = nullptr;
  glfwGetError(&text);
  std::string reason = text ? text : "GLFW gives no reason";
  while (reason.ends_with(' ')) // where the display has no name
    reason.pop_back();
  return reason;
}

struct DestroyWindow {
  void operator()(GLFWwindow *window) const { glfwDestroyWindow(window); }
};
using WindowHandle = std::unique_ptr<GLFWwindow, DestroyWindow>;

WindowHandle open_window(const WindowOptions &options) {
  glfwDefaultWindowHints();
  glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE); // where its sizes are in pixels
  glfwWindowHintString(GLFW_X11_CLASS_NAME, "convscope");
  glfwWindowHintString(GLFW_X11_INSTANCE_NAME, "convscope");
  WindowHandle window(glfwCreateWindow(options.width, options.height, options.title.c_str(), nullptr, nullptr));
  if (!window)
    throw DeviceError(fmt::format("no window could be opened ({}); --offscreen works without one", glfw_complaint()));
  glfwSetWindowSizeLimits(window.get(), 320, 240, GLFW_DONT_CARE, GLFW_DONT_CARE);
  return window;
}

// Dear ImGui's context with its GLFW backend.
class Gui {
public:
  explicit Gui(GLFWwindow *window) : context_(ImGui::CreateContext()) {
    ImGui::SetCurrentContext(context_);
    ImGui::GetIO().IniFilename = nullptr; // Config keeps the layout
    ImGui::GetIO().LogFilename = nullptr;
    begin_inputs();
    if (!ImGui_ImplGlfw_InitForVulkan(window, true)) {
      ImGui::DestroyContext(context_);
      throw DeviceError("Dear ImGui does not start on this window");
    }
  }
  ~Gui() {
    ImGui::SetCurrentContext(context_);
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext(context_);
  }
  Gui(const Gui &) = delete;
  Gui &operator=(const Gui &) = delete;
  ImGuiContext *context() const { return context_; }

private:
  ImGuiContext *context_;
};

struct FrameInFlight {
  VkCommandBuffer commands = VK_NULL_HANDLE; // goes with its pool
  Handle<VkFence, vkDestroyFence> fence;     // signalled when its last commands have ended
};

Handle<VkCommandPool, vkDestroyCommandPool> make_pool(const vulkan::Device &device) {
  VkCommandPoolCreateInfo create{};
  create.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  create.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT | VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
  create.queueFamilyIndex = device.queue_family();
  VkCommandPool pool = VK_NULL_HANDLE;
  CONVSCOPE_VK(vkCreateCommandPool(device.handle(), &create, nullptr, &pool));
  device.name(VK_OBJECT_TYPE_COMMAND_POOL, handle_value(pool), "window");
  return {device.handle(), pool};
}

std::vector<FrameInFlight> make_frames(const vulkan::Device &device, VkCommandPool pool, int count) {
  std::vector<FrameInFlight> frames(static_cast<std::size_t>(count));
  for (FrameInFlight &frame : frames) {
    VkCommandBufferAllocateInfo request{};
    request.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    request.commandPool = pool;
    request.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    request.commandBufferCount = 1;
    CONVSCOPE_VK(vkAllocateCommandBuffers(device.handle(), &request, &frame.commands));
    device.name(VK_OBJECT_TYPE_COMMAND_BUFFER, handle_value(frame.commands), "window");
    VkFenceCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
    create.flags = VK_FENCE_CREATE_SIGNALED_BIT;
    VkFence fence = VK_NULL_HANDLE;
    CONVSCOPE_VK(vkCreateFence(device.handle(), &create, nullptr, &fence));
    frame.fence = {device.handle(), fence};
  }
  return frames;
}

// A frame waits for the one before it to be drawn; a CPU draws no faster for having two at once.
int frames_in_flight(const vulkan::Device &device) { return device.info().is_cpu() ? 1 : 2; }

void memory_barrier(VkCommandBuffer commands, VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
                    VkAccessFlags read) {
  VkMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = written;
  barrier.dstAccessMask = read;
  vkCmdPipelineBarrier(commands, from, to, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

// Of this monitor: how many pixels one of the screen's lengths is, and how many of those a point is. Dear ImGui's are
// points, unless CONVSCOPE_SCALE says another number.
struct Scale {
  float pixels = 1, points = 1, gui = 1;
  bool operator==(const Scale &) const = default;
};

Scale measure_scale(GLFWwindow *window) {
  int width = 0, height = 0, framebuffer_width = 0, framebuffer_height = 0;
  glfwGetWindowSize(window, &width, &height);
  glfwGetFramebufferSize(window, &framebuffer_width, &framebuffer_height);
  Scale scale;
  if (width > 0 && framebuffer_width > 0)
    scale.pixels = std::round(4 * static_cast<float>(framebuffer_width) / static_cast<float>(width)) / 4;
  scale.pixels = std::clamp(scale.pixels, 1.0F, 4.0F);
  float x = 1, y = 1;
  glfwGetWindowContentScale(window, &x, &y);
  // Where lengths are in points already (macOS, Wayland), the content's scale is that of the pixels.
  scale.points = scale.gui = std::isfinite(x) && x > 0 ? x / scale.pixels : 1;
  if (const char *given = std::getenv("CONVSCOPE_SCALE"))
    if (const float number = std::strtof(given, nullptr); number > 0)
      scale.gui = number;
  scale.gui = std::isfinite(scale.gui) ? std::clamp(scale.gui, 0.5F, 4.0F) : 1.0F;
  return scale;
}

} // namespace

Display::Display() {
#if defined(__APPLE__)
  glfwInitHint(GLFW_COCOA_CHDIR_RESOURCES, GLFW_FALSE); // relative paths stay what they are
#endif
  if (!glfwInit())
    throw DeviceError(
        fmt::format("no display to open a window on ({}); --offscreen works without one", glfw_complaint()));
}

Display::~Display() { glfwTerminate(); }

std::vector<std::string> Display::instance_extensions() const {
  std::uint32_t count = 0;
  const char **names = glfwGetRequiredInstanceExtensions(&count);
  return names ? std::vector<std::string>(names, names + count) : std::vector<std::string>();
}

std::vector<std::string> Display::device_extensions() { return {VK_KHR_SWAPCHAIN_EXTENSION_NAME}; }

struct Window::State {
  const vulkan::Device &device;
  WindowHandle window;
  Gui gui;
  Swapchain swapchain;
  Handle<VkCommandPool, vkDestroyCommandPool> pool;
  std::vector<FrameInFlight> frames;
  std::size_t current = 0;
  GuiRenderer renderer;

  Theme theme = Theme::dark;
  Scale scale;
  bool style_stale = true, font_stale = true;
  std::deque<Clock::time_point> presented; // of the last second
  Responsiveness responsiveness;
  Clock::time_point taken; // the last events
  double drawing = 0;      // seconds
  std::vector<std::string> dropped;
  Inputs inputs;
  bool screenshot_wanted = false;
  std::optional<ImageRgb8> screenshot;
  HostBuffer readback;

  State(const vulkan::Device &on, const WindowOptions &options)
      : device(on), window(open_window(options)), gui(window.get()),
        swapchain(
            on, [this](VkInstance instance) { return make_surface(instance); }, frames_in_flight(on)),
        pool(make_pool(on)), frames(make_frames(on, pool.get(), frames_in_flight(on))),
        renderer(on, swapchain.render_pass(), frames_in_flight(on)), scale(measure_scale(window.get())) {
    glfwSetWindowUserPointer(window.get(), this);
    glfwSetDropCallback(window.get(), [](GLFWwindow *on_window, int count, const char **paths) {
      auto &state = *static_cast<State *>(glfwGetWindowUserPointer(on_window));
      state.dropped.insert(state.dropped.end(), paths, paths + count);
    });
    glfwSetKeyCallback(window.get(), [](GLFWwindow *on_window, int key, int scancode, int action, int /*mods*/) {
      inputs_of(on_window).key(key, scancode, action);
    });
    glfwSetCharCallback(window.get(),
                        [](GLFWwindow *on_window, unsigned character) { inputs_of(on_window).character(character); });
    glfwSetMouseButtonCallback(window.get(), [](GLFWwindow *on_window, int button, int action, int /*mods*/) {
      inputs_of(on_window).button(button, action);
    });
    glfwSetCursorPosCallback(window.get(), [](GLFWwindow *on_window, double x, double y) {
      pass_move(on_window, x, y);
      inputs_of(on_window).move(x, y);
    });
    follow_style();
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() {
    // Failures do not matter any more.
    const std::lock_guard lock(device.queue_mutex());
    vkQueueWaitIdle(device.queue());
  }

  static Inputs &inputs_of(GLFWwindow *on_window) {
    return static_cast<State *>(glfwGetWindowUserPointer(on_window))->inputs;
  }
  VkSurfaceKHR make_surface(VkInstance instance) const {
    VkSurfaceKHR surface = VK_NULL_HANDLE;
    const VkResult result = glfwCreateWindowSurface(instance, window.get(), nullptr, &surface);
    if (result != VK_SUCCESS)
      throw DeviceError(fmt::format("{} can't draw on this display ({}); --offscreen works without one",
                                    device.info().name, glfw_complaint()));
    return surface;
  }

  bool wait(const FrameInFlight &frame) const;
  void idle() const;
  bool handle_events(double wait_seconds);
  VkExtent2D framebuffer() const;
  void follow_style();
  std::optional<std::uint32_t> next_image();
  void record(const FrameInFlight &frame, std::uint32_t image);
  bool present(const FrameInFlight &frame, std::uint32_t image);
  void read_screenshot(const FrameInFlight &frame);
  void count_frame();
};

// Whether the frame's commands ended within a second.
bool Window::State::wait(const FrameInFlight &frame) const {
  const VkFence fence = frame.fence.get();
  const VkResult result = vkWaitForFences(device.handle(), 1, &fence, VK_TRUE, second_ns);
  vulkan::check(result, "vkWaitForFences", "drawing the window");
  return result == VK_SUCCESS;
}

// Waits for the frames without the queue's lock, then for what presents them.
void Window::State::idle() const {
  for (const FrameInFlight &frame : frames)
    while (!wait(frame)) {
    }
  const std::lock_guard lock(device.queue_mutex());
  vulkan::check(vkQueueWaitIdle(device.queue()), "vkQueueWaitIdle", "waiting for the window's frames");
}

VkExtent2D Window::State::framebuffer() const {
  int width = 0, height = 0;
  if (!glfwGetWindowAttrib(window.get(), GLFW_ICONIFIED))
    glfwGetFramebufferSize(window.get(), &width, &height);
  return {static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height)};
}

// Whether there is something to draw on.
bool Window::State::handle_events(double wait_seconds) {
  const auto visible = [this] {
    const VkExtent2D size = framebuffer();
    return size.width > 0 && size.height > 0;
  };
  const double seconds = !visible() ? std::max(wait_seconds, minimised_wait) : inputs.wait() ? 0 : wait_seconds;
  responsiveness.waits(Clock::now());
  if (seconds > 0)
    glfwWaitEventsTimeout(seconds);
  else
    glfwPollEvents();
  taken = Clock::now();
  responsiveness.takes(taken);
  if (!visible())
    responsiveness.rests();
  return visible();
}

// A turn of the queue's, and the frame in it. False where the window is closed while that waits.
bool Window::State::present(const FrameInFlight &frame, std::uint32_t image) {
  struct Turn {
    vulkan::Turns &turns;
    explicit Turn(vulkan::Turns &of) : turns(of) {}
    Turn(const Turn &) = delete;
    Turn &operator=(const Turn &) = delete;
    ~Turn() { turns.end_frame(); }
  };
  const Turn turn(device.turns());
  while (!turn.turns.begin_frame(std::chrono::milliseconds(20))) {
    glfwPollEvents();
    if (glfwWindowShouldClose(window.get()))
      return false;
  }
  const VkFence fence = frame.fence.get();
  CONVSCOPE_VK(vkResetFences(device.handle(), 1, &fence));
  swapchain.present(frame.commands, fence, image, static_cast<int>(current));
  return true;
}

// Between frames: a change of the theme, or of the monitor's scale.
void Window::State::follow_style() {
  if (const Scale now = measure_scale(window.get()); now != scale) {
    scale = now;
    style_stale = font_stale = true;
  }
  if (style_stale)
    apply_style(theme, scale.gui);
  style_stale = false;
  if (font_stale) {
    idle();
    load_font(scale.gui, scale.pixels);
    renderer.upload_font();
  }
  font_stale = false;
}

// The image to draw the current frame into; none where the window should look after its events first.
std::optional<std::uint32_t> Window::State::next_image() {
  if (!wait(frames[current]))
    return std::nullopt;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!swapchain.fit(framebuffer(), [this] { idle(); }))
      return std::nullopt;
    if (const auto image = swapchain.acquire(static_cast<int>(current)))
      return image;
  }
  return std::nullopt;
}

void Window::State::record(const FrameInFlight &frame, std::uint32_t image) {
  const VkCommandBuffer commands = frame.commands;
  const VkExtent2D extent = swapchain.extent();
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  CONVSCOPE_VK(vkBeginCommandBuffer(commands, &begin));
  // Textures are written by the other thread's submissions before this one, and by those after it.
  constexpr VkPipelineStageFlags work = VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
  memory_barrier(commands, work, VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_WRITE_BIT,
                 VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT);
  swapchain.begin_pass(commands, image, background(theme));
  renderer.draw(commands, *ImGui::GetDrawData(), extent, static_cast<int>(current));
  vkCmdEndRenderPass(commands);
  if (screenshot_wanted) {
    if (!swapchain.readable())
      throw DeviceError(fmt::format("{} does not let the window's picture be read", device.info().name));
    const VkDeviceSize bytes = VkDeviceSize{extent.width} * extent.height * 4;
    readback = HostBuffer(device, bytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT, true, "screenshot");
    record_screenshot(commands, swapchain.image(image), extent, readback.handle());
    memory_barrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                   VK_ACCESS_HOST_READ_BIT);
  }
  memory_barrier(commands, VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT, 0, work, 0);
  CONVSCOPE_VK(vkEndCommandBuffer(commands));
}

void Window::State::read_screenshot(const FrameInFlight &frame) {
  while (!wait(frame))
    glfwPollEvents();
  screenshot = screenshot_of(readback, swapchain.extent(), swapchain.format() == VK_FORMAT_B8G8R8A8_UNORM);
  readback = {};
  screenshot_wanted = false;
}

void Window::State::count_frame() {
  const Clock::time_point now = Clock::now();
  presented.push_back(now);
  responsiveness.shows(now);
  drawing = std::chrono::duration<double>(now - taken).count();
  while (now - presented.front() > std::chrono::seconds(1))
    presented.pop_front();
}

Window::Window(const Display & /*display*/, const vulkan::Device &device, const WindowOptions &options)
    : state_(std::make_unique<State>(device, options)) {}

Window::~Window() = default;

bool Window::open() const { return !glfwWindowShouldClose(state_->window.get()); }

void Window::close() { glfwSetWindowShouldClose(state_->window.get(), GLFW_TRUE); }

void Window::hide() { glfwHideWindow(state_->window.get()); }

bool Window::frame(double wait_seconds, const std::function<void()> &draw) {
  State &s = *state_;
  ImGui::SetCurrentContext(s.gui.context());
  if (!s.handle_events(wait_seconds))
    return false;
  s.follow_style();
  const auto image = s.next_image();
  if (!image)
    return false;
  ImGui_ImplGlfw_NewFrame();
  s.inputs.show();
  ImGui::NewFrame();
  draw();
  ImGui::Render();

  const FrameInFlight &frame = s.frames[s.current];
  s.record(frame, *image);
  if (!s.present(frame, *image))
    return false;
  s.count_frame();
  if (s.screenshot_wanted)
    s.read_screenshot(frame);
  s.current = (s.current + 1) % s.frames.size();
  return true;
}

void Window::request_screenshot() { state_->screenshot_wanted = true; }

std::optional<ImageRgb8> Window::take_screenshot() { return std::exchange(state_->screenshot, std::nullopt); }

void Window::set_theme(Theme theme) {
  state_->style_stale = state_->style_stale || theme != state_->theme;
  state_->theme = theme;
}

float Window::scale() const { return state_->scale.gui; }

std::array<int, 2> Window::size() const {
  int width = 0, height = 0;
  glfwGetWindowSize(state_->window.get(), &width, &height);
  const auto in_points = [&](int length) {
    return static_cast<int>(std::lround(static_cast<float>(length) / state_->scale.points));
  };
  return {in_points(width), in_points(height)};
}

double Window::frames_per_second() const {
  const auto &times = state_->presented;
  // None for a second: the window stands still.
  if (times.size() < 2 || Clock::now() - times.back() > std::chrono::seconds(1))
    return 0;
  return static_cast<double>(times.size() - 1) / std::chrono::duration<double>(times.back() - times.front()).count();
}

double Window::drawing_seconds() const { return state_->drawing; }

const Responsiveness &Window::responsiveness() const { return state_->responsiveness; }

std::vector<std::string> Window::take_dropped_files() { return std::exchange(state_->dropped, {}); }

void *Window::texture(VkImageView view, VkSampler sampler) {
  // ImGui hands on what it calls a pointer; it is a number.
  return reinterpret_cast<void *>(state_->renderer.texture(view, sampler)); // NOLINT(performance-no-int-to-ptr)
}

void Window::forget_textures() {
  state_->idle();
  state_->renderer.forget_textures();
}

} // namespace convscope::viewer
