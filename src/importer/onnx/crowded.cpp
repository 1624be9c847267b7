#include "importer/onnx/crowded.h"

#include <algorithm>

namespace convscope::onnx_import {

namespace {

bool of_batch(const Parts &parts) {
  return std::any_of(parts.begin(), parts.end(), [](const Part &part) { return part.side == Side::n; });
}

std::size_t index(Side side) { return static_cast<std::size_t>(side) - 1; } // in an Arrangement

// Which dimensions make each side of the node, outermost first; nothing where one is of more than one side, or where
// they are not all of a side.
std::optional<Arrangement> sides_of(const Value &value, const Sides &sides) {
  Arrangement arrangement;
  for (const Side side : {Side::c, Side::h, Side::w}) {
    std::vector<std::pair<std::int64_t, int>> found; // by the stride
    for (int i = 0; i < value.rank(); ++i) {
      const Parts &parts = value.view[static_cast<std::size_t>(i)];
      if (parts.empty() || parts.front().side != side)
        continue;
      if (parts.size() != 1)
        return {};
      found.emplace_back(parts.front().stride, i);
    }
    std::sort(found.rbegin(), found.rend());
    for (const auto &[stride, i] : found)
      arrangement[index(side)].push_back(i);
    if (joined(value.view, arrangement[index(side)]) != whole(side, sides))
      return {};
  }
  return arrangement;
}

// The dimension of a value that is broadcast with one of `rank` dimensions; -1: it has none there.
int own_dimension(const Value &value, int dimension, int rank) {
  const int own = dimension - (rank - value.rank());
  return own < 0 || value.view[static_cast<std::size_t>(own)].empty() ? -1 : own;
}

// `other` as `leader` lies, which stays where it is.
bool follow(Step &step, const Value &leader, Value &other) {
  const std::optional<Arrangement> sides = sides_of(leader, step.sides(leader.node));
  if (!sides || other.rank() > leader.rank())
    return false;
  Arrangement arrangement;
  int followed = 0;
  for (std::size_t side = 0; side < 3; ++side) {
    for (const int dimension : (*sides)[side])
      if (const int own = own_dimension(other, dimension, leader.rank()); own >= 0) {
        arrangement[side].push_back(own);
        ++followed;
      }
    if (!arrangement[side].empty() && arrangement[side].size() != (*sides)[side].size())
      return false; // it would have to be repeated within a side
  }
  if (followed != long_dimensions(other))
    return false;
  step.arrange(other, arrangement);
  return true;
}

} // namespace

int long_dimensions(const Value &value) {
  return static_cast<int>(std::count_if(value.view.begin(), value.view.end(),
                                        [](const Parts &parts) { return !parts.empty() && !of_batch(parts); }));
}

bool crowded(const Value &value, const Dims &dims) {
  const std::size_t added = dims.size() - value.view.size();
  int count = 0;
  for (std::size_t i = 0; i < dims.size(); ++i)
    count += dims[i] != 1 && (i < added || !of_batch(value.view[i - added])) ? 1 : 0;
  return count > 3;
}

std::optional<OuterDigit> outer_digit(const Value &value, int dimension, const Sides &sides) {
  const Parts &parts = value.view[static_cast<std::size_t>(dimension)];
  if (parts.size() != 1 || parts[0].side == Side::n || parts[0].length * parts[0].stride != sides.length(parts[0].side))
    return {};
  return OuterDigit{parts[0].side, parts[0].stride};
}

void set_apart(Step &step, Value &value, int dimension) {
  Arrangement arrangement{{{}, {dimension}, {}}};
  for (int i = 0; i < value.rank(); ++i)
    if (i != dimension && !of_batch(value.view[static_cast<std::size_t>(i)]))
      arrangement[i < dimension ? 0 : 2].push_back(i);
  if (of_batch(value.view[static_cast<std::size_t>(dimension)]))
    step.unsupported("is over the images of a batch");
  step.arrange(value, arrangement);
}

void arrange_together(Step &step, Value &a, Value &b) {
  Value &leader = long_dimensions(a) >= long_dimensions(b) ? a : b;
  Value &other = &leader == &a ? b : a;
  if (follow(step, leader, other))
    return;
  // What both have is c, what one alone has is h or w.
  const int rank = std::max(a.rank(), b.rank());
  Arrangement of_a, of_b;
  for (int i = 0; i < rank; ++i) {
    const int in_a = own_dimension(a, i, rank), in_b = own_dimension(b, i, rank);
    if ((in_a >= 0 && of_batch(a.view[static_cast<std::size_t>(in_a)])) ||
        (in_b >= 0 && of_batch(b.view[static_cast<std::size_t>(in_b)])))
      continue;
    if (in_a >= 0)
      of_a[in_b >= 0 ? 0 : 1].push_back(in_a);
    if (in_b >= 0)
      of_b[in_a >= 0 ? 0 : 2].push_back(in_b);
  }
  step.arrange(a, of_a);
  step.arrange(b, of_b);
}

std::optional<Side> joining_side(const Step &step, const std::vector<Value *> &values, int dimension) {
  const auto at = static_cast<std::size_t>(dimension);
  std::optional<OuterDigit> digit;
  for (const Value *value : values)
    if (!digit)
      digit = outer_digit(*value, dimension, step.sides(value->node));
  if (!digit) // one long in all of them: a digit before those of c
    digit = OuterDigit{Side::c, step.shape(values[0]->node).c};
  for (const Value *value : values) {
    for (std::size_t i = 0; i < value->view.size(); ++i)
      if (i != at && value->view[i] != values[0]->view[i])
        return {};
    const Parts &parts = value->view[at];
    const std::int64_t along = step.sides(value->node).length(digit->side);
    const bool whole_runs = parts.empty()
                                ? along == digit->stride
                                : parts.size() == 1 && parts[0].side == digit->side &&
                                      parts[0].stride == digit->stride && parts[0].length * parts[0].stride == along;
    if (!whole_runs)
      return {};
    for (const Side side : {Side::c, Side::h, Side::w})
      if (side != digit->side && step.sides(value->node).length(side) != step.sides(values[0]->node).length(side))
        return {};
  }
  return digit->side;
}

} // namespace convscope::onnx_import
