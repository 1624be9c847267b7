// The atlases of a microscope: one position of each photo, laid out by likeness, each cell drawn and kept as a picture
// of its own, so that a run that is stopped goes on.
#include <filesystem>

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/microscope.h"
#include "app/optimizing.h"
#include "app/progress.h"
#include "atlas/atlas.h"
#include "base/error.h"
#include "base/files.h"
#include "dataset/examples.h"
#include "graph/names.h"
#include "io/npy.h"
#include "microscope/atlas_page.h"
#include "microscope/site.h"

namespace convscope {

namespace {

constexpr int fewest_points = 20; // photos of a layer's atlas
constexpr std::size_t told_names = 5;

struct Cell {
  AtlasPageCell page;
  std::string objective, settings, work;
  bool there = false;
};

// The cell's direction as a file beside its picture, which the picture's settings name.
void put_vector(const SiteStore &store, const std::string &folder, const std::string &stem,
                const std::vector<float> &vector) {
  const auto path = store.layer_folder(folder) / (stem + ".npy");
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  write_npy(path, {{static_cast<std::int64_t>(vector.size())}, vector});
}

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
      levels_.push_back({side, {}});
      for (const AtlasCell &cell : cells) {
        cells_.push_back(cell_of(cell, side, most, positions));
        const auto found = records.find(cells_.back().page.stem);
        cells_.back().there = found != records.end() && found->second.work == cells_.back().work;
        levels_.back().cells.push_back(cells_.back().page);
      }
    }
  }

  std::vector<Cell> &cells() { return cells_; }
  const std::string &folder() const { return folder_; }
  // With the pictures that are there.
  void write_page() const {
    std::vector<AtlasPageLevel> levels = levels_;
    std::size_t next = 0;
    for (AtlasPageLevel &level : levels) {
      const std::size_t count = level.cells.size();
      std::vector<AtlasPageCell> there;
      for (std::size_t i = 0; i < count; ++i)
        if (cells_[next + i].there)
          there.push_back(level.cells[i]);
      next += count;
      level.cells = std::move(there);
    }
    write_atlas(store_, context_.session.graph().name, layer_.name, layer_.folder, levels, photos_);
  }

private:
  Cell cell_of(const AtlasCell &from, int side, std::size_t most, const PositionExamples &positions) {
    Cell cell;
    cell.page = {from.column,
                 from.row,
                 fmt::format("{}-{}-{}", side, from.row, from.column),
                 cell_size(from.points.size(), most),
                 static_cast<int>(from.points.size()),
                 {}};
    for (const int point : from.points)
      if (cell.page.names.size() < told_names)
        cell.page.names.push_back(positions.files[static_cast<std::size_t>(point)]);
    put_vector(store_, folder_, cell.page.stem, from.whitened);
    const std::string file = cell.page.stem + ".npy";
    cell.objective = fmt::format("direction({}@center, {}, 4)", layer_.name, file);
    PictureSettings settings = base_;
    settings.objectives = {cell.objective};
    settings.vectors = {mark_file(path_text(store_.layer_folder(folder_) / file))};
    settings.vectors.front().file = file; // a replay is begun in its folder
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
  std::vector<AtlasPageLevel> levels_;
  std::vector<Cell> cells_; // of all levels, one after the other
};

// Up to so many cells that are not there yet; false where Ctrl-C ended it.
bool draw_cells(Context &context, const PictureSettings &base, int most, const SiteStore &store, LayerAtlas &atlas,
                const std::function<ImageRgb8(const Array &, const Progress &)> &draw) {
  const InterruptGuard interrupt;
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < atlas.cells().size(); ++i)
    if (!atlas.cells()[i].there)
      left.push_back(i);
  const auto batch = static_cast<std::size_t>(most > 0 ? most : default_batch(context.session.device().info()));
  ProgressBar bar(std::ssize(left) * base.recipe.steps);
  Chunk chunk;
  std::int64_t done = 0;
  for (std::size_t first = 0; first < left.size(); first += batch) {
    const std::size_t end = std::min(left.size(), first + batch);
    OptimizeRequest request;
    for (std::size_t i = first; i < end; ++i)
      request.objectives.push_back(
          context.session.objective(atlas.cells()[left[i]].objective, store.layer_folder(atlas.folder())));
    request.recipe = base.recipe;
    request.options.width = base.width;
    request.options.height = base.height;
    request.options.seed = base.seed;
    request.batch = static_cast<int>(batch);
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
      const ImageRgb8 picture = draw(image.image, image.progress);
      Record record;
      record.work = cell.work;
      record.state = image.progress.state == Progress::State::running ? Record::State::done
                     : image.progress.state == Progress::State::dead  ? Record::State::dead
                                                                      : Record::State::stopped;
      if (record.state == Record::State::done && !image.progress.values.empty())
        record.value = image.progress.values.back();
      record.steps = image.steps;
      record.width = picture.width;
      record.height = picture.height;
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
                 const SiteStore &store, const std::function<ImageRgb8(const Array &, const Progress &)> &draw) {
  const std::vector<NodeId> nodes = atlas_nodes(context, options);
  if (nodes.empty())
    return true;
  ExamplesRequest request = photos_request(context, options);
  request.positions = nodes;
  ExamplesRun run(context.session, std::move(request));
  while (!run.done()) // photos that have come since
    run.advance();
  const std::vector<SurveyLayer> layers = named_layers(context.session.model());
  for (const NodeId node : nodes) {
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const SurveyLayer &l) { return l.node == node; });
    const PositionExamples positions = run.positions(node);
    const auto points = static_cast<int>(positions.files.size());
    if (points < fewest_points) {
      tell(fmt::format("--atlas {}: needs at least {} photos that it answers to; there are {}", layer->name,
                       fewest_points, points));
      continue;
    }
    if (points < fewest_atlas_points)
      tell(fmt::format("--atlas {}: {} photos are too few to show what it sees: {} are the least", layer->name, points,
                       fewest_atlas_points));
    LayerAtlas atlas(context, base, *layer, store);
    atlas.plan(positions, options.seed);
    const bool whole = draw_cells(context, base, options.batch, store, atlas, draw);
    atlas.write_page();
    if (!whole)
      return false;
  }
  return true;
}

} // namespace convscope
