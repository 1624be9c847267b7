#include "viewer/wall_job.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "figure/feature_grid.h"
#include "figure/grid.h"
#include "graph/shapes.h"
#include "io/resize.h"
#include "session/optimize_run.h"
#include "viewer/wall_order.h"

namespace convscope::viewer {

namespace {

constexpr int map_cell = 64;
// A tile gets its steps in visits, so that the whole wall shows something soon; later visits refine it.
constexpr int first_visit = 24, later_visit = 40, enough = 144;

Shape shape_of(const Session &session, const std::string &layer) {
  const Graph &graph = session.graph();
  const NodeId node = find_layer(graph, layer);
  return infer_shapes(graph, {3, graph.default_size, graph.default_size}, node)[static_cast<std::size_t>(node)];
}

int channels_of(const Session &session, const std::string &layer) {
  const int channels = shape_of(session, layer).c;
  if (channels > 4096)
    throw UserError(layer + ": has more channels than the wall has tiles");
  return channels;
}

} // namespace

WallJob::WallJob(Session &session, const std::string &layer, int tile, double slice_flops)
    : session_(session), layer_(layer), tile_(tile), slice_flops_(slice_flops),
      maps_(session.programs(), channels_of(session, layer), map_cell, map_cell, "maps of " + layer),
      images_(session.programs(), channels_of(session, layer), tile, tile, "images of " + layer),
      map_shape_(shape_of(session, layer)), tiles_(static_cast<std::size_t>(map_shape_.c)),
      recipe_(convscope::recipe("lucid")), parameters_(tiles_.size()), kept_(tiles_.size()) {
  maxima_ = vulkan::Buffer(session.device(), tiles_.size() * sizeof(float), "map maxima");
}

void WallJob::show_features(const Array &features) {
  const vulkan::Device &device = session_.device();
  map_shape_ = {static_cast<int>(features.shape.at(0)), static_cast<int>(features.shape.at(1)),
                static_cast<int>(features.shape.at(2))};
  features_ = vulkan::Buffer(device, features.data.size() * sizeof(float), "features of " + layer_);
  features_.write(0, std::as_bytes(std::span(features.data)));
  vulkan::Recording recording(device, "maps of " + layer_);
  for (int c = 0; c < map_shape_.c; ++c)
    maps_.put_map(recording, c, features_.slice(), std::int64_t{c} * map_shape_.h * map_shape_.w, map_shape_.h,
                  map_shape_.w, maxima_.slice());
  recording.finish();
  recording.run("drawing the maps of " + layer_);
  std::vector<float> maxima(tiles_.size());
  maxima_.read(0, std::as_writable_bytes(std::span(maxima)));
  for (std::size_t c = 0; c < tiles_.size(); ++c)
    tiles_[c].map_max = maxima[c];
}

void WallJob::show_map(int channel, Atlas &focus, int cell) {
  if (features_.bytes() == 0 || channel < 0 || channel >= map_shape_.c)
    return;
  // The atlas writes the maximum at the cell's index: those of the wall are read already.
  vulkan::Recording recording(session_.device(), "map of " + layer_);
  focus.put_map(recording, cell, features_.slice(), std::int64_t{channel} * map_shape_.h * map_shape_.w, map_shape_.h,
                map_shape_.w, maxima_.slice());
  recording.finish();
  recording.run("drawing a map of " + layer_);
}

void WallJob::set_recipe(const Recipe &recipe, std::uint64_t seed) {
  if (recipe == recipe_ && seed == seed_)
    return;
  recipe_ = recipe;
  seed_ = seed;
  optimization_.reset();
  batch_.clear();
  for (TileState &tile : tiles_)
    tile = {tile.map_max, 0, 0, Health::waiting};
  std::fill(parameters_.begin(), parameters_.end(), Array{});
  std::fill(kept_.begin(), kept_.end(), ImageRgb8());
}

bool WallJob::wants_work(const std::vector<int> &in_view) const {
  if (optimization_)
    return true;
  const std::vector<int> order = optimizing_order(tiles_, in_view);
  return std::any_of(order.begin(), order.end(),
                     [&](int c) { return tiles_[static_cast<std::size_t>(c)].steps < enough; });
}

void WallJob::begin_batch(const std::vector<int> &in_view) {
  const auto largest = static_cast<std::size_t>(default_batch(session_.device().info()));
  batch_.clear();
  int steps = 0;
  for (const int c : optimizing_order(tiles_, in_view)) {
    const TileState &tile = tiles_[static_cast<std::size_t>(c)];
    if (tile.steps >= enough || batch_.size() == largest)
      continue;
    if (batch_.empty())
      steps = tile.steps;
    if (tile.steps == steps) // revived together, or not at all
      batch_.push_back(c);
  }
  if (batch_.empty())
    return;
  Recipe recipe = recipe_;
  OptimizationOptions options;
  options.height = options.width = tile_;
  options.seed = seed_;
  options.slice_flops = slice_flops_;
  options.precision = session_.precision();
  options.profile = session_.profile();
  if (steps > 0) {
    recipe.revive_steps = 0;
    Array init;
    for (const int c : batch_) {
      const Array &kept = parameters_[static_cast<std::size_t>(c)];
      init.shape = kept.shape;
      init.data.insert(init.data.end(), kept.data.begin(), kept.data.end());
    }
    init.shape[0] = static_cast<std::int64_t>(batch_.size());
    options.init = std::move(init);
  }
  std::vector<Objective> objectives;
  for (const int c : batch_)
    objectives.push_back(session_.objective(objective_text({layer_, c})));
  until_ = steps == 0 ? first_visit : later_visit;
  optimization_.emplace(session_.programs(), session_.weights(), session_.graph(), std::move(objectives), recipe,
                        options);
}

void WallJob::show_batch() {
  const std::vector<Progress> progress = optimization_->progress();
  const vulkan::Slice images = optimization_->image_slice();
  vulkan::Recording recording(session_.device(), "tiles of " + layer_);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    TileState &tile = tiles_[static_cast<std::size_t>(batch_[i])];
    ++tile.steps;
    tile.value = progress[i].values.empty() ? 0 : progress[i].values.back();
    const bool young = tile.steps <= recipe_.revive_steps; // it may yet be brought to life
    tile.health = progress[i].state == Progress::State::dead      ? (young ? Health::waiting : Health::dead)
                  : progress[i].state == Progress::State::stopped ? Health::diverging
                                                                  : Health::well;
    images_.put_image(recording, batch_[i], images, static_cast<std::int64_t>(i) * 3 * tile_ * tile_, tile_, tile_);
  }
  recording.finish();
  recording.run("drawing tiles of " + layer_);
}

void WallJob::end_batch() {
  const Array all = optimization_->parameters(), images = optimization_->images();
  const auto each = static_cast<std::ptrdiff_t>(all.data.size() / batch_.size());
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    Array &kept = parameters_[static_cast<std::size_t>(batch_[i])];
    const auto from = all.data.begin() + static_cast<std::ptrdiff_t>(i) * each;
    kept.data.assign(from, from + each);
    kept.shape = all.shape;
    kept.shape[0] = 1;
    const auto pixels = images.data.begin() + static_cast<std::ptrdiff_t>(i) * 3 * tile_ * tile_;
    kept_[static_cast<std::size_t>(batch_[i])] = to_rgb8({{3, tile_, tile_}, {pixels, pixels + 3 * tile_ * tile_}});
  }
  optimization_.reset();
}

ImageRgb8 WallJob::picture(const std::string &title) const {
  std::vector<Tile> tiles;
  for (std::size_t c = 0; c < kept_.size(); ++c)
    if (kept_[c].width > 0 && tiles_[c].health != Health::dead)
      tiles.push_back({kept_[c], objective_text({layer_, static_cast<int>(c)}),
                       fmt::format("{:.4g}", static_cast<double>(tiles_[c].value))});
  if (tiles.empty())
    throw UserError("the wall has no finished images yet");
  GridOptions options;
  options.title = title;
  options.subtitle = fmt::format("{}, {} of {} channels", layer_, tiles.size(), kept_.size());
  return tile_grid(tiles, options);
}

bool WallJob::advance(const std::vector<int> &in_view) {
  if (!optimization_)
    begin_batch(in_view);
  if (!optimization_ || !optimization_->advance_slice())
    return false;
  show_batch();
  if (optimization_->steps_done() >= until_)
    end_batch();
  return true;
}

} // namespace convscope::viewer
