// From settings to the files of a picture: one function a command, which `replay` calls, too.
#pragma once

#include <string>

#include "app/command.h"
#include "app/settings.h"
#include "figure/planes.h"
#include "session/grid_run.h"

namespace convscope {

struct PictureOutputs {
  std::string png, npy, frames; // "" for none; `png` may be called as a loop is, of a path
  std::string loop;             // of a path
  bool json = false;            // of `grid`: what was found, to stdout
};

// The net is loaded. Each gives the exit status.
int make_images(Context &context, const PictureSettings &given, const PictureOutputs &outputs);
int make_strip(Context &context, const PictureSettings &given, const PictureOutputs &outputs);
int make_features(Context &context, const PictureSettings &given, const PictureOutputs &outputs);
// What a grid's images show: (cells,C,H,W) at their places, each as large as what the layer saw there.
ImageRgb8 draw_cells(const std::vector<GridCell> &cells, int columns, int rows, const Array &images,
                     const PlaneView &view);
int make_grid(Context &context, const PictureSettings &settings, const PictureOutputs &outputs);

} // namespace convscope
