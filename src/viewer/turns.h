// Whose turn it is, of some that share a thread's time by their weights: no window, no device.
#pragma once

#include <array>
#include <cstddef>

namespace convscope::viewer {

class Turns {
public:
  static constexpr std::size_t count = 4;

  explicit Turns(const std::array<double, count> &weights) : weights_(weights) {}

  // Of those who want one, whoever had least for its weight; who only joins now gets no more than the others. One must
  // want it.
  std::size_t next(const std::array<bool, count> &wanting);
  void spent(std::size_t who, double seconds) { had_[who] += seconds / weights_[who]; }

private:
  std::array<double, count> weights_, had_{};
  std::array<bool, count> wanted_{};
};

} // namespace convscope::viewer
