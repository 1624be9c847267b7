#include "atlas/neighbours.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "plan/product.h"

namespace convscope {

namespace {

constexpr int most_rows = 1024; // of the two matrices of a product

// The `count` nearest of a row that were seen, as (distance, index): a heap with the farthest on top.
using Nearest = std::vector<std::pair<float, int>>;

void offer(Nearest &nearest, std::size_t count, std::pair<float, int> point) {
  if (nearest.size() < count) {
    nearest.push_back(point);
    std::push_heap(nearest.begin(), nearest.end());
  } else if (point < nearest.front()) {
    std::pop_heap(nearest.begin(), nearest.end());
    nearest.back() = point;
    std::push_heap(nearest.begin(), nearest.end());
  }
}

// Products of blocks of rows: similarity (rows, rows) of rows i with rows j.
class Blocks {
public:
  Blocks(vulkan::Programs &programs, const Array &vectors, int rows)
      : vectors_(vectors), rows_(static_cast<std::size_t>(rows)), depth_(static_cast<std::size_t>(vectors.shape.at(1))),
        plan_(programs, "neighbours"), a_(tensor("a", rows_ * depth_)), b_(tensor("b", rows_ * depth_)),
        c_(tensor("similarity", rows_ * rows_)),
        product_(plan_, "similarity", 1, rows, static_cast<int>(depth_), rows) {
    product_.append(a_, b_, c_);
    plan_.allocate();
    product_.write();
    recording_.emplace(plan_.record(Variant::usual));
  }

  void set_first(std::size_t first) { // one after the other
    std::vector<float> block(rows_ * depth_);
    for (std::size_t r = 0; r < count_from(first); ++r)
      std::copy_n(row(first + r), depth_, block.begin() + static_cast<std::ptrdiff_t>(r * depth_));
    write(a_, block);
  }

  std::vector<float> with(std::size_t second) { // transposed
    std::vector<float> block(rows_ * depth_);
    for (std::size_t r = 0; r < count_from(second); ++r)
      for (std::size_t c = 0; c < depth_; ++c)
        block[c * rows_ + r] = row(second + r)[c];
    write(b_, block);
    recording_->run("similarities");
    return plan_.read_all<float>(c_);
  }

  std::size_t count_from(std::size_t first) const {
    return std::min(rows_, static_cast<std::size_t>(vectors_.shape[0]) - first);
  }

private:
  TensorId tensor(const char *name, std::size_t elements) { return plan_.persistent(name, elements * sizeof(float)); }
  const float *row(std::size_t index) const { return vectors_.data.data() + index * depth_; }
  void write(TensorId tensor, const std::vector<float> &values) {
    plan_.write(tensor, std::as_bytes(std::span(values)));
  }

  const Array &vectors_;
  std::size_t rows_, depth_;
  Plan plan_;
  TensorId a_, b_, c_;
  Product product_;
  std::optional<vulkan::Recording> recording_;
};

} // namespace

Array unit_rows(const Array &vectors) {
  Array unit = vectors;
  const auto columns = static_cast<std::size_t>(vectors.shape.at(1));
  for (std::size_t first = 0; first < unit.data.size(); first += columns) {
    double squares = 0;
    for (std::size_t c = 0; c < columns; ++c)
      squares += double(unit.data[first + c]) * unit.data[first + c];
    if (squares > 0)
      for (std::size_t c = 0; c < columns; ++c)
        unit.data[first + c] = static_cast<float>(unit.data[first + c] / std::sqrt(squares));
  }
  return unit;
}

Neighbours nearest_by_cosine(vulkan::Programs &programs, const Array &vectors, int count,
                             const std::function<void(double)> &told) {
  const auto points = static_cast<std::size_t>(vectors.shape.at(0));
  Neighbours found{static_cast<int>(points), std::max(0, std::min(count, static_cast<int>(points) - 1)), {}, {}};
  if (found.count == 0)
    return found;
  const auto wanted = static_cast<std::size_t>(found.count);
  const std::size_t rows = std::min<std::size_t>(most_rows, (points + 3) / 4 * 4);
  Blocks blocks(programs, vectors, static_cast<int>(rows));
  for (std::size_t i = 0; i < points; i += rows) {
    blocks.set_first(i);
    std::vector<Nearest> nearest(blocks.count_from(i));
    for (std::size_t j = 0; j < points; j += rows) {
      const std::vector<float> similarity = blocks.with(j);
      for (std::size_t r = 0; r < nearest.size(); ++r)
        for (std::size_t s = 0; s < blocks.count_from(j); ++s)
          if (i + r != j + s)
            offer(nearest[r], wanted, {std::clamp(1 - similarity[r * rows + s], 0.0F, 2.0F), static_cast<int>(j + s)});
    }
    for (Nearest &of_row : nearest) {
      std::sort_heap(of_row.begin(), of_row.end());
      for (const auto &[distance, index] : of_row) {
        found.distances.push_back(distance);
        found.indices.push_back(index);
      }
    }
    if (told)
      told(static_cast<double>(std::min(points, i + rows)) / static_cast<double>(points));
  }
  return found;
}

} // namespace convscope
