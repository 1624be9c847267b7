// What right kernels give, computed in double by another implementation (tests/reference) and kept as a few numbers.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace convscope::doctor {

// An array's Euclidean norm and its sums of products with fixed arrays of noise in -1..1: one element that is wrong by
// a thousandth of the others' size already shows in them.
struct Summary {
  double norm = 0;
  std::array<double, 4> projections{};
};
template <typename Number> Summary summarize(std::span<const Number> values);
extern template Summary summarize(std::span<const float>);
extern template Summary summarize(std::span<const double>);

// About |values - right| / |right| in the Euclidean norm; infinity where something is not a number.
double difference(const Summary &values, const Summary &right);

struct RightValue {
  std::string_view name; // "case > output"
  Summary summary;
};
// The table that comes with the program: right_values_table.cpp, made by convscope-right-values (tests/doctor).
std::span<const RightValue> right_values();
// Null where the table has no such row.
const RightValue *find_right_value(std::span<const RightValue> table, std::string_view name);

} // namespace convscope::doctor
