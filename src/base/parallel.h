// The same work on many items by all of the host's cores.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace convscope {

// Calls work(first, last) for ranges that together are 0 .. count; `work` must not throw. Few items stay on this
// thread.
template <typename Work> void parallel_for(std::size_t count, std::size_t fewest, const Work &work) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t parts = std::clamp<std::size_t>(count / std::max<std::size_t>(fewest, 1), 1, cores);
  std::vector<std::thread> threads;
  for (std::size_t part = 1; part < parts; ++part)
    threads.emplace_back([&, part] { work(count * part / parts, count * (part + 1) / parts); });
  work(0, count / parts);
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace convscope
