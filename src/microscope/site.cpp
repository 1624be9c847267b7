#include "microscope/site.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "graph/graph.h"

namespace convscope {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t shown_ties = 8;

SiteLayer gather_layer(const SurveyLayer &layer, const std::vector<int> &asked, const SiteStore &store) {
  SiteLayer site{layer, {}, {}};
  std::map<int, SiteUnit> units;
  for (const int unit : asked)
    units[unit].unit = unit;
  for (auto &[stem, record] : store.records(layer.folder)) {
    if (const auto found = unit_picture(stem); found && (layer.shape.c == 0 || found->unit < layer.shape.c)) {
      SiteUnit &unit = units[found->unit];
      unit.unit = found->unit;
      if (found->view == View::face)
        unit.faces[found->face] = record;
      else
        unit.views[static_cast<std::size_t>(found->view)] = record;
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

} // namespace

void SiteTies::add_to(const Model &model, Site &site) {
  const Graph &graph = model.graph;
  // Layers of the net, whether the site has them or not: else what lies between would be taken for one layer's weights.
  std::set<NodeId> stops;
  for (const NodeId id : telling_layers(graph))
    stops.insert(id);
  bool known = true;
  for (const SiteLayer &layer : site.layers) {
    stops.insert(layer.layer.node);
    known = known && channels_.contains(layer.layer.node);
  }
  if (stops != stops_ || !known) {
    const std::vector<Shape> shapes = node_shapes(model);
    const std::vector<Ties> ties = ties_between(graph, shapes, {stops.begin(), stops.end()});
    channels_.clear();
    for (const SiteLayer &layer : site.layers) {
      const NodeId node = layer.layer.node;
      std::vector<OfUnit> &units = channels_[node];
      for (int unit = 0; unit < shapes[static_cast<std::size_t>(node)].c; ++unit)
        units.push_back(
            {strongest_before(ties, node, unit, shown_ties), strongest_behind(ties, node, unit, shown_ties)});
    }
    stops_ = std::move(stops);
  }
  for (SiteLayer &layer : site.layers) {
    const std::vector<OfUnit> &units = channels_[layer.layer.node];
    for (SiteUnit &unit : layer.units)
      if (const auto at = static_cast<std::size_t>(unit.unit); at < units.size()) {
        unit.before = units[at].before;
        unit.behind = units[at].behind;
      }
  }
}

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

bool SiteUnit::preview() const {
  return std::any_of(views.begin(), views.end(), [](const auto &record) { return record && record->preview; }) ||
         std::any_of(faces.begin(), faces.end(), [](const auto &face) { return face.second.preview; });
}

bool Site::preview() const {
  for (const SiteLayer &layer : layers)
    if (std::any_of(layer.units.begin(), layer.units.end(), [](const SiteUnit &unit) { return unit.preview(); }))
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

Site gather_site(const Model &model, const Survey &survey, const SiteStore &store, SiteTies &ties) {
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
  ties.add_to(model, site);
  return site;
}

} // namespace convscope
