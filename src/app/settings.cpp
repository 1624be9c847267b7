#include "app/settings.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/options.h"
#include "base/error.h"
#include "base/files.h"
#include "io/json_reader.h"
#include "session/recipe_json.h"

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr int most_objectives = 10000;

Json to_json(const FileMark &mark) { return {{"file", mark.file}, {"bytes", mark.bytes}, {"fnv1a64", mark.hash}}; }

FileMark read_mark(const JsonReader &from) { return {from.text("file"), from.natural("bytes"), from.text("fnv1a64")}; }

void read_making(const JsonReader &from, PictureSettings &settings) {
  settings.recipe = read_recipe(from.object("recipe"));
  settings.width = from.integer("width", 1, largest_size);
  settings.height = from.integer("height", 1, largest_size);
  settings.batch = from.integer("batch", 0, 10000);
  settings.seed = from.natural("seed");
}

void read_optimization(const JsonReader &from, PictureSettings &settings) {
  for (const JsonReader &objective : from.list("objectives", most_objectives)) {
    settings.objectives.push_back(objective.text("objective"));
    settings.steps.push_back(objective.integer("steps", 1, most_steps));
    settings.which.push_back(objective.has("variant") ? objective.integer("variant", 0, most_variants - 1) : 0);
  }
  if (settings.objectives.empty())
    from.fail("objectives");
  read_making(from, settings);
  if (from.has("path")) {
    const JsonReader path = from.object("path");
    settings.path = {path.text("from"), path.text("to"), path.integer("images", 2, most_variants)};
    settings.loop = path.flag("loop");
  }
  if (from.has("alpha"))
    settings.opacity = from.flag("alpha");
  if (from.has("variants"))
    settings.variants = from.integer("variants", 1, most_variants);
  if (from.has("vectors"))
    for (const JsonReader &mark : from.list("vectors", most_objectives))
      settings.vectors.push_back(read_mark(mark));
  if (from.has("photo"))
    settings.photo = read_mark(from.object("photo"));
  if (from.has("style"))
    settings.style = read_mark(from.object("style"));
  if (from.has("spectrum"))
    settings.spectrum = read_mark(from.object("spectrum"));
  if (from.has("draw_size"))
    settings.draw_size = read_size(from, "draw_size", 1, largest_size).size();
  if (from.has("only"))
    settings.only = from.integer("only", 0, static_cast<int>(settings.objectives.size()) - 1);
  if (from.has("init")) {
    settings.init = read_mark(from.object("init"));
    for (const JsonReader &objective : from.list("objectives", most_objectives))
      settings.starts.push_back(objective.integer("start", 0, most_objectives));
  }
}

void read_grid(const JsonReader &from, PictureSettings &settings) {
  settings.layer = from.text("layer");
  settings.groups = from.integer("groups", 0, most_groups);
  if (from.has("at")) {
    const JsonReader at = from.object("at");
    settings.at = {at.integer("x", 0, 1 << 20), at.integer("y", 0, 1 << 20)};
    settings.top = from.integer("top", 1, most_channels);
  }
  settings.steps = {from.integer("steps", 1, most_steps)};
  read_making(from, settings);
}

} // namespace

std::string settings_json(const PictureSettings &s) {
  Json json = {{"convscope", CONVSCOPE_VERSION},
               {"command", s.command},
               {"model", s.model.model},
               {"weights", to_json(s.weights)},
               {"input_range", s.model.input_range}};
  if (s.model.preprocessing)
    json["preprocessing"] = to_json(*s.model.preprocessing);
  if (s.model.size.given())
    json["model_size"] = to_json(InputSize{0, s.model.size});
  write_inputs(s.model, json);
  for (const FileMark &mark : s.arrays)
    json["arrays"].push_back(to_json(mark));
  if (s.labels)
    json["labels"] = to_json(*s.labels);
  if (s.image)
    json["image"] = to_json(*s.image);
  json["input_size"] = to_json(s.input_size);
  if (s.command == "features") {
    json["layer"] = s.layer;
    json["channels"] = s.channels;
    json["range"] = s.range;
  } else if (s.command == "grid") {
    json["layer"] = s.layer;
    json["groups"] = s.groups;
    if (s.at) {
      json["at"] = {{"x", s.at->at(0)}, {"y", s.at->at(1)}};
      json["top"] = s.top;
    }
    json["steps"] = s.steps.at(0);
    json["width"] = s.width;
    json["height"] = s.height;
    json["seed"] = s.seed;
    json["batch"] = s.batch;
    json["recipe"] = to_json(s.recipe);
  } else {
    json["objectives"] = Json::array();
    for (std::size_t i = 0; i < s.objectives.size(); ++i) {
      json["objectives"].push_back({{"objective", s.objectives[i]}, {"steps", s.steps[i]}});
      if (s.variants > 1 || s.path)
        json["objectives"].back()["variant"] = s.which[i];
      if (s.init)
        json["objectives"].back()["start"] = s.starts[i];
    }
    if (s.opacity)
      json["alpha"] = true;
    if (s.variants > 1)
      json["variants"] = s.variants;
    if (s.path)
      json["path"] = {{"from", s.path->from}, {"to", s.path->to}, {"images", s.path->images}, {"loop", s.loop}};
    for (const FileMark &mark : s.vectors)
      json["vectors"].push_back(to_json(mark));
    if (s.photo)
      json["photo"] = to_json(*s.photo);
    if (s.style)
      json["style"] = to_json(*s.style);
    json["width"] = s.width;
    json["height"] = s.height;
    json["seed"] = s.seed;
    json["batch"] = s.batch;
    if (s.init)
      json["init"] = to_json(*s.init);
    if (s.spectrum)
      json["spectrum"] = to_json(*s.spectrum);
    if (s.draw_size.given())
      json["draw_size"] = to_json(InputSize{0, s.draw_size});
    if (s.only)
      json["only"] = *s.only;
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
  const JsonReader from(json, name);
  PictureSettings settings;
  settings.command = from.text("command");
  if (settings.command != "optimize" && settings.command != "strip" && settings.command != "features" &&
      settings.command != "grid")
    from.fail("command");
  settings.weights = read_mark(from.object("weights"));
  settings.model = {from.text("model"), settings.weights.file, from.text("input_range")};
  if (from.has("preprocessing"))
    settings.model.preprocessing = read_preprocessing(from.object("preprocessing"));
  if (from.has("model_size"))
    settings.model.size = read_size(from, "model_size", 1, largest_size).size();
  read_inputs(from, settings.model);
  if (from.has("arrays"))
    for (const JsonReader &mark : from.list("arrays", 1 << 16))
      settings.arrays.push_back(read_mark(mark));
  if (from.has("labels")) {
    settings.labels = read_mark(from.object("labels"));
    settings.model.labels = settings.labels->file;
  }
  if (from.has("image"))
    settings.image = read_mark(from.object("image"));
  else if (settings.command != "optimize")
    from.fail("image");
  settings.input_size = read_size(from, "input_size", 0, largest_size);
  if (settings.command == "features") {
    settings.layer = from.text("layer");
    settings.range = from.text("range");
    for (const JsonReader &channel : from.list("channels", 1 << 20)) {
      if (!channel.json().is_number_unsigned() || channel.json().get<std::uint64_t>() >= 1U << 20)
        from.fail("channels");
      settings.channels.push_back(channel.json().get<int>());
    }
  } else if (settings.command == "grid") {
    read_grid(from, settings);
  } else {
    read_optimization(from, settings);
  }
  // Pictures from before there was a choice have fp32.
  if (from.has("precision")) {
    const auto precision = precision_of(from.text("precision"));
    if (!precision)
      from.fail("precision");
    settings.precision = *precision;
  }
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
    settings.model.size = model.graph.size();
  for (const auto &[name, value] : settings.model.set)
    if (names_array(value))
      settings.arrays.push_back(mark_file(value));
  if (!model.labels_file.empty())
    settings.labels = mark_file(path_text(model.labels_file));
}

void mark_vectors(const Objective &objective, PictureSettings &settings) {
  for (const Term &term : objective.terms)
    if (!term.file.empty() && std::none_of(settings.vectors.begin(), settings.vectors.end(),
                                           [&](const FileMark &mark) { return mark.file == term.file; }))
      settings.vectors.push_back(mark_file(term.file));
}

std::vector<Output> files_of(const ModelRequest &model) {
  std::vector<Output> files = {{"--model", names_model_file(model.model) ? model.model : "", ""},
                               {"--weights", model.weights, ""},
                               {"--labels", model.labels, ""}};
  for (const auto &[name, value] : model.set)
    if (names_array(value))
      files.push_back({"--set", value, ""});
  return files;
}

std::vector<Output> files_of(const PictureSettings &settings) {
  std::vector<Output> files = files_of(settings.model);
  const auto add = [&](const char *option, const std::optional<FileMark> &mark) {
    if (mark)
      files.push_back({option, mark->file, ""});
  };
  add("the photo", settings.image);
  add("--init", settings.init);
  add("--photo", settings.photo);
  add("--style", settings.style);
  add("--spectrum", settings.spectrum);
  for (const FileMark &mark : settings.vectors)
    add("the objective", mark);
  return files;
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
