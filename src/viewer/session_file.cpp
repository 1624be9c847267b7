#include "viewer/session_file.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "io/json_reader.h"
#include "session/recipe_json.h"

namespace convscope::viewer {

namespace {

using Json = nlohmann::ordered_json;

constexpr int version = 2; // 1 had no aims
constexpr std::uint64_t file_limit = std::uint64_t{1} << 31;
constexpr int most_pixels = 1 << 24, most_steps = 1 << 30, most_channels = 1 << 20;

static_assert(std::endian::native == std::endian::little, "floats are written as they are in memory");

Json bytes_of(const void *data, std::size_t size) {
  const auto *const from = static_cast<const std::uint8_t *>(data);
  return Json::binary(std::vector<std::uint8_t>(from, from + size));
}

Json floats(const std::vector<float> &values) { return bytes_of(values.data(), values.size() * sizeof(float)); }

const std::vector<std::uint8_t> &read_bytes(const JsonReader &from, const std::string &key) {
  if (!from.at(key).is_binary())
    from.fail(key);
  return from.at(key).get_binary();
}

std::vector<float> read_floats(const JsonReader &from, const std::string &key) {
  const auto &bytes = read_bytes(from, key);
  if (bytes.size() % sizeof(float) != 0)
    from.fail(key);
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Json to_json(const Array &array) { return {{"shape", array.shape}, {"data", floats(array.data)}}; }

Array read_array(const JsonReader &from, const std::string &key) {
  const JsonReader array = from.object(key);
  Array result{{}, read_floats(array, "data")};
  std::size_t size = 1;
  for (const JsonReader &side : array.list("shape", 8)) {
    if (!side.json().is_number_integer() || side.json().get<std::int64_t>() < 1 ||
        side.json().get<std::int64_t>() > most_pixels)
      from.fail(key);
    result.shape.push_back(side.json().get<std::int64_t>());
    size *= static_cast<std::size_t>(result.shape.back());
    if (size > result.data.size())
      from.fail(key);
  }
  if (!result.shape.empty() && size != result.data.size())
    from.fail(key);
  return result;
}

Json to_json(const ImageRgb8 &image) {
  return {
      {"width", image.width}, {"height", image.height}, {"rgb", bytes_of(image.pixels.data(), image.pixels.size())}};
}

ImageRgb8 read_thumbnail(const JsonReader &from) {
  ImageRgb8 image(from.integer("width", 1, 4096), from.integer("height", 1, 4096));
  const auto &bytes = read_bytes(from, "rgb");
  if (bytes.size() != image.pixels.size())
    from.fail("rgb");
  image.pixels.assign(bytes.begin(), bytes.end());
  return image;
}

Json to_json(const Unit &unit) {
  return {{"layer", unit.layer}, {"channel", unit.channel}, {"x", unit.x}, {"y", unit.y}};
}

Unit read_unit(const JsonReader &from) {
  return {from.text("layer"), from.integer("channel", -1, most_channels), from.integer("x", -1, most_channels),
          from.integer("y", -1, most_channels)};
}

// The place of its name among all of them.
template <typename Kind, std::size_t Count> Kind kind_of(const JsonReader &from, const char *const (&names)[Count]) {
  const std::string kind = from.text("kind");
  const auto *const known = std::find(std::begin(names), std::end(names), kind);
  if (known == std::end(names))
    from.fail("kind");
  return static_cast<Kind>(known - std::begin(names));
}

constexpr const char *kinds_of_lenses[] = {"none", "map", "grid", "groups", "channels"};

Json to_json(const Lens &lens) {
  return {{"kind", kinds_of_lenses[static_cast<std::size_t>(lens.kind)]}, {"groups", lens.groups}};
}

Lens read_lens(const JsonReader &from) {
  return {kind_of<Lens::Kind>(from, kinds_of_lenses), from.integer("groups", fewest_groups, most_lens_groups)};
}

constexpr const char *kinds_of_aims[] = {"unit", "faces", "caricature", "accentuation", "typed", "path"};

Json to_json(const Aim &aim) {
  return {{"kind", kinds_of_aims[static_cast<std::size_t>(aim.kind)]},
          {"typed", aim.typed},
          {"to", aim.to},
          {"images", aim.images},
          {"leash", aim.leash},
          {"difference", aim.difference}};
}

Aim read_aim(const JsonReader &from) {
  Aim aim;
  aim.kind = kind_of<Aim::Kind>(from, kinds_of_aims);
  aim.typed = from.text("typed");
  aim.to = from.has("to") ? from.text("to") : "";
  aim.images = from.integer("images", 1, most_images);
  aim.leash = from.number("leash", 0, 1e6);
  if (from.has("difference"))
    aim.difference = from.number("difference", 0, 1e6);
  return aim;
}

void write_controls(const Controls &controls, Json &json) {
  json["recipe"] = to_json(controls.recipe);
  json["size"] = controls.size;
  json["seed"] = controls.seed;
  if (controls.opacity)
    json["alpha"] = true;
  json["start"] = controls.start == StartFrom::noise ? "noise" : "photo";
}

Controls read_controls(const JsonReader &from) {
  Controls controls;
  controls.recipe = read_recipe(from.object("recipe"));
  controls.size = from.integer("size", 2, 4096);
  controls.seed = from.natural("seed");
  controls.opacity = from.has("alpha") && from.flag("alpha");
  controls.start = from.either("start", "noise", "photo") ? StartFrom::noise : StartFrom::photo;
  return controls;
}

Json to_json(const Wish &wish) {
  const ModelRequest model = absolute(wish.model);
  Json json = {{"model", model.model},
               {"weights", model.weights},
               {"input_range", model.input_range},
               {"photo", absolute_path(wish.photo)},
               {"layer", wish.layer},
               {"wall_images", wish.wall_images},
               {"running", wish.running},
               {"style", absolute_path(wish.style)},
               {"aim", to_json(wish.aim)},
               {"lens", to_json(wish.lens)}};
  write_controls(wish.controls, json);
  if (wish.own)
    write_controls(*wish.own, json["own"]);
  if (model.preprocessing)
    json["preprocessing"] = to_json(*model.preprocessing);
  if (model.size.given())
    json["model_size"] = to_json(InputSize{0, model.size});
  write_inputs(model, json);
  if (!model.labels.empty())
    json["labels"] = model.labels;
  if (!wish.photos_seen.folder.empty())
    json["photos"] = {{"folder", absolute_path(wish.photos_seen.folder)},
                      {"database", absolute_path(wish.photos_seen.database)}};
  if (wish.focus)
    json["unit"] = to_json(*wish.focus);
  if (wish.place.chosen())
    json["place"] = {{"u", wish.place.u}, {"v", wish.place.v}};
  if (wish.second)
    json["second"] = to_json(*wish.second);
  return json;
}

Wish read_wish(const JsonReader &from) {
  Wish wish;
  wish.model = {from.text("model"), from.text("weights"), from.text("input_range")};
  if (from.has("preprocessing"))
    wish.model.preprocessing = read_preprocessing(from.object("preprocessing"));
  if (from.has("model_size"))
    wish.model.size = read_size(from, "model_size", 1, 4096).size();
  read_inputs(from, wish.model);
  if (from.has("labels"))
    wish.model.labels = from.text("labels");
  wish.photo = from.text("photo");
  wish.layer = from.text("layer");
  wish.wall_images = from.flag("wall_images");
  wish.running = from.flag("running");
  wish.controls = read_controls(from);
  if (from.has("own"))
    wish.own = read_controls(from.object("own"));
  if (from.has("style"))
    wish.style = from.text("style");
  if (from.has("aim"))
    wish.aim = read_aim(from.object("aim"));
  if (from.has("lens"))
    wish.lens = read_lens(from.object("lens"));
  if (from.has("photos")) {
    wish.photos_seen.folder = from.object("photos").text("folder");
    wish.photos_seen.database = from.object("photos").text("database");
  }
  if (from.has("unit"))
    wish.focus = read_unit(from.object("unit"));
  if (from.has("place")) {
    const JsonReader place = from.object("place");
    wish.place = {static_cast<float>(place.number("u", 0, 1)), static_cast<float>(place.number("v", 0, 1))};
  }
  if (from.has("second"))
    wish.second = read_recipe(from.object("second"));
  return wish;
}

Json to_json(const KeptMoment &kept) {
  return {{"step", kept.moment.step},       {"branch", kept.moment.branch},
          {"value", kept.moment.value},     {"parameters", to_json(kept.parameters)},
          {"recipe", to_json(kept.recipe)}, {"thumbnail", to_json(kept.thumbnail)}};
}

KeptMoment read_moment(const JsonReader &from) {
  KeptMoment kept;
  kept.moment.step = from.integer("step", 0, most_steps);
  kept.moment.branch = from.integer("branch", 0, most_steps);
  kept.moment.value = from.at("value").is_number() ? from.at("value").get<float>() : 0;
  kept.parameters = read_array(from, "parameters");
  kept.recipe = read_recipe(from.object("recipe"));
  kept.thumbnail = read_thumbnail(from.object("thumbnail"));
  return kept;
}

Json to_json(const SavedFocus &focus) {
  Json json = {{"steps", focus.steps},
               {"branch", focus.branch},
               {"every", focus.every},
               {"untouched", focus.untouched},
               {"values", floats(focus.values)},
               {"norms", floats(focus.norms)},
               {"parameters", to_json(focus.state.parameters)},
               {"first_moments", to_json(focus.state.first_moments)},
               {"second_moments", to_json(focus.state.second_moments)},
               {"moment_steps", focus.state.steps},
               {"history", Json::array()}};
  for (const KeptMoment &kept : focus.kept)
    json["history"].push_back(to_json(kept));
  return json;
}

SavedFocus read_focus(const JsonReader &from) {
  SavedFocus focus;
  focus.steps = from.integer("steps", 0, most_steps);
  focus.branch = from.integer("branch", 0, most_steps);
  focus.every = from.integer("every", 1, most_steps);
  focus.untouched = from.flag("untouched");
  focus.values = read_floats(from, "values");
  focus.norms = read_floats(from, "norms");
  focus.state = {read_array(from, "parameters"), read_array(from, "first_moments"), read_array(from, "second_moments"),
                 from.integer("moment_steps", 0, most_steps)};
  for (const JsonReader &kept : from.list("history", 1000))
    focus.kept.push_back(read_moment(kept));
  return focus;
}

} // namespace

void write_session(const std::string &path, const SavedSession &session) {
  Json json = {{"convscope_session", version}, {"wish", to_json(session.wish)}};
  if (session.focus)
    json["focus"] = to_json(*session.focus);
  const std::vector<std::uint8_t> bytes = Json::to_cbor(json);
  write_file_atomically(path, std::span(bytes));
}

SavedSession read_session(const std::string &path) {
  const Json json = Json::from_cbor(read_file(path, file_limit), true, false);
  if (!json.is_object() || !json.contains("convscope_session"))
    throw UserError(path + ": is no session of Convscope");
  const JsonReader from(json, path);
  if (const int written = from.integer("convscope_session", 0, 1 << 30); written < 1 || written > version)
    throw UserError(path + ": was written by another version of Convscope");
  SavedSession session{read_wish(from.object("wish")), std::nullopt};
  if (from.has("focus"))
    session.focus = read_focus(from.object("focus"));
  return session;
}

} // namespace convscope::viewer
