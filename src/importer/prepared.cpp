#include "importer/prepared.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/inference.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

// What a node makes of the picture: a scale and a shift for each of its channels, or one for all.
struct Affine {
  std::vector<double> scale{1}, shift{0};

  void then(const std::vector<double> &by, const std::vector<double> &plus) {
    const std::size_t count = std::max({scale.size(), by.size(), plus.size()});
    scale.resize(count, scale.front());
    shift.resize(count, shift.front());
    for (std::size_t c = 0; c < count; ++c) {
      const double factor = by[by.size() == 1 ? 0 : c];
      scale[c] *= factor;
      shift[c] = shift[c] * factor + plus[plus.size() == 1 ? 0 : c];
    }
  }
  bool operator==(const Affine &) const = default;
};

struct Head { // a value that is affine in the picture, and what made it so
  Affine affine;
  std::vector<NodeId> steps;
  bool learned = false; // a batch normalization is among them
};

// x (op) values, or values (op) x.
bool combine(Affine &affine, Arithmetic arithmetic, std::vector<double> numbers, bool values_first) {
  const std::vector<double> one{1}, none{0};
  const auto each = [&](double (*change)(double)) {
    std::transform(numbers.begin(), numbers.end(), numbers.begin(), change);
  };
  switch (arithmetic) {
  case Arithmetic::add:
    affine.then(one, numbers);
    return true;
  case Arithmetic::subtract:
    if (!values_first)
      each([](double x) { return -x; });
    affine.then({values_first ? -1.0 : 1.0}, numbers);
    return true;
  case Arithmetic::multiply:
    affine.then(numbers, none);
    return true;
  case Arithmetic::divide:
    if (values_first || std::find(numbers.begin(), numbers.end(), 0) != numbers.end())
      return false;
    each([](double x) { return 1 / x; });
    affine.then(numbers, none);
    return true;
  case Arithmetic::maximum:
  case Arithmetic::minimum:
  case Arithmetic::power:
    return false;
  }
  return false;
}

class HeadFinder {
public:
  explicit HeadFinder(const Graph &graph) : graph_(graph), inference_(graph, graph.input) {}

  // Where the nodes that are affine in the picture end: what the first of the others gets. Nothing where that is the
  // picture as it is.
  std::optional<Head> head() {
    heads_.resize(graph_.nodes.size());
    heads_[0] = Head{};
    inference_.infer(0);
    std::size_t last = 0;
    for (std::size_t id = 1; id < graph_.nodes.size(); ++id) {
      const Node &node = graph_.nodes[id];
      if (std::holds_alternative<Constant>(node.op))
        inference_.infer(static_cast<NodeId>(id));
      const auto from = std::find_if(node.inputs.begin(), node.inputs.end(), [&](NodeId i) { return known(i); });
      if (from == node.inputs.end())
        continue;
      heads_[id] = made_by(node, static_cast<NodeId>(id));
      if (!heads_[id] && !std::holds_alternative<Unsupported>(node.op))
        return at(*from).steps.empty() ? std::nullopt : std::optional(at(*from));
      if (heads_[id]) {
        inference_.infer(static_cast<NodeId>(id));
        last = id;
      }
    }
    return heads_[last]->steps.empty() ? std::nullopt : heads_[last];
  }

private:
  bool known(NodeId id) const { return heads_[static_cast<std::size_t>(id)].has_value(); }
  const Head &at(NodeId id) const { return *heads_[static_cast<std::size_t>(id)]; }
  int channels(NodeId id) const { return inference_.shape(id).c; }

  std::optional<Head> made_by(const Node &node, NodeId id) const {
    if (node.inputs.size() != 1)
      return std::holds_alternative<Concat>(node.op) ? joined(node) : combined(node, id);
    Head head = at(node.inputs[0]);
    const auto fits = [&](std::size_t values) {
      return values == 1 || static_cast<int>(values) == channels(node.inputs[0]);
    };
    if (const auto *op = std::get_if<ScaleShift>(&node.op)) {
      // Behind a scaling of its own a batch normalization is the net's.
      const bool learned = node.kind.find("BatchNorm") != std::string::npos || node.kind == "LayerScale";
      if (!fits(op->scale.size()) || !fits(op->shift.size()) || (learned && !head.steps.empty()))
        return {};
      head.learned = learned;
      head.affine.then(op->scale, op->shift);
      head.steps.push_back(id);
      return head;
    }
    if (const auto *op = std::get_if<Unary>(&node.op)) {
      if (op->function != Function::linear)
        return {};
      head.affine.then({op->a}, {op->b});
      head.steps.push_back(id);
      return head;
    }
    if (const auto *op = std::get_if<Slice>(&node.op); op && op->axis == Axis::c) {
      if (head.affine.scale.size() > 1)
        for (std::vector<double> *values : {&head.affine.scale, &head.affine.shift}) {
          const std::vector<double> all = *values;
          const SliceRange range = slice_range(*op, static_cast<int>(all.size()));
          values->clear();
          for (int i = 0; i < range.count; ++i)
            values->push_back(all[static_cast<std::size_t>(range.begin + std::int64_t{i} * op->step)]);
        }
      return head.affine.scale.empty() ? std::nullopt : std::optional(head);
    }
    const bool alike = head.affine.scale.size() == 1;
    const bool moves =
        std::holds_alternative<Identity>(node.op) || std::holds_alternative<ZeroPad>(node.op) ||
        std::holds_alternative<Pad>(node.op) || std::holds_alternative<Resize>(node.op) ||
        std::holds_alternative<Slice>(node.op) ||
        (alike && (std::holds_alternative<Transpose>(node.op) || std::holds_alternative<SpaceToDepth>(node.op)));
    return moves ? std::optional(head) : std::nullopt;
  }

  std::optional<Head> combined(const Node &node, NodeId id) const {
    const auto *op = std::get_if<Binary>(&node.op);
    if (op == nullptr || node.inputs.size() != 2)
      return {};
    for (const bool first : {true, false}) {
      const NodeId other = node.inputs[first ? 0 : 1], from = node.inputs[first ? 1 : 0];
      const auto *constant = std::get_if<Constant>(&graph_.nodes[static_cast<std::size_t>(other)].op);
      if (!constant || !known(from) || constant->shape.h != 1 || constant->shape.w != 1 ||
          (constant->shape.c != 1 && constant->shape.c != channels(from)))
        continue;
      Head head = at(from);
      if (!combine(head.affine, op->arithmetic, {constant->values.begin(), constant->values.end()}, first))
        return {};
      head.steps.push_back(id);
      return head;
    }
    return {};
  }

  // Channels that were taken apart and put together again.
  std::optional<Head> joined(const Node &node) const {
    if (std::get<Concat>(node.op).axis != Axis::c ||
        !std::all_of(node.inputs.begin(), node.inputs.end(), [&](NodeId i) { return known(i) && !at(i).learned; }))
      return {};
    Head head{{{}, {}}, {}, false};
    for (const NodeId input : node.inputs) {
      const Head &part = at(input);
      for (int c = 0; c < channels(input); ++c) {
        const std::size_t i = part.affine.scale.size() == 1 ? 0 : static_cast<std::size_t>(c);
        head.affine.scale.push_back(part.affine.scale[i]);
        head.affine.shift.push_back(part.affine.shift[i]);
      }
      for (const NodeId step : part.steps)
        if (std::find(head.steps.begin(), head.steps.end(), step) == head.steps.end())
          head.steps.push_back(step);
    }
    return head;
  }

  const Graph &graph_;
  Inference inference_;
  std::vector<std::optional<Head>> heads_; // by node
};

std::string range_text(const Affine &affine, double low, double high) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (std::size_t c = 0; c < affine.scale.size(); ++c)
    for (const double end : {low, high}) {
      least = std::min(least, end * affine.scale[c] + affine.shift[c]);
      most = std::max(most, end * affine.scale[c] + affine.shift[c]);
    }
  const auto number = [](double x) { return fmt::format("{:.3g}", std::abs(x) < 1e-3 ? 0.0 : x); };
  return number(least) + ".." + number(most);
}

} // namespace

std::optional<std::string> meant_range(std::span<const double> scale, std::span<const double> shift) {
  if (scale.empty() || shift.empty())
    return std::nullopt;
  const auto mean = [](std::span<const double> values, double (*size)(double)) {
    double sum = 0;
    for (const double value : values)
      sum += size(value);
    return sum / static_cast<double>(values.size());
  };
  const double slope = mean(scale, [](double x) { return x; });
  const double factor = mean(scale, [](double x) { return std::abs(x); });
  const double offset = mean(shift, [](double x) { return x; });
  if (!std::isfinite(factor) || !std::isfinite(offset) || slope == 0)
    return std::nullopt;
  // Below, 0..1 would be left with next to nothing of the picture; above, 0..255 would become larger than any picture.
  constexpr double small = 0.08, large = 1.5;
  if (factor <= small)
    return "raw255";
  // From -1..1 to a range that begins at 0.
  if (std::abs(offset - factor) < 0.02 * factor && (factor > 100 || std::abs(factor - 0.5) < 0.02))
    return "tf";
  if (factor >= large)
    return "raw01";
  // Between these, what becomes 0 tells: a mean, or white where black and white are turned around.
  const double zero = -offset / slope;
  if (zero > 5)
    return "raw255";
  if (zero > 0.3 && zero < 1.1)
    return "raw01";
  return std::nullopt;
}

namespace {

// A batch normalization's scale may be anything; what it brings to 0 is the mean of what it was trained on.
bool is_of_pictures(const Affine &affine, const std::string &range) {
  double zero = 0;
  for (std::size_t c = 0; c < affine.scale.size(); ++c)
    zero += -affine.shift[c] / affine.scale[c] / static_cast<double>(affine.scale.size());
  return range == "raw255" ? zero > 50 && zero < 200 : range == "raw01" && zero > 0.2 && zero < 0.8;
}

} // namespace

std::optional<OwnScaling> own_scaling(const Graph &graph) {
  std::optional<Head> head;
  try {
    head = HeadFinder(graph).head();
  } catch (const UserError &) { // what can't be had at this size tells nothing
  }
  if (!head)
    return std::nullopt;
  const Affine &affine = head->affine;
  const auto range = meant_range(affine.scale, affine.shift);
  if (!range || (head->learned && !is_of_pictures(affine, *range)))
    return std::nullopt;
  const auto text = *range == "raw01"    ? "0..1 to " + range_text(affine, 0, 1)
                    : *range == "raw255" ? "0..255 to " + range_text(affine, 0, 255)
                                         : "-1..1 to " + range_text(affine, -1, 1);
  const auto name = [&](NodeId id) { return graph.nodes[static_cast<std::size_t>(id)].name; };
  return OwnScaling{*range, head->steps.size() == 1
                                ? fmt::format("layer '{}' brings {}", name(head->steps[0]), text)
                                : fmt::format("layers '{}' to '{}' bring {}", name(head->steps.front()),
                                              name(head->steps.back()), text)};
}

} // namespace convscope
