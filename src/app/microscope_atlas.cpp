// The atlases of a microscope: one position of each photo, laid out by likeness, each cell drawn and kept as a picture
// of its own, so that a run that is stopped goes on.
#include <filesystem>

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/microscope.h"
#include "app/optimizing.h"
#include "app/photos.h"
#include "app/progress.h"
#include "atlas/atlas.h"
#include "base/error.h"
#include "base/files.h"
#include "dataset/examples.h"
#include "graph/names.h"
#include "io/npy.h"
#include "microscope/atlas_page.h"
#include "microscope/render.h"
#include "microscope/site.h"

namespace convscope {

namespace {

constexpr std::size_t told_names = 5;

struct Cell {
  int side = 0; // of its level
  AtlasPageCell page;
  std::string objective, settings, work;
  bool there = false;
};

class LayerAtlas {
public:
  LayerAtlas(Context &context, const PictureSettings &base, const SurveyLayer &layer, const SiteStore &store)
      : context_(context), base_(base), layer_(layer), store_(store), folder_(atlas_folder(layer.folder)) {}

  void plan(const PositionExamples &positions, std::uint64_t seed) {
    photos_ = static_cast<int>(positions.files.size());
    const AtlasLayout layout(context_.session.programs(), positions.vectors, seed);
    const auto records = store_.records(folder_);
    for (const int side : atlas_sides) {
      const std::vector<AtlasCell> cells = layout.cells(side, fewest_of_cell(photos_));
      std::size_t most = 0;
      for (const AtlasCell &cell : cells)
        most = std::max(most, cell.points.size());
      for (const AtlasCell &cell : cells) {
        cells_.push_back(cell_of(cell, side, most, positions));
        const auto found = records.find(cells_.back().page.stem);
        cells_.back().there = found != records.end() && found->second.work == cells_.back().work;
      }
    }
  }

  std::vector<Cell> &cells() { return cells_; }
  const std::string &folder() const { return folder_; }
  // With the pictures that are there.
  void write_page() const {
    std::vector<AtlasPageLevel> levels;
    for (const int side : atlas_sides) {
      levels.push_back({side, {}});
      for (const Cell &cell : cells_)
        if (cell.side == side && cell.there)
          levels.back().cells.push_back(cell.page);
    }
    write_atlas(store_, context_.session.graph().name, layer_.name, layer_.folder, levels, photos_);
  }

private:
  Cell cell_of(const AtlasCell &from, int side, std::size_t most, const PositionExamples &positions) {
    Cell cell;
    cell.side = side;
    cell.page = {from.column,
                 from.row,
                 fmt::format("{}-{}-{}", side, from.row, from.column),
                 cell_size(from.points.size(), most),
                 static_cast<int>(from.points.size()),
                 {}};
    for (const int point : from.points)
      if (cell.page.names.size() < told_names)
        cell.page.names.push_back(positions.files[static_cast<std::size_t>(point)]);
    const std::string name = cell.page.stem + ".npy";
    // The direction as a file beside the picture, whose settings name it.
    store_.put("images/" + folder_ + "/" + name,
               npy_bytes({{static_cast<std::int64_t>(from.whitened.size())}, from.whitened}));
    cell.objective = fmt::format("direction({}@center, {}, {})", layer_.name, name, cell_cosine_power);
    PictureSettings settings = base_;
    settings.objectives = {cell.objective};
    settings.vectors = {mark_file(path_text(store_.layer_folder(folder_) / name))};
    settings.vectors.front().file = name; // a replay is begun in its folder
    cell.settings = settings_json(settings);
    cell.work = work_hash(cell.settings);
    return cell;
  }

  Context &context_;
  const PictureSettings &base_;
  const SurveyLayer &layer_;
  const SiteStore &store_;
  std::string folder_;
  int photos_ = 0;
  std::vector<Cell> cells_; // of all levels, one after the other
};

// The cells that are not there yet; false where Ctrl-C ended it.
bool draw_cells(Context &context, const RenderRequest &render, const SiteStore &store, LayerAtlas &atlas) {
  const InterruptGuard interrupt;
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < atlas.cells().size(); ++i)
    if (!atlas.cells()[i].there)
      left.push_back(i);
  const std::size_t batch = batch_of(render, context.session);
  ProgressBar bar(std::ssize(left) * render.recipe.steps);
  Chunk chunk;
  std::int64_t done = 0;
  for (std::size_t first = 0; first < left.size(); first += batch) {
    const std::size_t end = std::min(left.size(), first + batch);
    OptimizeRequest request = batch_request(render, batch);
    for (std::size_t i = first; i < end; ++i)
      request.objectives.push_back(
          context.session.objective(atlas.cells()[left[i]].objective, store.layer_folder(atlas.folder())));
    OptimizeRun run(context.session, std::move(request));
    while (!run.done()) {
      if (interrupt.interrupted())
        return false;
      const Stopwatch stopwatch;
      run.advance(chunk.steps());
      chunk.took(stopwatch.seconds());
      if (bar.due(done + run.work_done(), done + run.work_done()))
        bar.show(fmt::format("atlas, cell {} of {}, {} left", first, left.size(), clock_text(bar.seconds_left())));
    }
    done += run.work();
    for (const OptimizedImage &image : run.results()) {
      Cell &cell = atlas.cells()[left[first + image.objective]];
      const ImageRgb8 picture = render.draw(image.image, image.progress);
      Record record = record_of(image, picture);
      record.work = cell.work;
      store.keep(atlas.folder(), cell.page.stem, picture, cell.settings, record);
      cell.there = true;
    }
  }
  return true;
}

} // namespace

std::vector<NodeId> atlas_nodes(const Context &context, const MicroscopeOptions &options) {
  std::vector<NodeId> nodes;
  for (const std::string &name : options.atlases) {
    const NodeId node = find_layer(context.session.graph(), name);
    if (!context.session.has_maps(node))
      throw UserError(fmt::format("--atlas {}: gives a vector, which has no positions", name));
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end())
      nodes.push_back(node);
  }
  return nodes;
}

bool add_atlases(Context &context, const MicroscopeOptions &options, const PictureSettings &base,
                 const RenderRequest &render, const SiteStore &store) {
  const std::vector<NodeId> nodes = atlas_nodes(context, options);
  if (nodes.empty())
    return true;
  ExamplesRequest request = photos_request(options);
  request.positions = nodes;
  const auto photos = list_photos(context.session, std::move(request));
  if (!look_at_photos(*photos)) // those that have come since
    return false;
  const std::vector<SurveyLayer> layers = named_layers(context.session.model());
  for (const NodeId node : nodes) {
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const SurveyLayer &l) { return l.node == node; });
    const PositionExamples positions = photos->positions(node);
    const auto points = static_cast<int>(positions.files.size());
    if (points < least_atlas_points) {
      tell(fmt::format("--atlas {}: needs at least {} photos that it answers to; there are {}", layer->name,
                       least_atlas_points, points));
      continue;
    }
    if (points < fewest_atlas_points)
      tell(fmt::format("--atlas {}: {} photos are too few to show what it sees: {} are the least", layer->name, points,
                       fewest_atlas_points));
    LayerAtlas atlas(context, base, *layer, store);
    atlas.plan(positions, options.seed);
    const bool whole = draw_cells(context, render, store, atlas);
    atlas.write_page();
    if (!whole)
      return false;
  }
  return true;
}

} // namespace convscope
