#include "dataset/ranking.h"

#include <algorithm>
#include <cmath>

namespace convscope {

std::size_t HistogramCounter::slot(int bin) {
  const int at = bin + side;
  return static_cast<std::size_t>(at);
}

bool HistogramCounter::fits(double value) const {
  const double bin = std::floor(std::ldexp(value, -exponent_));
  return bin >= -side && bin < side;
}

// Pairs that share a bin of the double width; those about 0 have it as their edge.
void HistogramCounter::widen() {
  std::vector<std::int64_t> wider(counts_.size());
  for (int bin = -side; bin < side; ++bin)
    wider[slot(bin < 0 ? (bin - 1) / 2 : bin / 2)] += counts_[slot(bin)];
  counts_ = std::move(wider);
  ++exponent_;
}

void HistogramCounter::add(double value) {
  if (value == 0) {
    ++zeros_;
    return;
  }
  if (empty_) {
    counts_.assign(2 * side, 0);
    std::frexp(value, &exponent_);
    exponent_ -= 6; // the narrowest that can hold it: 32 of them are half as long as the next power of two
    empty_ = false;
  }
  while (!fits(value))
    widen();
  ++counts_[slot(static_cast<int>(std::floor(std::ldexp(value, -exponent_))))];
}

Histogram HistogramCounter::histogram() const {
  Histogram histogram;
  if (empty_) {
    if (zeros_ > 0)
      histogram = {{0, 1}, {zeros_}};
    return histogram;
  }
  int first = zeros_ > 0 ? 0 : side, last = zeros_ > 0 ? 0 : -side;
  for (int bin = -side; bin < side; ++bin)
    if (counts_[slot(bin)] > 0) {
      first = std::min(first, bin);
      last = std::max(last, bin);
    }
  if (first > 0) // an axis begins at 0
    first = 0;
  for (int bin = first; bin <= last; ++bin) {
    histogram.edges.push_back(std::ldexp(bin, exponent_));
    histogram.counts.push_back(counts_[slot(bin)] + (bin == 0 ? zeros_ : 0));
  }
  histogram.edges.push_back(std::ldexp(last + 1, exponent_));
  return histogram;
}

bool Ranking::ahead(const Ranked &a, const Ranked &b) const {
  return a.value != b.value ? a.value > b.value : (*before_)(a.photo, b.photo);
}

void Ranking::add(const Ranked &photo) {
  if (photo.value == 0 || std::isnan(photo.value) || top_ == 0)
    return;
  const auto order = [this](const Ranked &a, const Ranked &b) { return ahead(a, b); };
  if (heap_.size() == top_) {
    if (!ahead(photo, heap_.front()))
      return;
    std::pop_heap(heap_.begin(), heap_.end(), order);
    heap_.pop_back();
  }
  heap_.push_back(photo);
  std::push_heap(heap_.begin(), heap_.end(), order);
}

std::vector<Ranked> Ranking::best() const {
  std::vector<Ranked> sorted = heap_;
  std::sort(sorted.begin(), sorted.end(), [this](const Ranked &a, const Ranked &b) { return ahead(a, b); });
  return sorted;
}

} // namespace convscope
