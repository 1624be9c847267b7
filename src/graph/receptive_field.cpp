#include "graph/receptive_field.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/integers.h"
#include "graph/shapes.h"
#include "graph/taps.h"

namespace convscope {

namespace {

// Which indices of an axis are reached.
using Marks = std::vector<char>;

void mark(Marks &marks, int index) {
  if (index >= 0 && index < static_cast<int>(marks.size()))
    marks[size_of(index)] = 1;
}

// Of a node's value, on each axis by itself: what is reached is no more than their product.
struct Reach {
  Marks c, h, w;
  bool empty() const {
    const auto none = [](const Marks &marks) { return std::find(marks.begin(), marks.end(), char{1}) == marks.end(); };
    return none(c) || none(h) || none(w);
  }
  void merge(const Reach &other) {
    for (const Axis axis : {Axis::c, Axis::h, Axis::w})
      for (std::size_t i = 0; i < side(axis).size(); ++i)
        side(axis)[i] |= other.side(axis)[i];
  }
  explicit Reach(const Shape &shape) : c(size_of(shape.c)), h(size_of(shape.h)), w(size_of(shape.w)) {}
  Marks &side(Axis axis) { return axis == Axis::c ? c : axis == Axis::h ? h : w; }
  const Marks &side(Axis axis) const { return axis == Axis::c ? c : axis == Axis::h ? h : w; }
};

constexpr Axis all_axes[] = {Axis::c, Axis::h, Axis::w};

void mark_all(Marks &marks) { std::fill(marks.begin(), marks.end(), char{1}); }

template <typename Use> void for_each_marked(const Marks &marks, const Use &use) {
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (marks[i])
      use(static_cast<int>(i));
}

// What one op's output, where it is reached, takes from one of its inputs.
struct Spread {
  const std::vector<Shape> &ins; // of all inputs
  std::size_t which;             // of them is meant
  const Shape &out;
  const Reach &from;
  Reach &to;

  const Shape &in() const { return ins[which]; }

  void whole(Axis axis) const { mark_all(to.side(axis)); }
  void all() const {
    for (const Axis axis : all_axes)
      whole(axis);
  }
  // An axis that is repeated, where it is longer in the output, or as it is.
  void same(Axis axis) const {
    if (in().side(axis) == 1 && out.side(axis) > 1)
      whole(axis);
    else
      for_each_marked(from.side(axis), [&](int i) { mark(to.side(axis), i); });
  }
  void same() const {
    for (const Axis axis : all_axes)
      same(axis);
  }
  void shifted(Axis axis, int by) const {
    for_each_marked(from.side(axis), [&](int i) { mark(to.side(axis), i - by); });
  }
  void tapped(Axis axis, const AxisTaps &taps) const {
    for_each_marked(from.side(axis), [&](int i) {
      for (const Tap &tap : taps[size_of(i)])
        mark(to.side(axis), tap.index);
    });
  }
  // Of groups of channels, those that are reached.
  void grouped(int groups) const {
    const int out_each = out.c / groups, in_each = in().c / groups;
    for_each_marked(from.c, [&](int i) {
      const int first = i / out_each * in_each;
      for (int c = first; c < first + in_each; ++c)
        mark(to.c, c);
    });
  }
  void windowed(const Window &given) const {
    const Window window = resolve_padding(given, in().h, in().w);
    for_each_marked(from.h, [&](int i) {
      for (int k = 0; k < window.kernel_h; ++k)
        mark(to.h, i * window.stride_h - window.pad.top + k * window.dilation_h);
    });
    for_each_marked(from.w, [&](int i) {
      for (int k = 0; k < window.kernel_w; ++k)
        mark(to.w, i * window.stride_w - window.pad.left + k * window.dilation_w);
    });
  }
  // What an axis of the output is made from where windows at its positions overlap there.
  static void unwindowed(const Marks &from, Marks &to, int kernel, int stride, int dilation, int pad) {
    for_each_marked(from, [&](int i) {
      for (int k = 0; k < kernel; ++k)
        if (const int at = i + pad - k * dilation; at >= 0 && at % stride == 0)
          mark(to, at / stride);
    });
  }
  // The same elements in another shape: one by one, as long as there are not too many.
  void reshaped() const {
    const auto count = [](const Marks &marks) { return std::count(marks.begin(), marks.end(), char{1}); };
    constexpr std::int64_t most = 1 << 18;
    const std::int64_t elements = count(from.c) * count(from.h) * count(from.w);
    if (elements == out.elements() || elements > most)
      return all();
    for_each_marked(from.c, [&](int c) {
      for_each_marked(from.h, [&](int h) {
        for_each_marked(from.w, [&](int w) {
          const std::int64_t at = (std::int64_t{c} * out.h + h) * out.w + w;
          mark(to.c, static_cast<int>(at / in().w / in().h));
          mark(to.h, static_cast<int>(at / in().w % in().h));
          mark(to.w, static_cast<int>(at % in().w));
        });
      });
    });
  }
  void over(const Axes &axes) const {
    for (const Axis axis : all_axes)
      if (axis == Axis::c ? axes.c : axis == Axis::h ? axes.h : axes.w)
        whole(axis);
      else
        same(axis);
  }

  // ---- With weights ----
  void operator()(const Conv &op) const {
    windowed(op.window);
    grouped(op.groups);
  }
  void operator()(const ConvTranspose &op) const {
    const Window window = resolve_transposed_padding(op);
    unwindowed(from.h, to.h, window.kernel_h, window.stride_h, window.dilation_h, window.pad.top);
    unwindowed(from.w, to.w, window.kernel_w, window.stride_w, window.dilation_w, window.pad.left);
    grouped(op.groups);
  }
  void operator()(const Dense &) const { all(); }

  // ---- Over windows, axes, all ----
  void operator()(const MaxPool &op) const {
    windowed(op.window);
    same(Axis::c);
  }
  void operator()(const AvgPool &op) const {
    windowed(op.window);
    same(Axis::c);
  }
  void operator()(const GlobalAvgPool &) const { over({false, true, true}); }
  void operator()(const GlobalMaxPool &) const { over({false, true, true}); }
  void operator()(const Reduce &op) const { over(op.axes); }
  void operator()(const Softmax &op) const { over({op.axis == Axis::c, op.axis == Axis::h, op.axis == Axis::w}); }
  void operator()(const Normalize &op) const {
    if (!op.axes.c)
      return over(op.axes);
    over({false, op.axes.h, op.axes.w});
    grouped(op.groups);
  }
  void operator()(const Lrn &op) const {
    same(Axis::h);
    same(Axis::w);
    for_each_marked(from.c, [&](int i) {
      for (int c = i - (op.size - 1) / 2; c <= i + op.size / 2; ++c)
        mark(to.c, c);
    });
  }

  // ---- Moving elements ----
  void operator()(const ZeroPad &op) const {
    same(Axis::c);
    shifted(Axis::h, op.pad.top);
    shifted(Axis::w, op.pad.left);
  }
  void gathered(const Op &op) const {
    const Taps taps = taps_of(op, in(), out);
    tapped(Axis::c, taps.c);
    tapped(Axis::h, taps.h);
    tapped(Axis::w, taps.w);
  }
  void operator()(const Pad &op) const { gathered(op); }
  void operator()(const Slice &op) const { gathered(op); }
  void operator()(const Resize &op) const { gathered(op); }
  void operator()(const Concat &op) const {
    int position = 0;
    for (std::size_t i = 0; i < which; ++i)
      position += ins[i].side(op.axis);
    for (const Axis axis : all_axes)
      if (axis == op.axis)
        shifted(axis, position);
      else
        same(axis);
  }
  void operator()(const DepthToSpace &op) const {
    for_each_marked(from.h, [&](int i) { mark(to.h, i / op.block); });
    for_each_marked(from.w, [&](int i) { mark(to.w, i / op.block); });
    for_each_marked(from.c, [&](int c) {
      for_each_marked(from.h, [&](int h) {
        for_each_marked(from.w, [&](int w) {
          const int place = h % op.block * op.block + w % op.block;
          mark(to.c, op.depth_first ? place * out.c + c : c * op.block * op.block + place);
        });
      });
    });
  }
  void operator()(const SpaceToDepth &op) const {
    for_each_marked(from.c, [&](int i) {
      const int place = i / in().c;
      mark(to.c, i % in().c);
      for_each_marked(from.h, [&](int h) { mark(to.h, h * op.block + place / op.block); });
      for_each_marked(from.w, [&](int w) { mark(to.w, w * op.block + place % op.block); });
    });
  }
  void operator()(const ChannelShuffle &op) const {
    same(Axis::h);
    same(Axis::w);
    for_each_marked(from.c, [&](int i) { mark(to.c, i % op.groups * (in().c / op.groups) + i / op.groups); });
  }
  void operator()(const Transpose &op) const {
    for (const Axis axis : all_axes)
      for_each_marked(from.side(axis), [&](int i) { mark(to.side(op.order[static_cast<std::size_t>(axis)]), i); });
  }
  void operator()(const Flatten &) const { reshaped(); }
  void operator()(const Reshape &) const { reshaped(); }

  // ---- On single elements ----
  void operator()(const Input &) const {}
  void operator()(const Constant &) const {}
  void operator()(const ScaleShift &) const { same(); }
  void operator()(const Relu &) const { same(); }
  void operator()(const PRelu &) const { same(); }
  void operator()(const Unary &) const { same(); }
  void operator()(const Binary &) const { same(); }
  void operator()(const Add &) const { same(); }
  void operator()(const Identity &) const { same(); }
  void operator()(const Unsupported &) const { all(); }
};

void only(Marks &marks, int index) {
  if (index < 0)
    mark_all(marks);
  else
    mark(marks, index);
}

} // namespace

InputBox receptive_field(const Graph &graph, const std::vector<Shape> &shapes, NodeId layer, int channel, int x,
                         int y) {
  std::vector<std::optional<Reach>> reached(size_of(layer) + 1);
  Reach &start = reached.back().emplace(shapes.at(size_of(layer)));
  only(start.c, channel);
  only(start.h, y);
  only(start.w, x);
  for (NodeId id = layer; id > 0; --id) {
    if (!reached[size_of(id)])
      continue;
    const Node &node = graph.nodes[size_of(id)];
    std::vector<Shape> ins;
    for (const NodeId input : node.inputs)
      ins.push_back(shapes.at(size_of(input)));
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      Reach taken(ins[i]);
      std::visit(Spread{ins, i, shapes.at(size_of(id)), *reached[size_of(id)], taken}, node.op);
      std::optional<Reach> &to = reached[size_of(node.inputs[i])];
      if (taken.empty()) // padding, or other channels of a Concat
        continue;
      if (to)
        to->merge(taken);
      else
        to.emplace(std::move(taken));
    }
    reached[size_of(id)].reset();
  }
  if (!reached.front())
    return {};
  const auto range = [](const Marks &marks) {
    const auto first = std::find(marks.begin(), marks.end(), char{1});
    const auto last = std::find(marks.rbegin(), marks.rend(), char{1});
    return std::pair(static_cast<int>(first - marks.begin()), static_cast<int>(marks.rend() - last));
  };
  const auto [left, right] = range(reached.front()->w);
  const auto [top, bottom] = range(reached.front()->h);
  const InputBox box{left, top, right, bottom};
  return box.empty() ? InputBox{} : box;
}

} // namespace convscope
