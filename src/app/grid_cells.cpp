// `grid`: an image for every position of the layer, sized by activation.
#include <algorithm>

#include <fmt/format.h>

#include "app/grid_pictures.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/progress.h"
#include "app/report.h"
#include "base/error.h"
#include "figure/activation_grid.h"
#include "io/npy.h"
#include "session/activation_groups.h"
#include "session/grid_run.h"

namespace convscope {

namespace {

using Json = nlohmann::ordered_json;

// The border, which the transforms leave half made, is cut off: 2 pixels of 42.
Array without_border(const Array &images, int index) {
  const auto channels = images.shape[1], height = images.shape[2], width = images.shape[3];
  const auto cut = [](std::int64_t side) { return side * 2 / default_cell; };
  const std::int64_t top = cut(height), left = cut(width);
  Array inner{{channels, height - 2 * top, width - 2 * left}, {}};
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t y = top; y < height - top; ++y) {
      const auto row = images.data.begin() + ((index * channels + c) * height + y) * width;
      inner.data.insert(inner.data.end(), row + left, row + width - left);
    }
  return inner;
}

// Returns whether it came to its end.
bool run_grid(Context &context, GridRun &run) {
  context.tell_notes();
  const InterruptGuard interrupt;
  const Stopwatch clock;
  {
    ProgressBar bar(run.steps());
    Chunk chunk;
    while (!run.done() && !interrupt.interrupted()) {
      const Stopwatch stopwatch;
      run.advance(chunk.steps());
      chunk.took(stopwatch.seconds());
      if (bar.due(run.step(), run.step()))
        bar.update(fmt::format("step {} of {}", run.step(), run.steps()), run.value());
    }
  }
  if (const auto step = run.stopped())
    throw UserError(
        fmt::format("the grid's values are not numbers any more since step {}: --lr may be too large", *step));
  context.report["timings"]["optimize_s"] = clock.seconds();
  if (!run.done())
    tell(fmt::format("interrupted after step {} of {}", run.step(), run.steps()));
  return run.done();
}

// (rows,columns,C,H,W), grey where there is no image.
Array by_position(const GridRun &run, const Array &images) {
  const auto each = static_cast<std::size_t>(images.elements() / images.shape[0]);
  Array all{{run.rows(), run.columns(), images.shape[1], images.shape[2], images.shape[3]}, {}};
  all.data.assign(static_cast<std::size_t>(all.elements()), 0.5F);
  for (std::size_t i = 0; i < run.cells().size(); ++i) {
    const GridCell &cell = run.cells()[i];
    const auto at = static_cast<std::size_t>(cell.y * run.columns() + cell.x) * each;
    std::copy_n(images.data.begin() + static_cast<std::ptrdiff_t>(i * each), each,
                all.data.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return all;
}

Json cells_json(const Seen &seen) {
  Json norms = Json::array();
  for (int y = 0; y < seen.rows(); ++y) {
    norms.push_back(Json::array());
    for (int x = 0; x < seen.columns(); ++x)
      norms.back().push_back(norm_of(vector_at(seen.maps, x, y)));
  }
  return {{"layer", seen.name}, {"columns", seen.columns()}, {"rows", seen.rows()}, {"norms", norms}};
}

} // namespace

ImageRgb8 draw_cells(const std::vector<GridCell> &cells, int columns, int rows, const Array &images,
                     const PlaneView &view) {
  const std::vector<double> sides = cell_sides(cells);
  std::vector<GridPicture> drawn;
  for (std::size_t i = 0; i < cells.size(); ++i)
    drawn.push_back({cells[i].x, cells[i].y, sides[i], draw_planes(without_border(images, static_cast<int>(i)), view)});
  const int side = std::max(drawn.front().image.width, drawn.front().image.height);
  return draw_activation_grid(drawn, columns, rows, side);
}

int make_activation_grid(Context &context, PictureSettings settings, const Seen &seen, const PictureOutputs &outputs) {
  const bool pictures = !outputs.png.empty() || !outputs.npy.empty();
  if (pictures) {
    GridRequest request;
    request.layer = seen.layer;
    request.maps = seen.maps;
    request.recipe = settings.recipe;
    request.options = options_of(settings);
    request.options.steps = settings.steps.front();
    request.at_once = settings.batch > 0 ? settings.batch : default_batch_of_cells;
    GridRun run(context.session, std::move(request));
    start_report(context, settings);
    const bool whole = run_grid(context, run);
    if (run.step() == 0) {
      tell("nothing was written");
      return exit_interrupted;
    }
    settings.steps = {run.step()}; // of those that the recipe plans, over which a rate may fall
    const Array images = run.images();
    const PlaneView view = plane_view(context.session.graph().input.c, context.session.model().rgb);
    write_page(outputs, draw_cells(run.cells(), run.columns(), run.rows(), images, view), settings);
    if (!outputs.npy.empty()) {
      write_npy(outputs.npy, by_position(run, images));
      tell("wrote " + outputs.npy);
    }
    if (!whole)
      return exit_interrupted;
  }
  if (outputs.json)
    fmt::print("{}\n", cells_json(seen).dump(2));
  return exit_done;
}

} // namespace convscope
