#include "doctor/right_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "doctor/noise.h"

namespace convscope::doctor {

template <typename Number> Summary summarize(std::span<const Number> values) {
  constexpr std::uint64_t seed = 1000; // of the first projection
  Summary summary;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<double>(values[i]);
    summary.norm += value * value;
    for (std::size_t k = 0; k < summary.projections.size(); ++k)
      summary.projections[k] += value * (2 * noise_at(seed + k, i) - 1);
  }
  summary.norm = std::sqrt(summary.norm);
  return summary;
}
template Summary summarize(std::span<const float>);
template Summary summarize(std::span<const double>);

double difference(const Summary &values, const Summary &right) {
  double largest = std::abs(values.norm - right.norm);
  for (std::size_t k = 0; k < right.projections.size(); ++k) {
    // std::max would lose what is not a number.
    const double apart = std::abs(values.projections[k] - right.projections[k]);
    if (!(apart <= largest))
      largest = apart;
  }
  const double relative = largest / (right.norm > 0 ? right.norm : 1);
  return std::isfinite(relative) ? relative : std::numeric_limits<double>::infinity();
}

const RightValue *find_right_value(std::span<const RightValue> table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const RightValue &row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

} // namespace convscope::doctor
