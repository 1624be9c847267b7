// Many pictures in one file: what pages show small.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "io/image.h"
#include "microscope/store.h"

namespace convscope {

inline constexpr int sprite_side = 96, sheet_columns = 8, sheet_cells = sheet_columns * sheet_columns;

// Sheets are JPEGs whose comment tells what is in them: whether one is there that shows just that.
bool has_sheet(const SiteStore &store, const std::string &path, const std::string &key);
void put_sheet(const SiteStore &store, const std::string &path, const ImageRgb8 &sheet, int quality,
               const std::string &key);

std::string sheet_path(const std::string &layer, std::size_t sheet); // "sprites/conv1/0.jpg"

// A sheet of up to sheet_cells pictures, JPEG, row by row; `draw(i)` gives the i-th, whose middle is shown, or one
// without pixels, which stays empty. `key` tells what is in it: a sheet that is there with the same key stays, and
// nothing is drawn.
void write_sheet(const SiteStore &store, const std::string &path, const std::string &key, std::size_t cells,
                 const std::function<ImageRgb8(std::size_t)> &draw);

} // namespace convscope
