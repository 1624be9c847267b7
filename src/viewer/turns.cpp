#include "viewer/turns.h"

#include <algorithm>
#include <limits>

namespace convscope::viewer {

std::size_t Turns::next(const std::array<bool, count> &wanting) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < count; ++i)
    if (wanting[i] && wanted_[i])
      least = std::min(least, had_[i]);
  if (!(least < std::numeric_limits<double>::infinity()))
    least = 0;                            // all are new
  for (std::size_t i = 0; i < count; ++i) // what is long past does not count
    had_[i] = wanting[i] && wanted_[i] ? had_[i] - least : 0;
  wanted_ = wanting;
  std::size_t who = count;
  for (std::size_t i = 0; i < count; ++i)
    if (wanting[i] && (who == count || had_[i] < had_[who]))
      who = i;
  return who;
}

} // namespace convscope::viewer
