// From the maxima of photos, one photo after the other in any order: the best few of a channel, and how all are
// distributed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace convscope {

struct Histogram {
  // counts[i] is of values from edges[i] up to but without edges[i + 1].
  std::vector<double> edges;
  std::vector<std::int64_t> counts;
  bool operator==(const Histogram &) const = default;
};

// Counts without knowing the largest value beforehand: bins are a power of two wide and begin at 0, and two become one
// where a value lies beyond the last. So what comes out does not depend on the order.
class HistogramCounter {
public:
  void add(double value); // finite
  Histogram histogram() const;

private:
  static constexpr int side = 32;   // bins above 0 and below it
  static std::size_t slot(int bin); // in counts_
  bool fits(double value) const;
  void widen();
  int exponent_ = 0; // of the width
  bool empty_ = true;
  std::int64_t zeros_ = 0; // which lie in any first bin
  std::vector<std::int64_t> counts_;
};

struct Ranked {
  std::int64_t photo = 0; // its number
  float value = 0;
  std::uint32_t place = 0;
};

// The `top` photos of the largest values. Of equal ones `before` tells which is ahead. A photo that leaves the channel
// silent (0, or not a number) is never among them.
class Ranking {
public:
  using Before = std::function<bool(std::int64_t photo, std::int64_t other)>;
  Ranking(std::size_t top, const Before &before) : top_(top), before_(&before) {}
  void add(const Ranked &photo);
  std::vector<Ranked> best() const; // first the largest

private:
  bool ahead(const Ranked &a, const Ranked &b) const;
  std::size_t top_;
  const Before *before_;
  std::vector<Ranked> heap_; // the last of them first
};

} // namespace convscope
