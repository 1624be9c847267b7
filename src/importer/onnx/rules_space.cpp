// Rules of ops that change a map's height and width: padding, resizing, depth to space.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "importer/onnx/ops.h"
#include "importer/onnx/space.h"

namespace convscope::onnx_import {

std::vector<Ends> paddings(Step &step, int rank) {
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  if (step.opset() < 11) {
    pads = step.attributes().integers("pads").value_or(std::vector<std::int64_t>{});
  } else {
    pads = step.constant(1, "pads").integers;
    if (step.has(3))
      axes = step.constant(3, "axes").integers;
  }
  if (pads.size() != 2 * axes.size())
    step.fail(fmt::format("has {} pads for {} dimensions", pads.size(), axes.size()));
  std::vector<Ends> ends(static_cast<std::size_t>(rank));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    constexpr std::int64_t most = 1 << 16;
    const Ends one{pads[i], pads[i + axes.size()]};
    if (std::min(one.before, one.after) < -most || std::max(one.before, one.after) > most)
      step.fail(fmt::format("pads by {} and {}", one.before, one.after));
    ends[static_cast<std::size_t>(step.dimension(axes[i], rank))] = one;
  }
  return ends;
}

PadMode pad_mode(Step &step) {
  const std::string mode = step.attributes().text("mode", "constant");
  if (mode == "constant")
    return PadMode::constant;
  if (mode == "reflect")
    return PadMode::reflect;
  if (mode == "edge")
    return PadMode::edge;
  if (mode == "wrap")
    return PadMode::wrap;
  step.fail(fmt::format("has a mode of '{}'", mode));
}

void pad(Step &step) {
  Value &x = step.map();
  const std::vector<Ends> ends = paddings(step, x.rank());
  Pad op;
  op.mode = pad_mode(step);
  double value = step.opset() < 11 ? step.attributes().real("value", 0) : 0;
  if (step.opset() >= 11 && step.has(2)) {
    const Tensor &tensor = step.constant(2, "value");
    value = tensor.elements() == 1 ? tensor.at(0) : 0;
  }
  // A max pool's padding of minus infinity: the lowest float loses against all.
  constexpr auto most = static_cast<double>(std::numeric_limits<float>::max());
  op.value = static_cast<float>(std::clamp(std::isnan(value) ? 0 : value, -most, most));
  Dims padded = x.dims();
  bool any = false;
  for (std::size_t i = 0; i < padded.size(); ++i) {
    any = any || ends[i].before != 0 || ends[i].after != 0;
    // A dimension that is one long needs a side, too.
    padded[i] = ends[i].before != 0 || ends[i].after != 0 ? 2 : padded[i];
  }
  if (!any)
    return step.put_same();
  const std::string layout = completed_layout(step.layout(x), padded);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto before = static_cast<int>(ends[i].before), after = static_cast<int>(ends[i].after);
    if (layout[i] == 'n' && (before != 0 || after != 0))
      step.unsupported("pads the batch");
    if (layout[i] == 'c') {
      op.channels_before = before;
      op.channels_after = after;
    } else if (layout[i] == 'h') {
      op.pad.top = before;
      op.pad.bottom = after;
    } else if (layout[i] == 'w') {
      op.pad.left = before;
      op.pad.right = after;
    }
  }
  if (op.mode != PadMode::constant && (op.channels_before != 0 || op.channels_after != 0))
    step.unsupported("repeats channels");
  const bool simple =
      op.mode == PadMode::constant && op.value == 0 && op.channels_before == 0 && op.channels_after == 0;
  step.put_map(step.add(simple ? Op(ZeroPad{op.pad}) : Op(op), {x.node}), layout);
}

ResizeMode resize_mode(Step &step) {
  const std::string mode = step.attributes().text("mode", "nearest");
  if (mode == "nearest")
    return ResizeMode::nearest;
  if (mode == "linear" || mode == "bilinear")
    return ResizeMode::linear;
  if (mode == "cubic")
    return ResizeMode::cubic;
  step.fail(fmt::format("has a mode of '{}'", mode));
}

void set_coordinates(Step &step, Resize &op) {
  if (step.op() == "Upsample" || step.opset() < 11) {
    op.coordinates = ResizeCoordinates::asymmetric;
    op.rounding = NearestRounding::floor;
    return;
  }
  const std::string mode = step.attributes().text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = step.attributes().text("nearest_mode", "round_prefer_floor");
  if (mode == "half_pixel")
    op.coordinates = ResizeCoordinates::half_pixel;
  else if (mode == "half_pixel_symmetric")
    op.coordinates = ResizeCoordinates::half_pixel_symmetric;
  else if (mode == "pytorch_half_pixel")
    op.coordinates = ResizeCoordinates::pytorch_half_pixel;
  else if (mode == "align_corners")
    op.coordinates = ResizeCoordinates::align_corners;
  else if (mode == "asymmetric")
    op.coordinates = ResizeCoordinates::asymmetric;
  else
    step.unsupported(fmt::format("has coordinates of '{}'", mode));
  if (rounding == "round_prefer_floor")
    op.rounding = NearestRounding::prefer_floor;
  else if (rounding == "round_prefer_ceil")
    op.rounding = NearestRounding::prefer_ceil;
  else if (rounding == "floor")
    op.rounding = NearestRounding::floor;
  else if (rounding == "ceil")
    op.rounding = NearestRounding::ceil;
  else
    step.fail(fmt::format("has a nearest_mode of '{}'", rounding));
}

namespace {

// The sizes that keep the proportions, as keep_aspect_ratio_policy says.
void keep_proportions(Step &step, const Dims &dims, const std::vector<std::int64_t> &axes,
                      std::vector<Target> &targets) {
  const std::string policy = step.attributes().text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch")
    return;
  if (policy != "not_larger" && policy != "not_smaller")
    step.fail(fmt::format("has a keep_aspect_ratio_policy of '{}'", policy));
  double scale = 0;
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    const double own = static_cast<double>(targets[i].size) / static_cast<double>(dims[i]);
    scale = scale == 0 ? own : policy == "not_larger" ? std::min(scale, own) : std::max(scale, own);
  }
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    targets[i].size = static_cast<std::int64_t>(std::floor(static_cast<double>(dims[i]) * scale + 0.5));
  }
}

} // namespace

std::vector<Target> targets_of(Step &step, const Dims &dims) {
  const auto rank = static_cast<int>(dims.size());
  std::vector<Target> targets(dims.size());
  std::vector<std::int64_t> axes = step.attributes().integers("axes").value_or(std::vector<std::int64_t>{});
  for (std::int64_t &axis : axes)
    axis = step.dimension(axis, rank);
  if (axes.empty()) {
    axes.resize(dims.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  std::vector<double> scales;
  std::vector<std::int64_t> sizes;
  bool measured = false;
  const std::size_t scale_input = step.op() == "Upsample" || step.opset() < 11 ? 1 : 2;
  if (step.opset() < 9 && step.op() == "Upsample") {
    const std::vector<float> given = step.attributes().reals("scales").value_or(std::vector<float>{});
    scales.assign(given.begin(), given.end());
  } else if (step.has(scale_input) && step.constant(scale_input, "scales").elements() > 0) {
    const Tensor &given = step.constant(scale_input, "scales");
    scales.assign(given.reals.begin(), given.reals.end());
  } else if (step.has(3)) {
    sizes = step.constant(3, "sizes").integers;
    measured = step.constant(3, "sizes").measured;
  }
  if (scales.size() != axes.size() && sizes.size() != axes.size())
    step.fail(fmt::format("has {} scales and {} sizes for {} dimensions", scales.size(), sizes.size(), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Target &target = targets[static_cast<std::size_t>(axes[i])];
    if (sizes.empty()) {
      target.scale = scales[i];
      if (!(target.scale > 0) || target.scale > 1e4)
        step.fail(fmt::format("has a scale of {}", target.scale));
    } else {
      target = {1, sizes[i], measured};
      if (target.size < 1 || target.size > (1 << 20))
        step.fail(fmt::format("has a size of {}", target.size));
    }
  }
  if (!sizes.empty())
    keep_proportions(step, dims, axes, targets);
  return targets;
}

namespace {

// `fixed`: the file knows one size of the picture. A size that is a multiple then is a scale, for pictures of other
// sizes, too.
void set_target(const Target &target, std::int64_t length, bool fixed, double &scale, int &out) {
  scale = target.scale;
  out = 0;
  if (target.size == 0)
    return;
  scale = static_cast<double>(target.size) / static_cast<double>(length);
  const bool multiple = length > 1 && (target.size % length == 0 || length % target.size == 0);
  const bool exact = std::floor(static_cast<double>(length) * scale) == static_cast<double>(target.size);
  if (!fixed || target.measured || !exact || !multiple)
    out = static_cast<int>(target.size);
}

} // namespace

void resize(Step &step) {
  Value &x = step.map();
  const Dims dims = x.dims();
  const std::vector<Target> targets = targets_of(step, dims);
  Resize op;
  op.mode = resize_mode(step);
  set_coordinates(step, op);
  op.cubic_a = static_cast<float>(step.attributes().real("cubic_coeff_a", -0.75));
  op.exclude_outside = step.attributes().integer("exclude_outside", 0) != 0;
  Dims resized = dims;
  bool smaller = false;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const bool changes = targets[i].size == 0 ? targets[i].scale != 1 : targets[i].size != dims[i];
    smaller = smaller || (targets[i].size == 0 ? targets[i].scale < 1 : targets[i].size < dims[i]);
    resized[i] = changes ? 2 : 1; // which dimensions need a side
  }
  if (step.attributes().integer("antialias", 0) != 0 && smaller && op.mode != ResizeMode::nearest)
    step.unsupported("is antialiased");
  std::string layout = step.layout(x);
  const auto in_space = [&] {
    for (std::size_t i = 0; i < layout.size(); ++i)
      if (resized[i] != 1 && layout[i] != 'h' && layout[i] != 'w' && dims[i] != 1)
        return false;
    return true;
  };
  if (!in_space()) { // such as (c, h, w) without a batch, of which other sides are resized
    std::string moved(layout.size(), '1');
    std::string free_sides = "wh", others = "c";
    for (std::size_t i = layout.size(); i-- > 0;) {
      std::string &labels = resized[i] != 1 ? free_sides : others;
      if (dims[i] == 1 || layout[i] == 'n') {
        moved[i] = layout[i];
      } else {
        if (labels.empty() && resized[i] == 1)
          labels = std::exchange(free_sides, "");
        if (labels.empty())
          step.unsupported(fmt::format("resizes a value of {}", dims_text(dims)));
        moved[i] = labels.front();
        labels.erase(0, 1);
      }
    }
    step.arrange(x, moved);
    layout = moved;
  }
  for (std::size_t i = 0; i < layout.size(); ++i)
    if (resized[i] != 1 && layout[i] == '1') { // a row or column that is one long
      const char label = layout.find('w') == std::string::npos && i + 1 == layout.size() ? 'w' : 'h';
      if (layout.find(label) != std::string::npos)
        step.unsupported(fmt::format("resizes a value of {}", dims_text(dims)));
      layout[i] = label;
    }
  Translation &all = step.translation();
  const Resize *before = nullptr;
  if (all.before != nullptr)
    if (const auto found = all.before->resizes.find(step.name()); found != all.before->resizes.end())
      before = &found->second;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const bool decided = before != nullptr && !targets[i].measured;
    if (layout[i] == 'h' && decided)
      std::tie(op.scale_h, op.out_h) = std::pair(before->scale_h, before->out_h);
    else if (layout[i] == 'h')
      set_target(targets[i], dims[i], !all.any_size, op.scale_h, op.out_h);
    if (layout[i] == 'w' && decided)
      std::tie(op.scale_w, op.out_w) = std::pair(before->scale_w, before->out_w);
    else if (layout[i] == 'w')
      set_target(targets[i], dims[i], !all.any_size, op.scale_w, op.out_w);
  }
  if (!all.any_size)
    all.decided.resizes[step.name()] = op;
  step.put_map(step.add(op, {x.node}), layout);
}

namespace {

int block_of(Step &step) {
  const std::int64_t block = step.attributes().integer("blocksize", 0);
  if (block < 1 || block > (1 << 12))
    step.fail(fmt::format("has a blocksize of {}", block));
  return static_cast<int>(block);
}

} // namespace

void depth_to_space(Step &step) {
  const NodeId x = step.channels_first(step.map());
  const bool depth_first = step.attributes().text("mode", "DCR") != "CRD";
  step.put_map(step.add(DepthToSpace{block_of(step), depth_first}, {x}), "nchw");
}

void space_to_depth(Step &step) {
  const NodeId x = step.channels_first(step.map());
  step.put_map(step.add(SpaceToDepth{block_of(step)}, {x}), "nchw");
}

} // namespace convscope::onnx_import
