#include "importer/prepared.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace convscope {

namespace {

struct Affine { // of each of three channels
  std::vector<double> scale{1, 1, 1}, shift{0, 0, 0};

  void then(const std::vector<double> &by, const std::vector<double> &plus) {
    for (std::size_t c = 0; c < scale.size(); ++c) {
      scale[c] *= by[by.size() == 1 ? 0 : c];
      shift[c] = shift[c] * by[by.size() == 1 ? 0 : c] + plus[plus.size() == 1 ? 0 : c];
    }
  }
};

bool fits(std::size_t values) { return values == 1 || values == 3; }

// x (op) values, or values (op) x.
bool combine(Affine &affine, Arithmetic arithmetic, const std::vector<float> &values, bool values_first) {
  std::vector<double> numbers(values.begin(), values.end());
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

// Whether the node is affine; then its part is added.
bool take(Affine &affine, const Graph &graph, const Node &node) {
  if (const auto *op = std::get_if<ScaleShift>(&node.op)) {
    const bool learned = node.kind.find("BatchNorm") != std::string::npos || node.kind == "LayerScale";
    if (learned || !fits(op->scale.size()) || !fits(op->shift.size()))
      return false;
    affine.then({op->scale.begin(), op->scale.end()}, {op->shift.begin(), op->shift.end()});
    return true;
  }
  if (const auto *op = std::get_if<Unary>(&node.op)) {
    if (op->function == Function::linear)
      affine.then({op->a}, {op->b});
    return op->function == Function::linear;
  }
  if (const auto *op = std::get_if<Binary>(&node.op)) {
    for (const bool first : {true, false}) {
      const auto &other = graph.nodes[static_cast<std::size_t>(node.inputs[first ? 0 : 1])].op;
      const auto *constant = std::get_if<Constant>(&other);
      if (constant && constant->shape.h == 1 && constant->shape.w == 1 && fits(constant->values.size()))
        return combine(affine, op->arithmetic, {constant->values.begin(), constant->values.end()}, first);
    }
    return false;
  }
  return false;
}

// What leaves the values as they are, or turns the channels around.
bool passes(const Node &node) {
  if (const auto *slice = std::get_if<Slice>(&node.op))
    return slice->axis != Axis::c || slice->step == -1;
  if (const auto *luma = std::get_if<Conv>(&node.op)) // of a grey picture
    return node.kind == "InputLayer" && luma->out_channels == 1;
  return std::holds_alternative<Identity>(node.op) || std::holds_alternative<Transpose>(node.op) ||
         std::holds_alternative<ZeroPad>(node.op) || std::holds_alternative<Resize>(node.op);
}

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

std::optional<OwnScaling> own_scaling(const Graph &graph) {
  Affine affine;
  std::vector<std::string> layers;
  NodeId at = 0;
  for (std::size_t id = 1; id < graph.nodes.size(); ++id) {
    const Node &node = graph.nodes[id];
    if (std::find(node.inputs.begin(), node.inputs.end(), at) == node.inputs.end())
      continue;
    if (take(affine, graph, node))
      layers.push_back(node.name);
    else if (!passes(node))
      break;
    at = static_cast<NodeId>(id);
  }
  const auto range = layers.empty() ? std::nullopt : meant_range(affine.scale, affine.shift);
  if (!range)
    return std::nullopt;
  const auto text = *range == "raw01"    ? "0..1 to " + range_text(affine, 0, 1)
                    : *range == "raw255" ? "0..255 to " + range_text(affine, 0, 255)
                                         : "-1..1 to " + range_text(affine, -1, 1);
  return OwnScaling{*range, layers.size() == 1
                                ? fmt::format("layer '{}' brings {}", layers[0], text)
                                : fmt::format("layers '{}' to '{}' bring {}", layers.front(), layers.back(), text)};
}

} // namespace convscope
