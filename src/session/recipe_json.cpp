#include "session/recipe_json.h"

#include <cmath>

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr int most_margin = 4096, most_revive_steps = 1000000, most_channels = 1 << 16;

Json to_json(const Draw &draw) { return {{"uniform", draw.uniform}, {"values", draw.values}}; }

Draw read_draw(const JsonReader &all, const std::string &key) {
  const JsonReader from = all.object(key);
  Draw draw;
  draw.values.clear();
  draw.uniform = from.flag("uniform");
  for (const JsonReader &value : from.list("values", 1000)) {
    if (!value.json().is_number() || !(std::abs(value.json().get<double>()) <= 1e4))
      all.fail(key);
    draw.values.push_back(value.json().get<double>());
  }
  if (draw.values.empty() || (draw.uniform && draw.values.size() != 2))
    all.fail(key);
  return draw;
}

} // namespace

Json to_json(const Recipe &r) {
  return {{"name", r.name},
          {"parameterization", r.parameterization == ParameterizationKind::fft ? "fft" : "pixel"},
          {"decay", r.decay},
          {"colours", r.decorrelate_colours ? "decorrelated" : "rgb"},
          {"initial_deviation", r.initial_deviation},
          {"transforms", r.transforms},
          {"canvas_margin", r.canvas_margin},
          {"jitter", to_json(r.jitter)},
          {"scale", to_json(r.scale)},
          {"rotation", to_json(r.rotation)},
          {"jitter_after", to_json(r.jitter_after)},
          {"border", r.border == Border::grey ? "grey" : "reflect"},
          {"lr", r.lr},
          {"beta1", r.beta1},
          {"beta2", r.beta2},
          {"epsilon", r.epsilon},
          {"clip_norm", r.clip_norm},
          {"revive_steps", r.revive_steps}};
}

Recipe read_recipe(const JsonReader &from) {
  Recipe r;
  r.name = from.text("name");
  r.parameterization =
      from.either("parameterization", "fft", "pixel") ? ParameterizationKind::fft : ParameterizationKind::pixel;
  r.decay = from.number("decay", 0, 10);
  if (from.has("colours")) // as all were, before one could choose
    r.decorrelate_colours = from.either("colours", "decorrelated", "rgb");
  r.initial_deviation = from.number("initial_deviation", 0, 1e3);
  r.transforms = from.flag("transforms");
  r.canvas_margin = from.integer("canvas_margin", 0, most_margin);
  r.jitter = read_draw(from, "jitter");
  r.scale = read_draw(from, "scale");
  r.rotation = read_draw(from, "rotation");
  r.jitter_after = read_draw(from, "jitter_after");
  r.border = from.either("border", "grey", "reflect") ? Border::grey : Border::reflect;
  r.lr = from.number("lr", 1e-30, 1e30);
  r.beta1 = from.number("beta1", 0, 0.9999999);
  r.beta2 = from.number("beta2", 0, 0.9999999);
  r.epsilon = from.number("epsilon", 1e-30, 1);
  r.clip_norm = from.number("clip_norm", 0, 1e30);
  r.revive_steps = from.integer("revive_steps", 0, most_revive_steps);
  for (const double scale : r.scale.values)
    if (scale < 0.01)
      from.fail("scale");
  return r;
}

Json to_json(const Preprocessing &p) {
  return {{"name", p.name}, {"source", p.source}, {"scale", p.scale}, {"shift", p.shift}};
}

Preprocessing read_preprocessing(const JsonReader &from) {
  Preprocessing p;
  p.name = from.text("name");
  const std::vector<JsonReader> source = from.list("source", most_channels), scale = from.list("scale", most_channels),
                                shift = from.list("shift", most_channels);
  if (source.empty() || scale.size() != source.size() || shift.size() != source.size())
    from.fail("source, scale or shift");
  p.source.resize(source.size());
  p.scale.resize(source.size());
  p.shift.resize(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    const Json &from_channel = source[i].json();
    if (!from_channel.is_number_unsigned() || from_channel.get<std::uint64_t>() >= source.size())
      from.fail("source");
    p.source[i] = from_channel.get<int>();
    for (const Json *number : {&scale[i].json(), &shift[i].json()})
      if (!number->is_number() || !(std::abs(number->get<double>()) <= 1e12))
        from.fail("scale or shift");
    p.scale[i] = scale[i].json().get<float>();
    p.shift[i] = shift[i].json().get<float>();
  }
  return p;
}

void write_inputs(const ModelRequest &model, Json &json) {
  if (!model.rgb.empty())
    json["rgb"] = model.rgb;
  if (!model.input_name.empty())
    json["input_name"] = model.input_name;
  for (const auto &[name, value] : model.set)
    json["set"].push_back({name, value});
}

void read_inputs(const JsonReader &from, ModelRequest &model) {
  if (from.has("rgb")) {
    for (const JsonReader &plane : from.list("rgb", 3)) {
      if (!plane.json().is_number_unsigned() || plane.json().get<std::uint64_t>() >= most_channels)
        from.fail("rgb");
      model.rgb.push_back(plane.json().get<int>());
    }
    if (model.rgb.size() != 3)
      from.fail("rgb");
  }
  if (from.has("input_name"))
    model.input_name = from.text("input_name");
  if (!from.has("set"))
    return;
  for (const JsonReader &pair : from.list("set", most_channels)) {
    const Json &json = pair.json();
    if (!json.is_array() || json.size() != 2 || !json[0].is_string() || !json[1].is_string())
      from.fail("set");
    model.set.emplace_back(json[0].get<std::string>(), json[1].get<std::string>());
  }
}

nlohmann::ordered_json to_json(const InputSize &size) {
  return size.exact.given() ? nlohmann::ordered_json{size.exact.height, size.exact.width}
                            : nlohmann::ordered_json(size.side);
}

InputSize read_size(const JsonReader &from, const char *key, int smallest, int largest) {
  const nlohmann::ordered_json &sides = from.at(key);
  if (!sides.is_array())
    return {from.integer(key, smallest, largest), {}};
  const auto fits = [&](const nlohmann::ordered_json &side) {
    return side.is_number_integer() && side.get<double>() >= 1 && side.get<double>() <= largest;
  };
  if (sides.size() != 2 || !fits(sides[0]) || !fits(sides[1]))
    from.fail(key);
  return {0, {sides[1].get<int>(), sides[0].get<int>()}};
}

} // namespace convscope
