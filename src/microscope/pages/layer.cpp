// A layer's page: all of its units, which can be read, and clicked, without a script.
#include <algorithm>

#include <fmt/format.h>

#include "microscope/pages/html.h"
#include "microscope/sprites.h"

namespace convscope::pages {

namespace {

// As short as can be: there may be ten thousand. Where a cell lies in its sheet is the style's to say, by its place in
// the row.
std::string cell(const SiteUnit &unit) {
  if (!unit.views[0])
    return fmt::format(R"(<a class="wait">{}</a>)", unit.unit);
  return fmt::format(R"(<a{} href="{}.png">{}</a>)",
                     unit.views[0]->state == Record::State::dead ? R"( class="dead")" : "",
                     file_stem(unit.unit, View::channel), unit.unit);
}

std::string sheets(const SiteLayer &layer) {
  std::string text;
  for (std::size_t first = 0; first < layer.units.size(); first += sheet_cells) {
    text += fmt::format("\n    <div class=\"sheet s{}\">", first / sheet_cells);
    for (std::size_t i = first; i < std::min(first + sheet_cells, layer.units.size()); ++i)
      text += cell(layer.units[i]);
    text += "</div>";
  }
  return text.empty() ? "\n    <div class=\"sheet\"></div>" : text;
}

std::string sheet_styles(const SiteLayer &layer) {
  std::string text;
  for (std::size_t sheet = 0; sheet * sheet_cells < layer.units.size(); ++sheet)
    text +=
        fmt::format(".s{} a::before{{background-image:url(../../{})}}\n", sheet, sheet_path(layer.layer.folder, sheet));
  return text;
}

std::string caricatures(const SiteLayer &layer) {
  if (layer.caricatures.empty())
    return "";
  std::string figures;
  for (const SiteCaricature &c : layer.caricatures)
    figures += fmt::format(R"(
        <figure><a href="{0}.png"><img src="{0}.png" width="{1}" height="{2}" alt="caricature of {3}"></a><figcaption>{3}</figcaption></figure>)",
                           c.stem, c.record.width, c.record.height, escaped(c.record.photo));
  return fmt::format(R"(
    <section>
      <h2>Photos as this layer sees them</h2>
      <div class="figures small">{}
      </div>
    </section>)",
                     figures);
}

std::string link(const Site &site, std::size_t layer, const char *relation, const char *arrow) {
  const SurveyLayer &l = site.layers[layer].layer;
  return fmt::format(R"(<a rel="{}" href="../../layers/{}.html" title="{}">{}</a>)", relation, l.folder,
                     escaped(l.name), arrow);
}

} // namespace

void write_layer(const Site &site, std::size_t at, const SiteStore &store) {
  const SiteLayer &layer = site.layers[at];
  const std::string shape = shape_text(layer.layer.shape);
  store.put(fmt::format("layers/{}.html", layer.layer.folder),
            filled(web_file("layer.html"),
                   {{"net", escaped(site.net)},
                    {"bar", bar(site.net, "../../index.html")},
                    {"name", escaped(layer.layer.name)},
                    {"folder", layer.layer.folder},
                    {"data", escaped(layer.layer.name)},
                    {"facts", escaped(layer.layer.kind) + (shape.empty() || layer.layer.kind.empty() ? "" : ", ") +
                                  shape + ", " + state_text(layer)},
                    {"before", at > 0 ? link(site, at - 1, "prev", "←") : R"(<span class="end">←</span>)"},
                    {"behind",
                     at + 1 < site.layers.size() ? link(site, at + 1, "next", "→") : R"(<span class="end">→</span>)"},
                    {"styles", sheet_styles(layer)},
                    {"caricatures", caricatures(layer)},
                    {"sheets", sheets(layer)}}));
}

} // namespace convscope::pages

namespace convscope {

void write_pages(const Site &site, const SiteStore &store) {
  for (const char *file : {"style.css", "app.js", "theme.js"})
    store.put(std::string("web/") + file, pages::web_file(file));
  pages::write_sprites(site, store);
  pages::write_data(site, store);
  for (std::size_t layer = 0; layer < site.layers.size(); ++layer)
    pages::write_layer(site, layer, store);
  pages::write_overview(site, store); // last: what it links to is there
}

} // namespace convscope
