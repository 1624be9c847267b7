// An atlas's page: three sizes of cells, chosen without a script; a cell leads to its picture.
#include "microscope/atlas_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "figure/activation_grid.h"
#include "io/png.h"
#include "microscope/pages/html.h"

namespace convscope {

namespace {

constexpr int largest_sheet = 3200; // pixels a side

// The grid without its empty border, so that small folders fill the page.
struct Frame {
  int left = 0, top = 0, columns = 0, rows = 0;
};
Frame frame_of(const AtlasPageLevel &level) {
  int left = level.side, top = level.side, right = 0, bottom = 0;
  for (const AtlasPageCell &cell : level.cells) {
    left = std::min(left, cell.column);
    top = std::min(top, cell.row);
    right = std::max(right, cell.column + 1);
    bottom = std::max(bottom, cell.row + 1);
  }
  return {left, top, right - left, bottom - top};
}

void put_sheet(const SiteStore &store, const std::string &layer_folder, const AtlasPageLevel &level) {
  const Frame frame = frame_of(level);
  std::vector<GridPicture> pictures;
  int side = 1;
  for (const AtlasPageCell &cell : level.cells) {
    pictures.push_back({cell.column - frame.left, cell.row - frame.top, cell.size,
                        read_image(store.picture(atlas_folder(layer_folder), cell.stem))});
    side = std::max({side, pictures.back().image.width, pictures.back().image.height});
  }
  side = std::min(side, std::max(1, largest_sheet / std::max(frame.columns, frame.rows)));
  store.put(atlas_sheet_path(layer_folder, level.side),
            encode_png(draw_activation_grid(pictures, frame.columns, frame.rows, side)));
}

std::string level_html(const std::string &layer_folder, const AtlasPageLevel &level) {
  const Frame frame = frame_of(level);
  std::string cells;
  for (const AtlasPageCell &cell : level.cells)
    cells += fmt::format("\n      <a href=\"../images/{}/{}.png\" style=\"left:{:.3f}%;top:{:.3f}%\" title=\"{}: {}\">"
                         "{}</a>",
                         atlas_folder(layer_folder), cell.stem, 100.0 * (cell.column - frame.left) / frame.columns,
                         100.0 * (cell.row - frame.top) / frame.rows,
                         cell.photos == 1 ? "1 photo" : fmt::format("{} photos", cell.photos),
                         pages::escaped(fmt::format("{}", fmt::join(cell.names, ", "))), cell.photos);
  return fmt::format(
      "\n    <div class=\"plane\" id=\"plane{0}\"><div class=\"cells\" style=\"--columns:{1};--rows:{2}\">"
      "<img src=\"../{3}\" alt=\"{4} cells\">{5}\n    </div></div>",
      level.side, frame.columns, frame.rows, atlas_sheet_path(layer_folder, level.side), level.cells.size(), cells);
}

} // namespace

std::string atlas_folder(const std::string &layer_folder) { return layer_folder + "/atlas"; }
std::string atlas_path(const std::string &layer_folder) { return "atlas/" + layer_folder + ".html"; }
std::string atlas_sheet_path(const std::string &layer_folder, int side) {
  return fmt::format("atlas/{}-{}.png", layer_folder, side);
}

void write_atlas(const SiteStore &store, const std::string &net, const std::string &layer,
                 const std::string &layer_folder, const std::vector<AtlasPageLevel> &levels, int photos) {
  std::string choices, planes;
  for (const AtlasPageLevel &level : levels) {
    if (level.cells.empty())
      continue;
    put_sheet(store, layer_folder, level);
    choices += fmt::format("\n    <input type=\"radio\" name=\"zoom\" id=\"zoom{0}\"{1}><label for=\"zoom{0}\">{0} "
                           "across</label>",
                           level.side, choices.empty() ? " checked" : "");
    planes += level_html(layer_folder, level);
  }
  store.put(atlas_path(layer_folder), pages::filled(pages::web_file("atlas.html"), {{"net", pages::escaped(net)},
                                                                                    {"name", pages::escaped(layer)},
                                                                                    {"folder", layer_folder},
                                                                                    {"photos", pages::count(photos)},
                                                                                    {"choices", choices},
                                                                                    {"planes", planes}}));
}

} // namespace convscope
