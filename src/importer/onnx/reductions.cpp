#include "importer/onnx/reductions.h"

#include "importer/onnx/crowded.h"

#include <algorithm>

namespace convscope::onnx_import {

std::optional<Axes> axes_of(const Value &value, const std::vector<int> &dimensions, const Sides &sides) {
  std::array<std::int64_t, 4> covered{1, 1, 1, 1};
  for (const int dimension : dimensions)
    for (const Part &part : value.view[static_cast<std::size_t>(dimension)])
      covered[static_cast<std::size_t>(part.side)] *= part.length;
  for (const Side side : {Side::n, Side::c, Side::h, Side::w}) {
    const std::int64_t count = covered[static_cast<std::size_t>(side)];
    if (count != 1 && (side == Side::n || count != sides.length(side)))
      return {};
  }
  return Axes{covered[1] > 1, covered[2] > 1, covered[3] > 1};
}

Axes arranged_axes(Step &step, Value &value, const std::vector<int> &dimensions) {
  if (const std::optional<Axes> axes = axes_of(value, dimensions, step.sides(value.node)))
    return *axes;
  // The dimensions joined as w, those before and behind as c and h.
  const Sides sides = step.sides(value.node);
  Arrangement arrangement;
  for (int i = 0; i < value.rank(); ++i) {
    const Parts &parts = value.view[static_cast<std::size_t>(i)];
    const bool chosen = std::find(dimensions.begin(), dimensions.end(), i) != dimensions.end();
    if (chosen)
      arrangement[2].push_back(i);
    else if (!parts.empty() && parts != whole(Side::n, sides))
      arrangement[arrangement[0].empty() ? 0 : 1].push_back(i);
  }
  step.arrange(value, arrangement);
  if (const std::optional<Axes> axes = axes_of(value, dimensions, step.sides(value.node)))
    return *axes;
  step.unsupported("is over the images of a batch");
}

namespace {

// Over the outer digit of the channels, of few indices: slices of the channels, one upon the other. -1 where it is
// none.
NodeId reduced_runs(Step &step, const Value &value, Reduction reduction, const std::vector<int> &dimensions) {
  constexpr std::int64_t most = 8;
  if (dimensions.size() != 1 || (reduction != Reduction::sum && reduction != Reduction::mean &&
                                 reduction != Reduction::max && reduction != Reduction::min))
    return -1;
  const std::optional<OuterDigit> digit = outer_digit(value, dimensions[0], step.sides(value.node));
  if (!digit || digit->side != Side::c || digit->stride == 1)
    return -1;
  const std::int64_t count = value.dims()[static_cast<std::size_t>(dimensions[0])];
  if (count > most)
    return -1;
  std::vector<NodeId> runs;
  for (std::int64_t i = 0; i < count; ++i)
    runs.push_back(
        step.add(Slice{Axis::c, static_cast<int>(i * digit->stride), static_cast<int>((i + 1) * digit->stride), 1},
                 {value.node}));
  if (reduction == Reduction::sum || reduction == Reduction::mean) {
    const NodeId sum = step.add(Add{}, std::move(runs));
    return reduction == Reduction::sum ? sum
                                       : step.add(Unary{Function::linear, 1.F / static_cast<float>(count), 0}, {sum});
  }
  NodeId extreme = runs[0];
  for (std::size_t i = 1; i < runs.size(); ++i)
    extreme =
        step.add(Binary{reduction == Reduction::max ? Arithmetic::maximum : Arithmetic::minimum}, {extreme, runs[i]});
  return extreme;
}

} // namespace

NodeId reduced(Step &step, Value &value, Reduction reduction, const std::vector<int> &dimensions, View &view) {
  if (const NodeId id = reduced_runs(step, value, reduction, dimensions); id >= 0) {
    view = value.view;
    view[static_cast<std::size_t>(dimensions[0])].clear();
    return id;
  }
  Axes axes = arranged_axes(step, value, dimensions);
  // A side that is one long here may be longer for another picture: with h goes w, where no other dimension is w.
  const auto shown = [&](Side side) {
    for (std::size_t i = 0; i < value.view.size(); ++i)
      for (const Part &part : value.view[i])
        if (part.side == side &&
            std::find(dimensions.begin(), dimensions.end(), static_cast<int>(i)) == dimensions.end())
          return true;
    return false;
  };
  if ((axes.h || axes.w || (!axes.c && dimensions.size() >= 2)) && !shown(Side::h) && !shown(Side::w))
    axes.h = axes.w = true;
  view = value.view;
  for (const int dimension : dimensions)
    view[static_cast<std::size_t>(dimension)].clear();
  const bool space = axes.h && axes.w && !axes.c;
  if (space && reduction == Reduction::mean)
    return step.add(GlobalAvgPool{}, {value.node});
  if (space && reduction == Reduction::max)
    return step.add(GlobalMaxPool{}, {value.node});
  return step.add(Reduce{reduction, axes}, {value.node});
}

} // namespace convscope::onnx_import
