#include "session/recipe_json.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr int most_margin = 4096, most_side = 4096, most_steps = 1000000, most_crops = 256, most_scales = 32,
              most_channels = 1 << 16;
constexpr double most_drawn = 1e4;

Json to_json(const Draw &draw) { return {{"uniform", draw.uniform}, {"values", draw.values}}; }

Draw read_draw(const JsonReader &all, const std::string &key) {
  const JsonReader from = all.object(key);
  Draw draw;
  draw.values.clear();
  for (const auto &[inner, value] : from.json().items())
    if (inner != "uniform" && inner != "values")
      all.fail(key);
  draw.uniform = from.flag("uniform");
  for (const JsonReader &value : from.list("values", 1000)) {
    if (!value.json().is_number() || !(std::abs(value.json().get<double>()) <= most_drawn))
      all.fail(key);
    draw.values.push_back(value.json().get<double>());
  }
  if (draw.values.empty() || (draw.uniform && draw.values.size() != 2))
    all.fail(key);
  return draw;
}

// What a recipe's file may say: each key, how it is written, and how it is read and checked.
struct Field {
  std::string key;
  std::function<Json(const Recipe &recipe)> write;
  std::function<void(Recipe &recipe, const JsonReader &from, const std::string &key)> read;
  std::string wanted = {}; // what it must be; "": read() says it
};

Field number(const char *name, double Recipe::*member, double low, double high) {
  return {name, [member](const Recipe &r) -> Json { return r.*member; },
          [=](Recipe &r, const JsonReader &from, const std::string &key) { r.*member = from.number(key, low, high); },
          fmt::format("a number from {} to {}", low, high)};
}
Field integer(const char *name, int Recipe::*member, int low, int high) {
  return {name, [member](const Recipe &r) -> Json { return r.*member; },
          [=](Recipe &r, const JsonReader &from, const std::string &key) { r.*member = from.integer(key, low, high); },
          fmt::format("a whole number from {} to {}", low, high)};
}
Field flag(const char *name, bool Recipe::*member) {
  return {name, [member](const Recipe &r) -> Json { return r.*member; },
          [=](Recipe &r, const JsonReader &from, const std::string &key) { r.*member = from.flag(key); },
          "true or false"};
}
Field draw(const char *name, Draw Recipe::*member, double low) {
  return {name, [member](const Recipe &r) { return to_json(r.*member); },
          [=](Recipe &r, const JsonReader &from, const std::string &key) {
            r.*member = read_draw(from, key);
            for (const double value : (r.*member).values)
              if (value < low)
                from.fail(key);
          },
          fmt::format(
              R"({{"uniform": true, "values": [least, most]}} or {{"uniform": false, "values": [one, of, these]}}, )"
              "all from {} to {}",
              low, most_drawn)};
}
// One of some words, in the order of the values that they stand for.
template <typename Value> Field word(const char *name, Value Recipe::*member, std::vector<std::string> words) {
  return {name, [=](const Recipe &r) -> Json { return words.at(static_cast<std::size_t>(r.*member)); },
          [=](Recipe &r, const JsonReader &from, const std::string &key) {
            const auto found = std::find(words.begin(), words.end(), from.text(key));
            if (found == words.end())
              from.fail(key);
            r.*member = static_cast<Value>(found - words.begin());
          },
          fmt::format("{}", fmt::join(words, " or "))};
}

const std::vector<Field> &fields() {
  constexpr double any = -most_drawn;
  static const std::vector<Field> table = {
      {"name", [](const Recipe &r) -> Json { return r.name; },
       [](Recipe &r, const JsonReader &from, const std::string &key) { r.name = from.text(key); }, "a text"},
      integer("size", &Recipe::size, 1, most_side),
      {"parameterization", [](const Recipe &r) -> Json { return form_of(r.parameterization).name; },
       // With its rate, which other keys, that come later, may change.
       [](Recipe &r, const JsonReader &from, const std::string &key) {
         if (!from.at(key).is_string())
           throw UserError(
               fmt::format("{}: '{}' is one of {}", from.name(), key, fmt::join(parameterization_names(), ", ")));
         set_parameterization(r, parameterization_kind(from.text(key), from.name()));
       }},
      number("decay", &Recipe::decay, 0, 10),
      word("colours", &Recipe::decorrelate_colours, {"rgb", "decorrelated"}),
      word("start", &Recipe::start, {"random", "photo"}),
      number("initial_deviation", &Recipe::initial_deviation, 0, 1e3),
      flag("balance_stay", &Recipe::balance_stay),
      flag("transforms", &Recipe::transforms),
      integer("canvas_margin", &Recipe::canvas_margin, 0, most_margin),
      flag("canvas_scales", &Recipe::canvas_scales),
      integer("canvas_crop", &Recipe::canvas_crop, 0, most_margin),
      draw("jitter", &Recipe::jitter, any),
      draw("scale", &Recipe::scale, 0.01),
      draw("rotation", &Recipe::rotation, any),
      draw("jitter_after", &Recipe::jitter_after, any),
      word("border", &Recipe::border, {"grey", "reflect"}),
      integer("crops", &Recipe::crops, 0, most_crops),
      draw("crop_side", &Recipe::crop_side, 0.001),
      number("crop_deviation", &Recipe::crop_deviation, 0, 10),
      integer("canvas", &Recipe::canvas, 0, most_side),
      number("noise", &Recipe::noise, 0, 10),
      number("noise_width", &Recipe::noise_width, 0, 10),
      integer("steps", &Recipe::steps, 1, most_steps),
      word("optimizer", &Recipe::optimizer, {"adam", "nadam"}),
      word("schedule", &Recipe::schedule, {"constant", "cosine"}),
      number("lr", &Recipe::lr, 1e-30, 1e30),
      number("beta1", &Recipe::beta1, 0, 0.9999999),
      number("beta2", &Recipe::beta2, 0, 0.9999999),
      number("epsilon", &Recipe::epsilon, 1e-30, 1),
      number("clip_norm", &Recipe::clip_norm, 0, 1e30),
      integer("revive_steps", &Recipe::revive_steps, 0, most_steps),
  };
  return table;
}

// Says what is there, and what may be.
void read_field(const Field &field, Recipe &recipe, const JsonReader &from) {
  try {
    field.read(recipe, from, field.key);
  } catch (const UserError &) {
    if (field.wanted.empty())
      throw;
    std::string given = from.at(field.key).dump(-1, ' ', true, Json::error_handler_t::replace);
    if (given.size() > 40)
      given = given.substr(0, 37) + "...";
    throw UserError(fmt::format("{}: '{}' is {}: it must be {}", from.name(), field.key, given, field.wanted));
  }
}

Json read_recipe_file(const std::string &file) {
  const auto bytes = read_file(file, 1 << 20);
  Json json = Json::parse(bytes, nullptr, false);
  if (json.is_discarded())
    throw UserError(file + ": is not JSON");
  return json;
}

} // namespace

Json to_json(const Recipe &recipe) {
  Json json;
  for (const Field &field : fields())
    json[field.key] = field.write(recipe);
  return json;
}

Recipe read_recipe(const JsonReader &from) {
  if (!from.json().is_object())
    throw UserError(
        fmt::format(R"({}: a recipe is a JSON object, such as {{"base": "lucid", "steps": 256}})", from.name()));
  std::vector<std::string> keys{"base"};
  for (const Field &field : fields())
    keys.push_back(field.key);
  for (const auto &[key, value] : from.json().items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw UserError(fmt::format("{}: a recipe has no '{}'{}", from.name(), key, did_you_mean(key, keys)));
  if (from.has("base") && !from.at("base").is_string())
    throw UserError(fmt::format("{}: 'base' is one of {}", from.name(), fmt::join(recipe_names(), ", ")));
  Recipe result = from.has("base") ? recipe(from.text("base")) : Recipe{};
  for (const Field &field : fields())
    if (from.has(field.key))
      read_field(field, result, from);
  const auto transforming = {"jitter",        "scale",       "rotation", "jitter_after", "canvas_margin",
                             "canvas_scales", "canvas_crop", "border",   "crops",        "crop_side"};
  if (!from.has("transforms") &&
      std::any_of(transforming.begin(), transforming.end(), [&](const char *key) { return from.has(key); }))
    result.transforms = true; // or these would be for nothing
  if (result.canvas_scales &&
      (result.scale.uniform || canvas_scales(result).size() > static_cast<std::size_t>(most_scales)))
    throw UserError(fmt::format("{}: where the canvas scales, 'scale' is a list of up to {} values, not uniform",
                                from.name(), most_scales));
  return result;
}

bool names_recipe_file(const std::string &name_or_file) { return lower(name_or_file).ends_with(".json"); }

bool recipe_says(const std::string &name_or_file, const std::string &key) {
  return names_recipe_file(name_or_file) && read_recipe_file(name_or_file).contains(key);
}

Recipe recipe_by(const std::string &name_or_file) {
  if (!names_recipe_file(name_or_file))
    return recipe(name_or_file);
  const Json json = read_recipe_file(name_or_file);
  Recipe result = read_recipe({json, name_or_file});
  if (!json.contains("name"))
    result.name = path_text(std::filesystem::path(name_or_file).stem());
  return result;
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
