// The page of a layer's activation atlas: its cells at several sizes, as one sheet a size.
#pragma once

#include <string>
#include <vector>

#include "io/image.h"
#include "microscope/store.h"

namespace convscope {

inline constexpr int atlas_sides[] = {8, 20, 40}; // cells across and down, coarse to fine

struct AtlasPageCell {
  int column = 0, row = 0;
  std::string stem;               // of its picture in images/<atlas_folder()>/
  double size = 1;                // 0..1, how large it is drawn
  int photos = 0;                 // that lie there
  std::vector<std::string> names; // of some of them
};
struct AtlasPageLevel {
  int side = 0;
  std::vector<AtlasPageCell> cells; // that have pictures
};

// Where a layer's cells are kept, as a layer of the store; its page; the sheet of a level.
std::string atlas_folder(const std::string &layer_folder);
std::string atlas_path(const std::string &layer_folder);
std::string atlas_sheet_path(const std::string &layer_folder, int side);

// Draws the sheets from the pictures that are kept, then writes the page.
void write_atlas(const SiteStore &store, const std::string &net, const std::string &layer,
                 const std::string &layer_folder, const std::vector<AtlasPageLevel> &levels, int photos);

} // namespace convscope
