#include "importer/weights_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

std::vector<std::string> layer_names(const Architecture &net) {
  std::vector<std::string> names;
  for (const WeightSlot &slot : net.slots)
    names.push_back(slot.layer);
  return names;
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t common(const std::vector<std::string> &a, const std::vector<std::string> &b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](const auto &name) { return contains(b, name); }));
}

} // namespace

std::string shape_text(const std::vector<std::int64_t> &shape) {
  return shape.empty() ? "a single number" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string zoo_net_of(const std::vector<std::string> &layers) {
  for (const std::string &name : architecture_names()) {
    const std::vector<std::string> own = layer_names(make_architecture(name, 1000));
    if (common(layers, own) * 2 > layers.size() || common(own, layers) * 2 > own.size())
      return name;
  }
  return "";
}

void check_layers(const std::string &file, const Architecture &net, const std::vector<std::string> &layers) {
  const std::string &name = net.graph.name;
  const std::vector<std::string> wanted = layer_names(net);
  if (common(wanted, layers) * 2 < wanted.size() && common(wanted, layers) < layers.size()) {
    const std::string owner = zoo_net_of(layers);
    if (!owner.empty() && owner != name)
      throw UserError(fmt::format("{}: holds the weights of {}, not of {}", file, owner, name));
    const auto shown = std::span(layers).first(std::min<std::size_t>(layers.size(), 3));
    throw UserError(fmt::format("{}: holds the weights of another net than {} (its layers: {}{})", file, name,
                                fmt::join(shown, ", "), layers.size() > 3 ? ", ..." : ""));
  }
  for (const std::string &layer : wanted)
    if (!contains(layers, layer))
      throw UserError(fmt::format("{}: has no weights for layer '{}' of {}", file, layer, name));
  for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
    if (!contains(wanted, *layer))
      throw UserError(fmt::format("{}: has weights for layer '{}', which {} does not have", file, *layer, name));
    if (std::find(layers.begin(), layer, *layer) != layer)
      throw UserError(fmt::format("{}: has weights for layer '{}' twice", file, *layer));
  }
}

void check_shape(const std::string &file, const std::string &net, const std::string &layer,
                 const ExpectedTensor &expected, const std::vector<std::int64_t> &shape) {
  if (shape != expected.shape)
    throw UserError(fmt::format("{}: layer '{}' has a {} of {}; {} needs {}", file, layer, expected.what,
                                shape_text(shape), net, shape_text(expected.shape)));
}

void check_finite_weights(const std::string &file, const std::string &layer, std::span<const float> values) {
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
    throw UserError(fmt::format("{}: layer '{}' has weights that are infinite or not a number", file, layer));
}

} // namespace convscope
