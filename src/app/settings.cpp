#include "app/settings.h"

#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr int most_objectives = 10000;

Json to_json(const FileMark &mark) { return {{"file", mark.file}, {"bytes", mark.bytes}, {"fnv1a64", mark.hash}}; }

Json to_json(const Preprocessing &p) {
  return {{"name", p.name}, {"source", p.source}, {"scale", p.scale}, {"shift", p.shift}};
}

Json to_json(const Draw &draw) { return {{"uniform", draw.uniform}, {"values", draw.values}}; }

Json to_json(const Recipe &r) {
  return {{"name", r.name},
          {"parameterization", r.parameterization == ParameterizationKind::fft ? "fft" : "pixel"},
          {"decay", r.decay},
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

// A PNG may come from anywhere: every value is checked before it is used.
class Reader {
public:
  Reader(const Json &json, std::string name) : json_(json), name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string &key) const {
    throw UserError(
        fmt::format("{}: its settings can't be used: '{}' is missing or not what this version writes", name_, key));
  }

  const Json &at(const std::string &key) const {
    if (!json_.is_object() || !json_.contains(key))
      fail(key);
    return json_[key];
  }
  bool has(const std::string &key) const { return json_.is_object() && json_.contains(key); }
  Reader object(const std::string &key) const { return {at(key), name_}; }

  std::string text(const std::string &key) const {
    if (!at(key).is_string())
      fail(key);
    return at(key).get<std::string>();
  }
  bool flag(const std::string &key) const {
    if (!at(key).is_boolean())
      fail(key);
    return at(key).get<bool>();
  }
  double number(const std::string &key, double low, double high) const {
    if (!at(key).is_number())
      fail(key);
    const double value = at(key).get<double>();
    if (!(value >= low && value <= high))
      fail(key);
    return value;
  }
  int integer(const std::string &key, int low, int high) const {
    if (!at(key).is_number_integer())
      fail(key);
    return static_cast<int>(number(key, low, high));
  }
  std::uint64_t natural(const std::string &key) const {
    if (!at(key).is_number_unsigned())
      fail(key);
    return at(key).get<std::uint64_t>();
  }
  // One of two words: whether it is the first.
  bool either(const std::string &key, const std::string &first, const std::string &second) const {
    const std::string word = text(key);
    if (word != first && word != second)
      fail(key);
    return word == first;
  }
  std::vector<Reader> list(const std::string &key, std::size_t most) const {
    if (!at(key).is_array() || at(key).size() > most)
      fail(key);
    std::vector<Reader> items;
    for (const Json &item : at(key))
      items.emplace_back(item, name_);
    return items;
  }
  const Json &json() const { return json_; }

private:
  const Json &json_;
  std::string name_;
};

FileMark read_mark(const Reader &from) { return {from.text("file"), from.natural("bytes"), from.text("fnv1a64")}; }

Preprocessing read_preprocessing(const Reader &from) {
  Preprocessing p;
  p.name = from.text("name");
  const std::vector<Reader> source = from.list("source", 3), scale = from.list("scale", 3),
                            shift = from.list("shift", 3);
  for (const auto *list : {&source, &scale, &shift})
    if (list->size() != 3)
      from.fail("source, scale or shift");
  for (std::size_t i = 0; i < 3; ++i) {
    const Json &from_channel = source[i].json();
    if (!from_channel.is_number_unsigned() || from_channel.get<std::uint64_t>() > 2)
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

Draw read_draw(const Reader &all, const std::string &key) {
  const Reader from = all.object(key);
  Draw draw;
  draw.values.clear();
  draw.uniform = from.flag("uniform");
  for (const Reader &value : from.list("values", 1000)) {
    if (!value.json().is_number() || !(std::abs(value.json().get<double>()) <= 1e4))
      all.fail(key);
    draw.values.push_back(value.json().get<double>());
  }
  if (draw.values.empty() || (draw.uniform && draw.values.size() != 2))
    all.fail(key);
  return draw;
}

Recipe read_recipe(const Reader &from) {
  Recipe r;
  r.name = from.text("name");
  r.parameterization =
      from.either("parameterization", "fft", "pixel") ? ParameterizationKind::fft : ParameterizationKind::pixel;
  r.decay = from.number("decay", 0, 10);
  r.initial_deviation = from.number("initial_deviation", 0, 1e3);
  r.transforms = from.flag("transforms");
  r.canvas_margin = from.integer("canvas_margin", 0, largest_size);
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
  r.revive_steps = from.integer("revive_steps", 0, most_steps);
  for (const double scale : r.scale.values)
    if (scale < 0.01)
      from.fail("scale");
  return r;
}

void read_optimization(const Reader &from, PictureSettings &settings) {
  for (const Reader &objective : from.list("objectives", most_objectives)) {
    settings.objectives.push_back(objective.text("objective"));
    settings.steps.push_back(objective.integer("steps", 1, most_steps));
  }
  if (settings.objectives.empty())
    from.fail("objectives");
  settings.recipe = read_recipe(from.object("recipe"));
  settings.width = from.integer("width", 1, largest_size);
  settings.height = from.integer("height", 1, largest_size);
  settings.batch = from.integer("batch", 0, 10000);
  settings.seed = from.natural("seed");
  if (from.has("init")) {
    settings.init = read_mark(from.object("init"));
    for (const Reader &objective : from.list("objectives", most_objectives))
      settings.starts.push_back(objective.integer("start", 0, most_objectives));
  }
}

} // namespace

FileMark mark_file(const std::string &file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw UserError(file + ": cannot be read");
  FileMark mark{file, 0, ""};
  std::uint64_t hash = fnv1a_start;
  std::vector<char> block(1 << 20);
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto count = static_cast<std::size_t>(stream.gcount());
    hash = fnv1a(std::as_bytes(std::span(block.data(), count)), hash);
    mark.bytes += count;
  }
  mark.hash = fmt::format("{:016x}", hash);
  return mark;
}

std::string settings_json(const PictureSettings &s) {
  Json json = {{"convscope", CONVSCOPE_VERSION},
               {"command", s.command},
               {"model", s.model.model},
               {"weights", to_json(s.weights)},
               {"input_range", s.model.input_range}};
  if (s.model.preprocessing)
    json["preprocessing"] = to_json(*s.model.preprocessing);
  if (s.model.size > 0)
    json["model_size"] = s.model.size;
  if (s.labels)
    json["labels"] = to_json(*s.labels);
  if (s.image)
    json["image"] = to_json(*s.image);
  json["input_size"] = s.input_size;
  if (s.command == "features") {
    json["layer"] = s.layer;
    json["channels"] = s.channels;
    json["range"] = s.range;
  } else {
    json["objectives"] = Json::array();
    for (std::size_t i = 0; i < s.objectives.size(); ++i) {
      json["objectives"].push_back({{"objective", s.objectives[i]}, {"steps", s.steps[i]}});
      if (s.init)
        json["objectives"].back()["start"] = s.starts[i];
    }
    json["width"] = s.width;
    json["height"] = s.height;
    json["seed"] = s.seed;
    json["batch"] = s.batch;
    if (s.init)
      json["init"] = to_json(*s.init);
    json["recipe"] = to_json(s.recipe);
  }
  json["precision"] = precision_name(s.precision);
  json["profile"] = s.profile;
  json["device"] = s.device;
  json["driver"] = s.driver;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

PictureSettings read_settings(const std::string &text, const std::string &name) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw UserError(name + ": its settings are not JSON");
  const Reader from(json, name);
  PictureSettings settings;
  settings.command = from.text("command");
  if (settings.command != "optimize" && settings.command != "strip" && settings.command != "features")
    from.fail("command");
  settings.weights = read_mark(from.object("weights"));
  settings.model = {from.text("model"), settings.weights.file, from.text("input_range")};
  if (from.has("preprocessing"))
    settings.model.preprocessing = read_preprocessing(from.object("preprocessing"));
  if (from.has("model_size"))
    settings.model.size = from.integer("model_size", 1, largest_size);
  if (from.has("labels")) {
    settings.labels = read_mark(from.object("labels"));
    settings.model.labels = settings.labels->file;
  }
  if (from.has("image"))
    settings.image = read_mark(from.object("image"));
  else if (settings.command != "optimize")
    from.fail("image");
  settings.input_size = from.integer("input_size", 0, largest_size);
  if (settings.command == "features") {
    settings.layer = from.text("layer");
    settings.range = from.text("range");
    for (const Reader &channel : from.list("channels", 1 << 20)) {
      if (!channel.json().is_number_unsigned() || channel.json().get<std::uint64_t>() >= 1U << 20)
        from.fail("channels");
      settings.channels.push_back(channel.json().get<int>());
    }
  } else {
    read_optimization(from, settings);
  }
  // Pictures from before there was a choice have fp32.
  if (from.has("precision") && from.either("precision", "fast", "fp32"))
    settings.precision = Precision::fast;
  if (from.has("profile"))
    settings.profile = from.text("profile");
  settings.device = from.text("device");
  settings.driver = from.text("driver");
  return settings;
}

void mark_model(const Session &session, PictureSettings &settings) {
  if (!settings.weights.hash.empty()) // of a replay, whose files may lie elsewhere now
    return;
  const Model &model = session.model();
  settings.weights = mark_file(path_text(model.weights));
  settings.weights.file = session.request().weights;
  settings.model = session.request();
  // A sidecar, a guess or the next version of the zoo may say otherwise by the time of a replay.
  if (settings.model.input_range.empty())
    settings.model.preprocessing = model.graph.preprocessing;
  if (names_model_file(settings.model.model))
    settings.model.size = model.graph.default_size;
  if (!model.labels_file.empty())
    settings.labels = mark_file(path_text(model.labels_file));
}

void mark_device(Session &session, PictureSettings &settings) {
  const vulkan::DeviceInfo &info = session.device().info();
  settings.precision = session.precision();
  settings.profile = session.profile_hash();
  if (!session.profile_note().empty())
    tell(session.profile_note());
  settings.device = info.name;
  settings.driver = info.driver + " " + info.driver_info;
}

} // namespace convscope
