// How long something took.
#pragma once

#include <chrono>

namespace convscope {

// From when it is made, in seconds.
class Stopwatch {
public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace convscope
