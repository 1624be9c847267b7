// Rules of ops that only say anew what shape a value has, or which shape it has.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "importer/onnx/ops.h"
#include "importer/onnx/shape_arithmetic.h"

namespace convscope::onnx_import {

namespace {

void put_reshaped(Step &step, const Dims &dims) {
  Value &x = step.map();
  if (element_count(x.dims()) != element_count(dims))
    step.misfit(fmt::format("can't make {} of {}", dims_text(dims), dims_text(x.dims())));
  std::optional<View> view = reshaped(x.view, dims);
  if (!view) {
    // Sides that no border of the new shape respects: all in one row, any shape can be made of that.
    std::vector<int> all;
    const Sides sides = step.sides(x.node);
    for (int i = 0; i < x.rank(); ++i)
      if (x.view[static_cast<std::size_t>(i)] != whole(Side::n, sides) || sides.batch == 1)
        all.push_back(i);
    step.arrange(x, Arrangement{all, {}, {}});
    view = reshaped(x.view, dims);
  }
  if (!view)
    step.unsupported(fmt::format("can't make {} of {}", dims_text(dims), dims_text(x.dims())));
  step.put_map(x.node, std::move(*view));
}

} // namespace

void reshape(Step &step) {
  const Tensor &shape = step.constant(1, "shape");
  put_reshaped(step, reshaped_dims(step, shape.integers, step.dims(0)));
}

void flatten(Step &step) { put_reshaped(step, flattened_dims(step, step.dims(0))); }

void squeeze(Step &step) {
  Value &x = step.map();
  const std::vector<bool> squeezed = squeezed_dimensions(step, x.dims());
  View view;
  for (std::size_t i = 0; i < squeezed.size(); ++i)
    if (!squeezed[i])
      view.push_back(x.view[i]);
  step.put_map(x.node, std::move(view));
}

void unsqueeze(Step &step) {
  Value &x = step.map();
  View view;
  std::size_t next = 0;
  for (const bool added : unsqueezed_dimensions(step, x.rank()))
    view.push_back(added ? Parts{} : x.view[next++]);
  step.put_map(x.node, std::move(view));
}

void transpose(Step &step) {
  Value &x = step.map();
  step.put_map(x.node, transposed(x.view, transposed_order(step, x.rank())));
}

namespace {

// Whether the value is a map: what is told of its shape may then be other at another size of the picture.
bool measured(Step &step) {
  const Value &value = step.value(0);
  for (const Parts &parts : value.is_map() ? value.view : View{})
    for (const Part &part : parts)
      step.translation().measures = step.translation().measures || part.side == Side::h || part.side == Side::w;
  return value.is_map();
}

} // namespace

void shape_of(Step &step) {
  const Dims dims = step.value(0).dims();
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto clamped = [&](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const std::int64_t begin = clamped(step.attributes().integer("start", 0));
  const std::int64_t end = clamped(step.attributes().integer("end", rank));
  Dims part(dims.begin() + begin, dims.begin() + std::max(begin, end));
  const auto count = static_cast<std::int64_t>(part.size());
  Tensor shape = integer_tensor({count}, std::move(part));
  shape.measured = measured(step);
  step.put_constant(std::move(shape));
}

void size_of(Step &step) {
  Tensor size = integer_tensor({}, {element_count(step.value(0).dims()).value_or(0)});
  size.measured = measured(step);
  step.put_constant(std::move(size));
}

} // namespace convscope::onnx_import
