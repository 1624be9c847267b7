// index.html: the net's layers and what they see; its script turns it into a unit's page where the address says so.
#include <algorithm>

#include <fmt/format.h>

#include "microscope/atlas_page.h"
#include "microscope/pages/html.h"

namespace convscope::pages {

namespace {

constexpr std::size_t shown_units = 12;

// Evenly spread over those that respond.
std::vector<std::size_t> chosen(const SiteLayer &layer) {
  std::vector<std::size_t> alive, places;
  for (std::size_t i = 0; i < layer.units.size(); ++i)
    if (layer.units[i].views[0] && layer.units[i].views[0]->state != Record::State::dead)
      alive.push_back(i);
  const std::size_t count = std::min(shown_units, alive.size());
  for (std::size_t i = 0; i < count; ++i)
    places.push_back(alive[(2 * i + 1) * alive.size() / (2 * count)]);
  return places;
}

std::string row(const SiteLayer &layer) {
  std::string thumbs;
  for (const std::size_t place : chosen(layer))
    thumbs += "\n        " + thumb(layer, place, "");
  if (thumbs.empty())
    thumbs = layer.units.empty() ? R"(<span class="none">no units yet</span>)"
             : layer.done() > 0  ? R"(<span class="none">no unit responds</span>)"
                                 : R"(<span class="none">not made yet</span>)";
  const std::string shape = shape_text(layer.layer.shape);
  return fmt::format(R"(
    <section class="layer">
      <h2><a href="layers/{0}.html">{1}</a></h2>
      <p class="facts">{2}{3}{4}<br>{5}</p>
      <div class="row">{6}
      </div>
    </section>)",
                     layer.layer.folder, escaped(layer.layer.name), escaped(layer.layer.kind),
                     shape.empty() || layer.layer.kind.empty() ? "" : ", ", shape, state_text(layer), thumbs);
}

std::string summary(const Site &site) {
  std::string text = fmt::format("{} {} of {} {}", count(site.units()), site.units() == 1 ? "unit" : "units",
                                 count(std::ssize(site.layers)), site.layers.size() == 1 ? "layer" : "layers");
  if (site.done() < site.units())
    text += fmt::format("; {} are made so far", count(site.done()));
  if (site.dead() > 0)
    text +=
        fmt::format("; {} {} to nothing that was found", count(site.dead()), site.dead() == 1 ? "responds" : "respond");
  return text + ".";
}

std::string atlases(const Site &site) {
  std::string links;
  for (const SurveyLayer &layer : site.atlases)
    links += fmt::format(R"({}<a href="{}">{}</a>)", links.empty() ? "" : ", ", atlas_path(layer.folder),
                         escaped(layer.name));
  return links.empty() ? "" : "\n    <p class=\"lead\">Atlases of the photos: " + links + "</p>";
}

} // namespace

void write_overview(const Site &site, const SiteStore &store) {
  std::string rows;
  for (const SiteLayer &layer : site.layers)
    rows += row(layer);
  store.put("index.html",
            filled(web_file("index.html"),
                   {{"net", escaped(site.net)},
                    {"bar", bar(site.net, "#")},
                    {"summary", summary(site)},
                    {"preview", site.preview()
                                    ? "\n    <p class=\"note\">Pictures marked as previews took few steps; the same "
                                      "command without <code>--preview</code> replaces them one by one.</p>"
                                    : ""},
                    {"atlases", atlases(site)},
                    {"layers", rows}}));
}

} // namespace convscope::pages
