// A command buffer recorded once and submitted many times, with its descriptor sets and timestamps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vulkan/buffer.h"
#include "vulkan/flight.h"
#include "vulkan/program.h"

namespace convscope::vulkan {

// From one timestamp to a later one, of a counter of so many bits that has wrapped at most once.
std::uint64_t elapsed_ticks(std::uint64_t begin, std::uint64_t end, std::uint32_t bits);

class Recording {
public:
  // `timed`: a timestamp around every dispatch and custom step (ignored where the device has none).
  Recording(const Device &device, std::string_view name, bool timed = false);
  Recording(Recording &&) noexcept;
  Recording &operator=(Recording &&) noexcept;
  ~Recording();

  // Throws std::logic_error where the slices or push bytes are not what the program's layout says,
  // or a limit of the device (groups, storage range, alignment) is exceeded.
  void dispatch(const Program &program, std::array<std::uint32_t, 3> groups, std::span<const std::byte> push,
                std::span<const Slice> slices, std::string_view label);
  // The same, of the groups first .. first + groups - 1 alone. Kernels see in gl_NumWorkGroups what is run of them:
  // Program::layer_axis tells whether they can be.
  void dispatch_part(const Program &program, std::array<std::uint32_t, 3> first, std::array<std::uint32_t, 3> groups,
                     std::span<const std::byte> push, std::span<const Slice> slices, std::string_view label);
  // Makes writes by everything recorded so far visible to everything after (compute and transfer).
  void barrier();
  void fill(const Slice &slice, std::uint32_t word); // offset and bytes are multiples of 4
  void copy(const Slice &from, const Slice &to);     // from.bytes == to.bytes
  // Commands of another library, such as VkFFT.
  void custom(const std::function<void(VkCommandBuffer)> &record, std::string_view label);
  // Where a device is lost, the error tells between which of these it was (Breadcrumbs). Follows a barrier.
  void mark();
  void finish(); // no more commands; may be submitted from now on

  void run(std::string_view doing) const; // submit and wait
  void submit(Flight &flight, std::string doing, Flight::Landed landed = {}) const;
  VkCommandBuffer commands() const;

  struct Timing {
    std::string label, shader; // no shader: commands of others
    double milliseconds = 0;
  };
  // Of the last run, in order; empty unless `timed` and supported.
  std::vector<Timing> timings() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope::vulkan
