#include "importer/keras/picture.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "importer/keras/applications.h"

namespace convscope::keras {

namespace {

constexpr int most_channels = 1 << 16;
constexpr int largest_input = 1 << 14;
constexpr std::int64_t most_elements = 1 << 26; // of a further input

struct Candidate {
  std::vector<int> sides; // the batch's first; empty where the file does not tell
  std::string type;
};

const LayerConfig *input_layer(const ModelConfig &model, const std::string &name) {
  for (const LayerConfig &layer : model.layers)
    if (layer.name == name && layer.kind == "InputLayer")
      return &layer;
  return nullptr;
}

Candidate candidate(const ModelConfig &model, std::size_t index) {
  const LayerConfig *layer = input_layer(model, model.inputs[index]);
  if (!layer)
    return {{0}, ""};
  const Arguments args("", layer->arguments);
  const Json *type = args.find("dtype");
  Candidate result{batch_shape(args), type && type->is_string() ? type->get<std::string>() : ""};
  // A Sequential model that starts with another model has the latter's input.
  if (result.sides.empty() && model.layers.size() > 1 && model.layers[1].model)
    result = candidate(*model.layers[1].model, 0);
  return result;
}

} // namespace

// Flatten does not tell: it has always been written both ways.
bool says_channels_first(const ModelConfig &model) {
  return std::any_of(model.layers.begin(), model.layers.end(), [](const LayerConfig &layer) {
    if (layer.model)
      return says_channels_first(*layer.model);
    const auto format = layer.arguments.find("data_format");
    return layer.kind != "Flatten" && layer.arguments.is_object() && format != layer.arguments.end() &&
           *format == "channels_first";
  });
}

Picture find_picture(const ModelFile &file) {
  const ModelConfig &model = file.model;
  const bool first = says_channels_first(model);
  const int usual = application_size(telling_name(model));
  const auto open = [](int side, int wanted) { return side == -1 ? wanted : side; };
  std::optional<Picture> best;
  std::vector<int> other; // the sides of one that is no picture
  if (!file.inputs.picture.empty() &&
      std::find(model.inputs.begin(), model.inputs.end(), file.inputs.picture) == model.inputs.end())
    throw UserError(fmt::format("{}: --input-name: it has no input '{}'; there are '{}'", file.name,
                                file.inputs.picture, fmt::join(model.inputs, "', '")));
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    if (!file.inputs.picture.empty() && model.inputs[i] != file.inputs.picture)
      continue;
    const Candidate input = candidate(model, i);
    const std::vector<int> &sides = input.sides;
    if (!sides.empty() && sides.size() != 4) {
      other = sides;
      continue;
    }
    const auto side = [&](std::size_t at) { return sides.empty() ? -1 : sides[at]; };
    const Shape shape{open(side(first ? 1 : 3), 3), open(side(first ? 2 : 1), usual), open(side(first ? 3 : 2), usual)};
    const auto rank = [](int channels) { return channels == 3 ? 0 : channels == 1 ? 1 : channels == 4 ? 2 : 3; };
    if (!best || rank(shape.c) < rank(best->shape.c))
      best = Picture{i, shape, input.type.starts_with("int") || input.type.starts_with("uint")};
  }
  if (!best && other.size() == 1)
    throw UserError(fmt::format("{}: model '{}' has no input layer", file.name, model.name));
  if (!best)
    throw UserError(fmt::format("{}: its input is not a picture (it has {} axes; pictures have 4: batch, height, "
                                "width, channels)",
                                file.name, other.size()));
  const Shape &shape = best->shape;
  if (shape.h < 1 || shape.w < 1 || shape.h > largest_input || shape.w > largest_input)
    throw UserError(fmt::format("{}: its input has sides that are no numbers from 1 to {}", file.name, largest_input));
  if (shape.c < 1 || shape.c > most_channels)
    throw UserError(fmt::format("{}: its input has {} channels", file.name, shape.c));
  return *best;
}

std::optional<Constant> further_input(const ModelFile &file, std::size_t index, const Picture &picture,
                                      std::string &assumed) {
  const std::string &name = file.model.inputs[index];
  const Candidate input = candidate(file.model, index);
  const std::vector<int> &sides = input.sides;
  const auto given = file.inputs.values.find(name);
  if (given != file.inputs.values.end() && !given->second.shape.empty())
    throw UserError(fmt::format("{}: --set {}: an input of a Keras model takes a number alone", file.name, name));
  Shape shape{1, 1, 1};
  if (sides.size() == 4) { // open sides are the picture's
    const bool first = says_channels_first(file.model);
    const auto side = [&](std::size_t at, int open) { return sides[at] == -1 ? open : sides[at]; };
    shape = {side(first ? 1 : 3, 1), side(first ? 2 : 1, picture.shape.h), side(first ? 3 : 2, picture.shape.w)};
  } else if (sides.size() == 2) {
    shape.c = sides[1];
  } else if (sides.size() != 1) {
    return {};
  }
  if (shape.c < 1 || shape.h < 1 || shape.w < 1 || shape.elements() > most_elements)
    return {};
  std::optional<float> value = usual_value(name, shape.elements(), input.type == "bool");
  if (given != file.inputs.values.end())
    value = given->second.data.at(0);
  else if (value)
    assumed = fmt::format("'{}' is {}", name, *value);
  if (!value)
    return {};
  return Constant{shape, std::vector<float>(static_cast<std::size_t>(shape.elements()), *value)};
}

} // namespace convscope::keras
