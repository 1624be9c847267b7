#include "plan/copy_params.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace convscope {

namespace {

struct Walk { // along one axis: its length, and the steps that both tensors make
  int size, from, to;
};

int stride(const Shape &shape, Axis axis) {
  return axis == Axis::c ? shape.h * shape.w : axis == Axis::h ? shape.w : 1;
}

// Outermost axis first; images first of all. Axes that both tensors walk in one go become one.
gpu::CopyParams make_copy(int batch, const Shape &in, const Shape &out, std::vector<Walk> walks, int to_first = 0) {
  walks.insert(walks.begin(), {batch, static_cast<int>(in.elements()), static_cast<int>(out.elements())});
  std::erase_if(walks, [](const Walk &walk) { return walk.size == 1; });
  for (std::size_t i = walks.size(); i-- > 1;) {
    const Walk inner = walks[i];
    Walk &outer = walks[i - 1];
    if (outer.from != inner.from * inner.size || outer.to != inner.to * inner.size)
      continue;
    outer = {outer.size * inner.size, inner.from, inner.to};
    walks.erase(walks.begin() + static_cast<std::ptrdiff_t>(i));
  }
  gpu::CopyParams p{};
  p.to_first = to_first;
  p.channels = out.c;
  p.pixels = out.h * out.w;
  const std::size_t unused = gpu::COPY_AXES - walks.size();
  std::fill_n(p.sizes, unused, 1);
  for (std::size_t i = 0; i < walks.size(); ++i) {
    p.sizes[unused + i] = walks[i].size;
    p.from_strides[unused + i] = walks[i].from;
    p.to_strides[unused + i] = walks[i].to;
  }
  return p;
}

struct Copies {
  const std::vector<Shape> &inputs;
  const Shape &out;
  int batch;
  const Shape &in() const { return inputs.front(); }

  std::vector<gpu::CopyParams> operator()(const Concat &op) const {
    std::vector<gpu::CopyParams> copies;
    int position = 0;
    for (const Shape &part : inputs) {
      std::vector<Walk> walks;
      for (const Axis axis : {Axis::c, Axis::h, Axis::w})
        walks.push_back({part.side(axis), stride(part, axis), stride(out, axis)});
      copies.push_back(make_copy(batch, part, out, std::move(walks), position * stride(out, op.axis)));
      position += part.side(op.axis);
    }
    return copies;
  }

  std::vector<gpu::CopyParams> operator()(const Transpose &op) const {
    std::vector<Walk> walks;
    for (const Axis axis : {Axis::c, Axis::h, Axis::w})
      walks.push_back({out.side(axis), stride(in(), op.order[static_cast<std::size_t>(axis)]), stride(out, axis)});
    return {make_copy(batch, in(), out, std::move(walks))};
  }

  std::vector<gpu::CopyParams> operator()(const ChannelShuffle &op) const {
    const int pixels = in().h * in().w, each = in().c / op.groups;
    return {make_copy(batch, in(), out,
                      {{each, pixels, op.groups * pixels}, {op.groups, each * pixels, pixels}, {pixels, 1, 1}})};
  }

  std::vector<gpu::CopyParams> operator()(const DepthToSpace &op) const {
    return {make_copy(batch, in(), out, blocks(out, in(), op.block, op.depth_first))};
  }
  std::vector<gpu::CopyParams> operator()(const SpaceToDepth &op) const {
    std::vector<Walk> walks = blocks(in(), out, op.block, true);
    for (Walk &walk : walks)
      std::swap(walk.from, walk.to);
    return {make_copy(batch, in(), out, std::move(walks))};
  }
  // From the deep tensor to the wide one.
  static std::vector<Walk> blocks(const Shape &wide, const Shape &deep, int block, bool depth_first) {
    const int pixels = deep.h * deep.w, squared = block * block;
    const int tap = (depth_first ? wide.c : 1) * pixels, channel = (depth_first ? 1 : squared) * pixels;
    return {{wide.c, channel, wide.h * wide.w},
            {deep.h, deep.w, block * wide.w},
            {block, block * tap, wide.w},
            {deep.w, 1, block},
            {block, tap, 1}};
  }

  template <typename Other> std::vector<gpu::CopyParams> operator()(const Other & /*op*/) const {
    throw std::logic_error("not a copy");
  }
};

} // namespace

bool is_copy(const Op &op) {
  return std::holds_alternative<Concat>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<DepthToSpace>(op) || std::holds_alternative<SpaceToDepth>(op) ||
         std::holds_alternative<ChannelShuffle>(op);
}

std::vector<gpu::CopyParams> copy_params(const Op &op, const std::vector<Shape> &inputs, const Shape &out, int batch) {
  return std::visit(Copies{inputs, out, batch}, op);
}

gpu::CopyParams reversed(const gpu::CopyParams &copy, const Shape &input) {
  gpu::CopyParams p = copy;
  std::swap(p.from_first, p.to_first);
  for (int axis = 0; axis < gpu::COPY_AXES; ++axis)
    std::swap(p.from_strides[axis], p.to_strides[axis]);
  p.channels = input.c;
  p.pixels = input.h * input.w;
  return p;
}

} // namespace convscope
