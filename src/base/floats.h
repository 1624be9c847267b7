// A vector of floats that copies share: weights, of which a net at another input size is no second copy.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace convscope {

// Reads are std::vector's. What changes elements, or could, makes them its own first where others share them.
class Floats {
public:
  using value_type = float;
  Floats() = default;
  Floats(std::vector<float> values) : values_(std::make_shared<std::vector<float>>(std::move(values))) {}
  Floats(std::initializer_list<float> values) : Floats(std::vector<float>(values)) {}

  operator const std::vector<float> &() const { return get(); }
  std::size_t size() const { return get().size(); }
  bool empty() const { return get().empty(); }
  const float *data() const { return get().data(); }
  float operator[](std::size_t i) const { return get()[i]; }
  std::vector<float>::const_iterator begin() const { return get().begin(); }
  std::vector<float>::const_iterator end() const { return get().end(); }

  // Theirs alone from now on; valid until this object is copied.
  std::vector<float> &own() {
    if (!values_ || values_.use_count() > 1)
      values_ = std::make_shared<std::vector<float>>(get());
    return *values_;
  }

  bool shares(const Floats &other) const { return values_ == other.values_; }
  bool operator==(const Floats &other) const { return shares(other) || get() == other.get(); }

private:
  const std::vector<float> &get() const {
    static const std::vector<float> none;
    return values_ ? *values_ : none;
  }
  std::shared_ptr<std::vector<float>> values_;
};

} // namespace convscope
