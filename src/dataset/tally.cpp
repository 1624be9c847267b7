#include "dataset/tally.h"

#include <cmath>

namespace convscope {

Tally::Tally(const std::vector<int> &channels, std::size_t top, const Ranking::Before &before) {
  for (const int channel : channels)
    channels_.push_back({channel, Ranking(top, before), {}});
}

void Tally::add(std::int64_t photo, const Peaks &peaks) {
  ++photos_;
  for (Channel &of : channels_) {
    const auto c = static_cast<std::size_t>(of.channel);
    const float value = peaks.values.at(c);
    of.ranking.add({photo, value, peaks.places.at(c)});
    of.excited += value > 0 ? 1 : 0;
    if (std::isfinite(value))
      of.histogram.add(value);
  }
}

} // namespace convscope
