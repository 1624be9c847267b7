// Rules of pools, reductions and softmax.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "graph/shapes.h"
#include "importer/onnx/elementwise.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/reductions.h"
#include "importer/onnx/windows.h"

namespace convscope::onnx_import {

namespace {

struct Pooled {
  NodeId x;
  int rank;
  Window window;
};

Pooled pooled(Step &step) {
  Value &x = step.map();
  if (x.rank() < 3 || x.rank() > 4)
    step.unsupported(fmt::format("pools a value of {}", dims_text(x.dims())));
  const NodeId id = step.channels_first(x);
  Window window = window_of(step, x.rank() - 2, {});
  window.ceil = step.attributes().integer("ceil_mode", 0) != 0;
  return {id, x.rank(), window};
}

// One window that holds the whole map: where the file fixes the picture's size, it should do so at any other, too.
bool is_global(const Window &window, const Shape &in) {
  const bool unpadded = window.pad == Padding{} && !window.same;
  return unpadded && window.kernel_h == in.h && window.kernel_w == in.w && window.dilation_h == 1 &&
         window.dilation_w == 1 && in.h * in.w > 1;
}

} // namespace

void max_pool(Step &step) {
  if (step.wants(1))
    step.unsupported("its indices are not supported");
  const Pooled pool = pooled(step);
  step.put_map(step.add(MaxPool{pool.window}, {pool.x}), Step::channels_first_layout(pool.rank));
}

void average_pool(Step &step) {
  const Pooled pool = pooled(step);
  const bool count_padding = step.attributes().integer("count_include_pad", 0) != 0;
  Translation &all = step.translation();
  const bool global = all.before != nullptr ? all.before->global_pools.count(step.name()) != 0
                                            : !all.any_size && is_global(pool.window, step.shape(pool.x));
  if (global)
    all.decided.global_pools.insert(step.name());
  const Op op = global ? Op(GlobalAvgPool{}) : AvgPool{pool.window, count_padding};
  step.put_map(step.add(op, {pool.x}), Step::channels_first_layout(pool.rank));
}

void global_pool(Step &step) {
  Value &x = step.map();
  if (x.rank() < 3)
    step.unsupported("pools a value of " + dims_text(x.dims()));
  std::vector<int> dimensions(static_cast<std::size_t>(x.rank() - 2));
  std::iota(dimensions.begin(), dimensions.end(), 2);
  Reduction reduction = step.op() == "GlobalMaxPool" ? Reduction::max : Reduction::mean;
  if (step.op() == "GlobalLpPool") {
    const std::int64_t p = step.attributes().integer("p", 2);
    if (p != 1 && p != 2)
      step.unsupported(fmt::format("pools by the norm of order {}", p));
    reduction = p == 1 ? Reduction::l1 : Reduction::l2;
  }
  View view;
  const NodeId id = reduced(step, x, reduction, dimensions, view);
  step.put_map(id, std::move(view));
}

void reduce(Step &step) {
  static const std::pair<const char *, Reduction> reductions[] = {{"ReduceMean", Reduction::mean},
                                                                  {"ReduceSum", Reduction::sum},
                                                                  {"ReduceMax", Reduction::max},
                                                                  {"ReduceMin", Reduction::min},
                                                                  {"ReduceL1", Reduction::l1},
                                                                  {"ReduceL2", Reduction::l2},
                                                                  {"ReduceLogSum", Reduction::sum},
                                                                  {"ReduceLogSumExp", Reduction::sum},
                                                                  {"ReduceSumSquare", Reduction::sum_square}};
  const auto found = std::find_if(std::begin(reductions), std::end(reductions),
                                  [&](const auto &item) { return step.op() == item.first; });
  Value &x = step.map();
  const std::vector<std::int64_t> axes = step.axes(1).value_or(std::vector<std::int64_t>{});
  if (axes.empty() && step.attributes().integer("noop_with_empty_axes", 0) != 0)
    return step.put_same();
  std::vector<int> dimensions;
  for (const std::int64_t axis : axes)
    dimensions.push_back(step.dimension(axis, x.rank()));
  if (axes.empty()) {
    dimensions.resize(static_cast<std::size_t>(x.rank()));
    std::iota(dimensions.begin(), dimensions.end(), 0);
  }
  Value input{Value::Kind::map, {}, nullptr, x.node, x.view};
  if (step.op() == "ReduceLogSumExp")
    input.node = unary(step, x.node, Function::exp);
  View view;
  NodeId id = reduced(step, input, found->second, dimensions, view);
  if (step.op() == "ReduceLogSum" || step.op() == "ReduceLogSumExp")
    id = unary(step, id, Function::log);
  if (step.attributes().integer("keepdims", 1) == 0) {
    View kept;
    for (std::size_t i = 0; i < view.size(); ++i)
      if (std::find(dimensions.begin(), dimensions.end(), static_cast<int>(i)) == dimensions.end())
        kept.push_back(view[i]);
    view = std::move(kept);
  }
  step.put_map(id, std::move(view));
}

void softmax(Step &step) {
  Value &x = step.map();
  const bool log = step.op() == "LogSoftmax";
  const int rank = x.rank();
  const int axis = step.dimension(step.attributes().integer("axis", step.opset() < 13 ? 1 : -1), rank);
  std::vector<int> dimensions{axis};
  if (step.opset() < 13) { // over that dimension and all behind it
    dimensions.resize(static_cast<std::size_t>(rank - axis));
    std::iota(dimensions.begin(), dimensions.end(), axis);
  }
  Parts parts = joined(x.view, dimensions);
  const Sides before = step.sides(x.node);
  if (parts.size() > 1 || !are_whole(parts, before) || (!parts.empty() && parts[0].side == Side::n)) {
    std::vector<int> others;
    for (int i = 0; i < rank; ++i)
      if (std::find(dimensions.begin(), dimensions.end(), i) == dimensions.end() &&
          !x.view[static_cast<std::size_t>(i)].empty() && x.view[static_cast<std::size_t>(i)] != whole(Side::n, before))
        others.push_back(i);
    Arrangement arrangement{dimensions, {}, {}};
    if (!others.empty()) {
      arrangement[2] = {others.back()};
      arrangement[1].assign(others.begin(), others.end() - 1);
    }
    step.arrange(x, arrangement);
    parts = joined(x.view, dimensions);
  }
  const Axis along = parts.empty() ? Axis::c : static_cast<Axis>(static_cast<int>(parts[0].side) - 1);
  if (parts.empty() && step.shape(x.node).c != 1)
    step.unsupported("is over a dimension that is one long");
  View view = x.view;
  step.put_map(step.add(Softmax{along, log}, {x.node}), std::move(view));
}

} // namespace convscope::onnx_import
