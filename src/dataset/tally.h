// What follows from photos' maxima for each channel, one photo after the other in any order.
#pragma once

#include <cstdint>
#include <vector>

#include "dataset/peaks.h"
#include "dataset/ranking.h"

namespace convscope {

class Tally {
public:
  struct Channel {
    int channel;
    Ranking ranking;
    HistogramCounter histogram;
    std::int64_t excited = 0; // photos with a maximum above 0
  };
  // `before` outlives it.
  Tally(const std::vector<int> &channels, std::size_t top, const Ranking::Before &before);
  void add(std::int64_t photo, const Peaks &peaks); // of the layer's channels

  std::int64_t photos() const { return photos_; }
  const std::vector<Channel> &channels() const { return channels_; } // in the order of those that were given

private:
  std::vector<Channel> channels_;
  std::int64_t photos_ = 0;
};

} // namespace convscope
