// Walking through constants of several dimensions.
#pragma once

#include <vector>

#include "importer/onnx/step.h"

namespace convscope::onnx_import {

std::vector<std::int64_t> strides_of(const Dims &dims);
// NotSupported where they don't go together.
Dims broadcast_dims(Step &step, const std::vector<Dims> &all);
// Of a tensor of `from` while walking through `to`, to which it is broadcast: 0 along repeated dimensions.
std::vector<std::int64_t> broadcast_strides(const Dims &from, const Dims &to);
// The elements of a result, which are charged to the translation's budget.
std::int64_t checked_count(Step &step, const Dims &dims);

// Through all indices of `dims` in row-major order, with the places that several lists of strides give them.
class Walk {
public:
  Walk(Dims dims, std::vector<std::vector<std::int64_t>> strides, std::vector<std::int64_t> starts = {})
      : dims_(std::move(dims)), strides_(std::move(strides)), places_(std::move(starts)), index_(dims_.size()) {
    places_.resize(strides_.size());
  }
  std::int64_t at(std::size_t list) const { return places_[list]; }
  const std::vector<std::int64_t> &index() const { return index_; }
  void advance() {
    for (std::size_t d = dims_.size(); d-- > 0;) {
      ++index_[d];
      for (std::size_t list = 0; list < strides_.size(); ++list)
        places_[list] += strides_[list][d];
      if (index_[d] < dims_[d])
        return;
      for (std::size_t list = 0; list < strides_.size(); ++list)
        places_[list] -= strides_[list][d] * dims_[d];
      index_[d] = 0;
    }
  }

private:
  Dims dims_;
  std::vector<std::vector<std::int64_t>> strides_;
  std::vector<std::int64_t> places_, index_;
};

} // namespace convscope::onnx_import
