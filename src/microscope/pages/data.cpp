// What the pages' script reads, as scripts (a page that is opened from a disk may read nothing else), and JSON for
// other programs.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "microscope/pages/html.h"
#include "microscope/sprites.h"

namespace convscope::pages {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char *state_names[] = {"done", "dead", "stopped"};

// Short, and the same on every machine.
double rounded(double value) { return std::stod(fmt::format("{:.5g}", value)); }

std::string picture_path(const SurveyLayer &layer, const std::string &stem) {
  return fmt::format("images/{}/{}.png", layer.folder, stem);
}

Json record_json(const Record &record, const std::string &picture) {
  Json json{{"picture", picture},
            {"state", state_names[static_cast<std::size_t>(record.state)]},
            {"value", rounded(record.value)},
            {"steps", record.steps},
            {"width", record.width},
            {"height", record.height}};
  if (record.preview)
    json["preview"] = true;
  if (record.difference > 0)
    json["difference"] = record.difference;
  return json;
}

Json examples_json(const SiteLayer &layer, const SiteUnit &unit) {
  Json json{{"photos", unit.examples->photos},
            {"excited", unit.examples->excited},
            {"sheet", examples_path(layer.layer.folder, unit.unit, "jpg")},
            {"edges", unit.examples->edges},
            {"counts", unit.examples->counts},
            {"top", Json::array()}};
  for (const UnitExample &e : unit.examples->top)
    json["top"].push_back(
        {{"file", e.file}, {"value", rounded(e.value)}, {"box", e.box}, {"size", {e.width, e.height}}});
  return json;
}

// [layer's name, channel, strength], strongest first.
Json ties_json(const std::vector<Tie> &ties, const std::map<NodeId, std::string> &names) {
  Json json = Json::array();
  for (const Tie &tie : ties)
    json.push_back({names.at(tie.layer), tie.channel, rounded(tie.strength)});
  return json;
}

} // namespace

void write_data(const Site &site, const SiteStore &store) {
  Json all{{"net", site.net}, {"layers", Json::array()}};
  for (const SiteLayer &layer : site.layers) {
    const SurveyLayer &l = layer.layer;
    Json summary{{"name", l.name},      {"kind", l.kind},     {"folder", l.folder},   {"channels", l.shape.c},
                 {"height", l.shape.h}, {"width", l.shape.w}, {"done", layer.done()}, {"dead", layer.dead()}};
    if (l.negative != l.name)
      summary["negative"] = l.negative; // what its negatives are of
    if (!layer.whole())
      summary["units"] = l.units;
    all["layers"].push_back(summary);

    Json units = Json::array(), values = Json::array(), shares = Json::array();
    std::string states;
    for (const SiteUnit &unit : layer.units) {
      Json json{{"unit", unit.unit}};
      for (const ViewForm &form : view_forms())
        if (form.view == View::face) {
          for (const auto &[face, record] : unit.faces)
            json["faces"].push_back(record_json(record, picture_path(l, file_stem(unit.unit, View::face, face))));
        } else if (const auto &record = unit.views[static_cast<std::size_t>(form.view)]) {
          json[form.view == View::channel ? "channel" : form.suffix + 1] =
              record_json(*record, picture_path(l, file_stem(unit.unit, form.view)));
        }
      json["before"] = ties_json(unit.before, site.names);
      json["behind"] = ties_json(unit.behind, site.names);
      if (unit.examples)
        json["examples"] = examples_json(layer, unit);
      units.push_back(std::move(json));
      const auto &record = unit.views[0];
      states += !record                                   ? '-'
                : record->state == Record::State::dead    ? 'x'
                : record->state == Record::State::stopped ? 's'
                                                          : 'o';
      values.push_back(record ? rounded(record->value) : 0);
      if (unit.examples)
        shares.push_back(
            rounded(double(unit.examples->excited) / double(std::max<std::int64_t>(unit.examples->photos, 1))));
    }
    Json table{{"states", states}, {"values", values}};
    if (shares.size() == layer.units.size() && !shares.empty())
      table["excited"] = shares;
    store.put(fmt::format("data/layers/{}.js", l.folder),
              fmt::format("convscope.layer({},{});\n", json_text(l.name), json_text(table)));
    Json layer_json = summary;
    layer_json["caricatures"] = Json::array();
    for (const SiteCaricature &c : layer.caricatures) {
      Json one = record_json(c.record, picture_path(l, c.stem));
      one["photo"] = c.record.photo;
      layer_json["caricatures"].push_back(std::move(one));
    }
    layer_json["units"] = units;
    store.put(fmt::format("data/layers/{}.json", l.folder), json_text(layer_json) + "\n");
    // By sheets, so that a unit's page reads little.
    for (std::size_t first = 0; first < units.size(); first += sheet_cells) {
      const Json block(
          Json::array_t(units.begin() + static_cast<std::ptrdiff_t>(first),
                        units.begin() + static_cast<std::ptrdiff_t>(std::min(first + sheet_cells, units.size()))));
      store.put(fmt::format("data/layers/{}/{}.js", l.folder, first / sheet_cells),
                fmt::format("convscope.units({},{},{});\n", json_text(l.name), first / sheet_cells, json_text(block)));
    }
  }
  store.put("data/site.json", json_text(all) + "\n");
  store.put("data/site.js", fmt::format("convscope.site({});\n", json_text(all)));
}

} // namespace convscope::pages
