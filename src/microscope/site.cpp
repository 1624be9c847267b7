#include "microscope/site.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "graph/graph.h"

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t shown_ties = 8;

// "12-neuron" of layer 12's unit; nothing where it is no unit's.
std::optional<std::pair<int, View>> unit_of(const std::string &stem) {
  for (const ViewForm &form : view_forms()) {
    const std::string_view suffix = form.suffix;
    if (!stem.ends_with(suffix))
      continue;
    const auto number = parse_integer(std::string_view(stem).substr(0, stem.size() - suffix.size()));
    if (number && *number >= 0 && *number < (1 << 24) && file_stem(static_cast<int>(*number), form.view) == stem)
      return std::pair(static_cast<int>(*number), form.view);
  }
  return std::nullopt;
}

SiteLayer gather_layer(const SurveyLayer &layer, const std::vector<int> &asked, const SiteStore &store) {
  SiteLayer site{layer, {}, {}};
  std::map<int, SiteUnit> units;
  for (const int unit : asked)
    units[unit].unit = unit;
  for (auto &[stem, record] : store.records(layer.folder)) {
    if (const auto found = unit_of(stem); found && (layer.shape.c == 0 || found->first < layer.shape.c)) {
      units[found->first].unit = found->first;
      units[found->first].views[static_cast<std::size_t>(found->second)] = record;
    } else if (stem.starts_with(photo_stem(""))) {
      site.caricatures.push_back({stem, record});
    }
  }
  const std::vector<std::string> names = examples_of_layer(store, layer.folder);
  for (auto &[number, unit] : units) {
    const std::string path = examples_path(layer.folder, number, "json");
    if (std::binary_search(names.begin(), names.end(), fmt::format("{}.json", number)))
      if (const auto text = store.get(path))
        unit.examples = read_examples(*text);
    site.units.push_back(std::move(unit));
  }
  site.layer.units.clear();
  for (const SiteUnit &unit : site.units)
    site.layer.units.push_back(unit.unit);
  return site;
}

void add_ties(const Model &model, Site &site) {
  const Graph &graph = model.graph;
  // Layers of the net, whether the site has them or not: else what lies between would be taken for one layer's weights.
  std::set<NodeId> stops;
  for (const NodeId id : telling_layers(graph))
    stops.insert(id);
  for (const SiteLayer &layer : site.layers)
    stops.insert(layer.layer.node);
  const std::vector<Shape> shapes = node_shapes(model);
  const std::vector<Ties> ties = ties_between(graph, shapes, {stops.begin(), stops.end()});
  std::map<NodeId, std::vector<Ties>> near;
  for (const Ties &t : ties) {
    near[t.from].push_back(t);
    near[t.to].push_back(t);
  }
  for (SiteLayer &layer : site.layers)
    for (SiteUnit &unit : layer.units) {
      unit.before = strongest_before(near[layer.layer.node], layer.layer.node, unit.unit, shown_ties);
      unit.behind = strongest_behind(near[layer.layer.node], layer.layer.node, unit.unit, shown_ties);
    }
}

} // namespace

std::string examples_path(const std::string &layer, int unit, const char *extension) {
  return fmt::format("examples/{}/{}.{}", layer, unit, extension);
}

std::vector<std::string> examples_of_layer(const SiteStore &store, const std::string &layer) {
  return store.list("examples/" + layer);
}

std::string to_text(const UnitExamples &examples) {
  Json json{{"photos", examples.photos},
            {"excited", examples.excited},
            {"edges", examples.edges},
            {"counts", examples.counts},
            {"examples", Json::array()}};
  for (const UnitExample &example : examples.top)
    json["examples"].push_back({{"file", example.file},
                                {"value", example.value},
                                {"box", example.box},
                                {"width", example.width},
                                {"height", example.height}});
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::optional<UnitExamples> read_examples(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    UnitExamples examples;
    examples.photos = json.at("photos").get<std::int64_t>();
    examples.excited = json.at("excited").get<std::int64_t>();
    examples.edges = json.at("edges").get<std::vector<double>>();
    examples.counts = json.at("counts").get<std::vector<std::int64_t>>();
    for (const Json &one : json.at("examples"))
      examples.top.push_back({one.at("file").get<std::string>(), one.at("value").get<double>(),
                              one.at("box").get<std::array<int, 4>>(), one.at("width").get<int>(),
                              one.at("height").get<int>()});
    return examples;
  } catch (const Json::exception &) {
    return std::nullopt;
  }
}

int SiteLayer::done() const {
  return static_cast<int>(
      std::count_if(units.begin(), units.end(), [](const SiteUnit &u) { return u.views[0].has_value(); }));
}

int SiteLayer::dead() const {
  return static_cast<int>(std::count_if(units.begin(), units.end(), [](const SiteUnit &u) {
    return u.views[0] && u.views[0]->state == Record::State::dead;
  }));
}

bool Site::preview() const {
  for (const SiteLayer &layer : layers)
    for (const SiteUnit &unit : layer.units)
      for (const auto &record : unit.views)
        if (record && record->preview)
          return true;
  return false;
}

std::int64_t Site::units() const {
  std::int64_t all = 0;
  for (const SiteLayer &layer : layers)
    all += std::ssize(layer.units);
  return all;
}

std::int64_t Site::done() const {
  std::int64_t all = 0;
  for (const SiteLayer &layer : layers)
    all += layer.done();
  return all;
}

std::int64_t Site::dead() const {
  std::int64_t all = 0;
  for (const SiteLayer &layer : layers)
    all += layer.dead();
  return all;
}

Site gather_site(const Model &model, const Survey &survey, const SiteStore &store) {
  Site site;
  site.net = model.graph.name;
  const std::vector<std::string> folders = store.list("images"), pages = store.list("atlas");
  const std::vector<SurveyLayer> named = named_layers(model);
  for (const SurveyLayer &layer : named) {
    site.names[layer.node] = layer.name;
    if (std::find(pages.begin(), pages.end(), layer.folder + ".html") != pages.end())
      site.atlases.push_back(layer);
    const auto asked = std::find_if(survey.layers.begin(), survey.layers.end(),
                                    [&](const SurveyLayer &l) { return l.node == layer.node; });
    if (asked != survey.layers.end())
      site.layers.push_back(gather_layer(*asked, asked->units, store));
    else if (std::find(folders.begin(), folders.end(), layer.folder) != folders.end())
      site.layers.push_back(gather_layer(layer, {}, store));
  }
  std::erase_if(site.layers, [](const SiteLayer &layer) { return layer.units.empty() && layer.caricatures.empty(); });
  add_ties(model, site);
  return site;
}

} // namespace convscope
