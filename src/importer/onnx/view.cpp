#include "importer/onnx/view.h"

#include <algorithm>

namespace convscope::onnx_import {

std::int64_t length(const Parts &parts) {
  std::int64_t product = 1;
  for (const Part &part : parts)
    product *= part.length;
  return product;
}

Dims dims_of(const View &view) {
  Dims dims;
  for (const Parts &parts : view)
    dims.push_back(length(parts));
  return dims;
}

void append(Parts &parts, const Part &part) {
  if (part.length == 1)
    return;
  if (!parts.empty() && parts.back().side == part.side && parts.back().stride == part.length * part.stride)
    parts.back() = {part.side, parts.back().length * part.length, part.stride};
  else
    parts.push_back(part);
}

Parts joined(const View &view, const std::vector<int> &dimensions) {
  Parts all;
  for (const int dimension : dimensions)
    for (const Part &part : view[static_cast<std::size_t>(dimension)])
      append(all, part);
  return all;
}

Parts whole(Side side, const Sides &sides) {
  Parts parts;
  append(parts, {side, sides.length(side), 1});
  return parts;
}

View labelled(const std::string &layout, const Sides &sides) {
  View view;
  for (const char label : layout) {
    const auto at = std::string("nchw").find(label);
    view.push_back(at == std::string::npos ? Parts{} : whole(static_cast<Side>(at), sides));
  }
  return view;
}

std::optional<std::string> layout_of(const View &view, const Sides &sides) {
  std::string layout;
  for (const Parts &parts : view) {
    if (parts.empty())
      layout += '1';
    else if (parts.size() == 1 && parts[0].stride == 1 && parts[0].length == sides.length(parts[0].side))
      layout += "nchw"[static_cast<int>(parts[0].side)];
    else
      return {};
  }
  return layout;
}

bool are_whole(const Parts &parts, const Sides &sides) {
  return std::all_of(parts.begin(), parts.end(),
                     [&](const Part &part) { return part.stride == 1 && part.length == sides.length(part.side); });
}

std::optional<View> reshaped(const View &view, const Dims &dims) {
  Parts left; // in reverse: the next part is the last
  for (auto parts = view.rbegin(); parts != view.rend(); ++parts)
    left.insert(left.end(), parts->rbegin(), parts->rend());
  View result;
  for (const std::int64_t dim : dims) {
    Parts parts;
    std::int64_t needed = dim;
    while (needed > 1) {
      if (left.empty())
        return {};
      Part &next = left.back();
      if (needed % next.length == 0) {
        needed /= next.length;
        append(parts, next);
        left.pop_back();
      } else if (next.length % needed == 0) {
        append(parts, {next.side, needed, next.stride * (next.length / needed)});
        next.length /= needed;
        needed = 1;
      } else {
        return {};
      }
    }
    result.push_back(std::move(parts));
  }
  if (!left.empty())
    return {};
  return result;
}

View transposed(const View &view, const std::vector<int> &order) {
  View result;
  for (const int dimension : order)
    result.push_back(view[static_cast<std::size_t>(dimension)]);
  return result;
}

namespace {

using Targets = std::array<Parts, 3>;
constexpr std::array<Side, 3> map_sides{Side::c, Side::h, Side::w};

Axis axis_of(Side side) { return static_cast<Axis>(static_cast<int>(side) - 1); }

// Whole sides, at most one a target.
std::optional<Op> permutation(const Targets &target, const Sides &sides) {
  std::array<Axis, 3> order{};
  std::array<bool, 3> given{}, used{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (target[i].empty())
      continue;
    if (target[i].size() != 1 || !are_whole(target[i], sides))
      return {};
    order[i] = axis_of(target[i][0].side);
    given[i] = used[static_cast<std::size_t>(order[i])] = true;
  }
  // Sides that are one long stay where they are, where they can.
  for (std::size_t i = 0; i < 3; ++i)
    if (!given[i] && !used[i]) {
      order[i] = static_cast<Axis>(i);
      given[i] = used[i] = true;
    }
  for (std::size_t i = 0; i < 3; ++i)
    if (!given[i]) {
      const auto unused = std::find(used.begin(), used.end(), false);
      *unused = true;
      order[i] = static_cast<Axis>(unused - used.begin());
    }
  if (order == std::array{Axis::c, Axis::h, Axis::w})
    return Identity{};
  return Transpose{order};
}

bool is_part(const Part &part, Side side, std::int64_t stride) { return part.side == side && part.stride == stride; }

// c's outer and inner digits change places.
std::optional<Op> channel_shuffle(const Targets &target, const Sides &sides) {
  const Parts &c = target[0];
  if (c.size() != 2 || target[1] != whole(Side::h, sides) || target[2] != whole(Side::w, sides) ||
      !is_part(c[0], Side::c, 1) || !is_part(c[1], Side::c, c[0].length))
    return {};
  return ChannelShuffle{static_cast<int>(c[1].length)};
}

std::optional<Op> depth_to_space(const Targets &target, const Sides &sides) {
  if (target[0].size() > 1 || target[1].size() != 2 || target[2].size() != 2)
    return {};
  const Part dy = target[1][1], dx = target[2][1];
  const std::int64_t block = dy.length, out_c = length(target[0]);
  if (dx.length != block || Parts{target[1][0]} != whole(Side::h, sides) ||
      Parts{target[2][0]} != whole(Side::w, sides))
    return {};
  const auto c_stride = target[0].empty() ? 0 : target[0][0].stride;
  if (!target[0].empty() && target[0][0].side != Side::c)
    return {};
  if (is_part(dx, Side::c, out_c) && is_part(dy, Side::c, block * out_c) && c_stride <= 1)
    return DepthToSpace{static_cast<int>(block), true};
  if (is_part(dx, Side::c, 1) && is_part(dy, Side::c, block) && (c_stride == block * block || out_c == 1))
    return DepthToSpace{static_cast<int>(block), false};
  return {};
}

std::optional<std::vector<Op>> space_to_depth(const Targets &target, const Sides &sides) {
  const Parts &c = target[0];
  if (target[1].size() != 1 || target[2].size() != 1 || target[1][0].side != Side::h || target[2][0].side != Side::w)
    return {};
  const std::int64_t block = target[1][0].stride;
  if (block < 2 || target[2][0].stride != block || target[1][0].length * block != sides.shape.h ||
      target[2][0].length * block != sides.shape.w)
    return {};
  const Part dy{Side::h, block, 1}, dx{Side::w, block, 1};
  const Parts channels = whole(Side::c, sides);
  Parts blocks_first{dy, dx}, channels_first = channels;
  blocks_first.insert(blocks_first.end(), channels.begin(), channels.end());
  channels_first.insert(channels_first.end(), {dy, dx});
  const SpaceToDepth op{static_cast<int>(block)};
  if (c == blocks_first)
    return std::vector<Op>{op};
  if (c == channels_first)
    return std::vector<Op>{op, ChannelShuffle{static_cast<int>(block * block)}};
  return {};
}

// A length of a Reshape; -1 for the one that has a map's height or width in it, if there is only one such: then the
// net works at other input sizes.
std::array<int, 3> open_sides(const std::array<Parts, 3> &target) {
  std::array<int, 3> lengths{};
  int sized = 0;
  const auto of_size = [](const Parts &parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [](const Part &part) { return part.side == Side::h || part.side == Side::w; });
  };
  for (std::size_t i = 0; i < 3; ++i) {
    lengths[i] = static_cast<int>(length(target[i]));
    sized += of_size(target[i]) ? 1 : 0;
  }
  for (std::size_t i = 0; i < 3 && sized == 1; ++i)
    if (of_size(target[i]))
      lengths[i] = -1;
  return lengths;
}

Op reshape_to(const std::array<Parts, 3> &target) {
  const std::array<int, 3> lengths = open_sides(target);
  return Reshape{Shape{lengths[0], lengths[1], lengths[2]}};
}

// Selection sort of blocks: each step exchanges two neighbouring runs by a Reshape to three sides and a Transpose.
std::vector<Op> sorted(Parts order, const Targets &target) {
  Parts wanted;
  for (const Parts &parts : target)
    wanted.insert(wanted.end(), parts.begin(), parts.end());
  std::vector<Op> ops;
  for (std::size_t done = 0; done < wanted.size(); ++done) {
    const auto start = order.begin() + static_cast<std::ptrdiff_t>(done);
    const auto found = std::find(start, order.end(), wanted[done]);
    if (found == start)
      continue;
    ops.push_back(reshape_to({Parts(order.begin(), start), Parts(start, found), Parts(found, order.end())}));
    ops.emplace_back(Transpose{{Axis::c, Axis::w, Axis::h}});
    std::rotate(start, found, order.end());
  }
  ops.push_back(reshape_to(target));
  return ops;
}

// Cuts `parts` where `other` has a border within them, so that both are sequences of the same blocks.
Parts cut_like(const Parts &parts, const Parts &other) {
  Parts result;
  for (Part part : parts) {
    // Outer digits of `part` that are cut off by a border of `other` at that stride.
    for (;;) {
      std::int64_t border = 0; // the largest inside
      for (const Part &cut : other)
        if (cut.side == part.side)
          for (const std::int64_t stride : {cut.stride, cut.stride * cut.length})
            if (stride > part.stride && stride < part.stride * part.length && stride % part.stride == 0)
              border = std::max(border, stride);
      if (border == 0 || part.stride * part.length % border != 0)
        break;
      result.push_back({part.side, part.stride * part.length / border, border});
      part.length = border / part.stride;
    }
    result.push_back(part);
  }
  return result;
}

} // namespace

std::optional<std::vector<Op>> rearrangement(const Targets &target, const Sides &sides) {
  Parts all, source;
  for (const Parts &parts : target)
    all.insert(all.end(), parts.begin(), parts.end());
  for (const Side side : map_sides)
    for (const Part &part : whole(side, sides))
      source.push_back(part);
  if (std::any_of(all.begin(), all.end(), [](const Part &part) { return part.side == Side::n; }) ||
      length(all) != length(source))
    return {};
  if (const std::optional<Op> op = permutation(target, sides))
    return std::holds_alternative<Identity>(*op) ? std::vector<Op>{} : std::vector<Op>{*op};
  if (const std::optional<Op> op = channel_shuffle(target, sides))
    return std::vector<Op>{*op};
  if (const std::optional<Op> op = depth_to_space(target, sides))
    return std::vector<Op>{*op};
  if (std::optional<std::vector<Op>> ops = space_to_depth(target, sides))
    return ops;
  // Everything into c, of whole sides: Flatten, after a Transpose where their order is another.
  if (target[1].empty() && target[2].empty() && are_whole(target[0], sides)) {
    Targets single;
    for (std::size_t i = 0; i < target[0].size(); ++i)
      single[i] = {target[0][i]};
    const std::optional<Op> op = permutation(single, sides);
    if (op && target[0] == source)
      return std::vector<Op>{Flatten{}};
    if (op && std::holds_alternative<Transpose>(*op))
      return std::vector<Op>{*op, Flatten{}};
  }
  Targets cut;
  for (std::size_t i = 0; i < 3; ++i)
    cut[i] = cut_like(target[i], source);
  const Parts order = cut_like(source, all);
  Parts pieces;
  for (const Parts &parts : cut)
    pieces.insert(pieces.end(), parts.begin(), parts.end());
  if (!std::is_permutation(pieces.begin(), pieces.end(), order.begin(), order.end()))
    return {};
  return sorted(order, cut);
}

} // namespace convscope::onnx_import
