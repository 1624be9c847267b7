#include "visualization/fft.h"

#include <cstdint>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

// VkFFT before 1.3 lists the compiler's limits in the order that glslang 11 had them, which glslang 12 can't take:
// the list goes to a type that ignores it, and whose address is that of glslang's own defaults.
#if !__has_include(<vkFFT/vkFFT_Structs/vkFFT_Structs.h>)
#include <initializer_list>

#include <glslang/Include/glslang_c_interface.h>
#include <glslang/Public/resource_limits_c.h>

namespace {
struct Limit {
  Limit(int) {}
  Limit(std::initializer_list<int>) {}
};
struct Limits {
  Limits(std::initializer_list<Limit>) {}
  const glslang_resource_t *operator&() const { return glslang_default_resource(); }
};
} // namespace
#define glslang_resource_t Limits
#endif

// VkFFT submits the upload of its tables by itself, to a queue that threads share: it gets the queue for as long as
// that takes, not for the second in which it compiles.
#include "vulkan/fair_mutex.h"
namespace {
thread_local convscope::vulkan::FairMutex *mutex_of_queue = nullptr; // of the transform that is being compiled
// What became of its submits, which VkFFT's own codes do not tell.
struct Submitted {
  VkResult result = VK_SUCCESS;
  const char *call = "";
};
thread_local Submitted submitted;
VkResult noted(VkResult result, const char *call) {
  if (result < 0 && submitted.result == VK_SUCCESS)
    submitted = {result, call};
  return result;
}
VkResult submit_in_turn(VkQueue queue, std::uint32_t count, const VkSubmitInfo *submits, VkFence fence) {
  const std::lock_guard lock(*mutex_of_queue);
  return noted(vkQueueSubmit(queue, count, submits, fence), "vkQueueSubmit");
}
VkResult wait_and_note(VkDevice device, std::uint32_t count, const VkFence *fences, VkBool32 all, std::uint64_t ns) {
  return noted(vkWaitForFences(device, count, fences, all, ns), "vkWaitForFences");
}
} // namespace

// VkFFT changes the process's locale while it writes shaders, on whatever thread, and puts it back by a name that the
// change has freed (before 1.3). Numbers are the C locale's all the time: GLFW sets LC_CTYPE alone.
#include <clocale>
namespace {
[[maybe_unused]] char *leave_locale(int /*category*/, const char * /*name*/) { return nullptr; }
} // namespace
#define setlocale leave_locale
#define vkQueueSubmit submit_in_turn
#define vkWaitForFences wait_and_note
#include <vkFFT.h>
#undef vkWaitForFences
#undef vkQueueSubmit
#undef setlocale
#undef glslang_resource_t

#include "base/error.h"
#include "vulkan/handle.h"

namespace convscope {

struct Fft::State {
  const vulkan::Device &device;
  int height, width, planes;
  // VkFFT keeps pointers to all of these.
  VkPhysicalDevice physical;
  VkDevice handle;
  VkQueue queue;
  VkCommandPool pool;
  vulkan::Handle<VkFence, vkDestroyFence> owned_fence;
  VkFence fence = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  std::uint64_t bytes = 0;
  VkFFTApplication application{};
  bool ready = false;

  State(const vulkan::Device &on, int h, int w, int n)
      : device(on), height(h), width(w), planes(n), physical(on.physical()), handle(on.handle()), queue(on.queue()),
        pool(on.pool()) {}
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State() {
    if (ready)
      deleteVkFFT(&application);
  }

  void check(VkFFTResult result, const char *doing) const {
    if (result != VKFFT_SUCCESS)
      throw DeviceError(fmt::format("VkFFT failed to {} a transform of {}x{} (error {})", doing, width, height,
                                    static_cast<int>(result)));
  }

  void compile(VkBuffer in) {
    device.check_interrupt();
    VkFenceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
    vulkan::check(vkCreateFence(handle, &info, nullptr, &fence), "vkCreateFence", "compiling a Fourier transform");
    owned_fence = {handle, fence};
    buffer = in;
    bytes = std::uint64_t{8} * static_cast<std::uint64_t>(planes) * static_cast<std::uint64_t>(height) *
            static_cast<std::uint64_t>(width / 2 + 1);
    VkFFTConfiguration configuration{};
    configuration.FFTdim = 2;
    configuration.size[0] = static_cast<std::uint64_t>(width);
    configuration.size[1] = static_cast<std::uint64_t>(height);
    configuration.numberBatches = static_cast<std::uint64_t>(planes);
    configuration.performR2C = 1;
    // Two rows in one complex transform would share their rounding errors.
    configuration.disableMergeSequencesR2C = 1;
    configuration.useLUT = 1; // exact factors, whatever the precision of the device's sine
    configuration.physicalDevice = &physical;
    configuration.device = &handle;
    configuration.queue = &queue;
    configuration.commandPool = &pool;
    configuration.fence = &fence;
    configuration.buffer = &buffer;
    configuration.bufferSize = &bytes;
    mutex_of_queue = &device.queue_mutex();
    submitted = {};
    // On failure VkFFT has released what it made.
    const VkFFTResult result = initializeVkFFT(&application, configuration);
    vulkan::check(submitted.result, submitted.call, "compiling a Fourier transform");
    check(result, "compile");
    ready = true;
  }
};

Fft::Fft(const vulkan::Device &device, int height, int width, int planes)
    : state_(std::make_unique<State>(device, height, width, planes)) {}
Fft::Fft(Fft &&) noexcept = default;
Fft &Fft::operator=(Fft &&) noexcept = default;
Fft::~Fft() = default;

void Fft::append(VkCommandBuffer commands, VkBuffer buffer, bool inverse) {
  State &s = *state_;
  if (!s.ready)
    s.compile(buffer);
  if (buffer != s.buffer)
    throw std::logic_error("a Fourier transform belongs to one buffer");
  VkFFTLaunchParams launch{};
  launch.commandBuffer = &commands;
  s.check(VkFFTAppend(&s.application, inverse ? 1 : -1, &launch), "record");
}

} // namespace convscope
