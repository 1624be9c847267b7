// The sheets of thumbnails of each layer.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "io/png.h"
#include "microscope/pages/html.h"
#include "microscope/sprites.h"

namespace convscope::pages {

namespace {

// A picture that is damaged or gone leaves its cell empty: the site opens all the same.
ImageRgb8 picture_of(const SiteStore &store, const std::string &layer, const SiteUnit &unit) {
  if (!unit.views[0])
    return {};
  try {
    const auto file = store.picture(layer, file_stem(unit.unit, View::channel));
    return decode_png(read_file(file), path_text(file));
  } catch (const UserError &) {
    return {};
  }
}

} // namespace

void write_sprites(const Site &site, const SiteStore &store) {
  for (const SiteLayer &layer : site.layers) {
    std::set<std::string> sheets;
    for (std::size_t first = 0; first < layer.units.size(); first += sheet_cells) {
      const std::size_t cells = std::min<std::size_t>(sheet_cells, layer.units.size() - first);
      std::string key;
      for (std::size_t i = 0; i < cells; ++i) {
        const SiteUnit &unit = layer.units[first + i];
        key += fmt::format("{}{} ", unit.unit, unit.views[0] ? ":" + unit.views[0]->work : "");
      }
      const std::string path = sheet_path(layer.layer.folder, first / sheet_cells);
      write_sheet(store, path, key, cells,
                  [&](std::size_t i) { return picture_of(store, layer.layer.folder, layer.units[first + i]); });
      sheets.insert(path.substr(path.rfind('/') + 1));
    }
    for (const std::string &name : store.list("sprites/" + layer.layer.folder)) // of when there were more units
      if (!sheets.contains(name))
        store.remove("sprites/" + layer.layer.folder + "/" + name);
  }
}

} // namespace convscope::pages
