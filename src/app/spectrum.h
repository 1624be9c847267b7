// What --spectrum names: magnitudes as .npy, or a folder of the user's own photos, whose mean they are.
#pragma once

#include <string>

#include "app/command.h"
#include "app/settings.h"
#include "base/array.h"
#include "base/size.h"

namespace convscope {

// Of a folder, its pictures' bytes in the order of their names. UserError where there are none.
FileMark mark_spectrum(const std::string &file_or_folder);
// Magnitudes (C,H,W/2+1) for the loaded net's images, of a folder's pictures at that size. UserError for another shape
// and for what is no magnitude.
Array read_spectrum(Context &context, const std::string &file_or_folder, const Recipe &recipe, Size size);

} // namespace convscope
