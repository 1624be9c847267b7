#include "viewer/wall_job.h"

#include <algorithm>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "session/input_size.h"
#include "session/optimize_run.h"
#include "viewer/place.h"
#include "viewer/wall_order.h"

namespace convscope::viewer {

namespace {

constexpr int map_side = 64, largest_mosaic = 256;
// A tile gets its steps in visits, so that the whole wall shows something soon; later visits refine it.
constexpr int first_visit = 24, later_visit = 40, enough = 144;

// Of the layer's output, whose channels can be laid out as tiles.
Shape shape_of(Session &session, NodeId node, Size tile) {
  const Graph &graph = session.graph();
  const std::string &layer = graph.nodes[static_cast<std::size_t>(node)].name;
  const Shape shape = infer_shapes(graph, graph.input, node)[static_cast<std::size_t>(node)];
  if (shape.c > 4096)
    throw UserError(layer + ": has more channels than the wall has tiles");
  const std::uint64_t pixels = std::uint64_t{map_side} * map_side +
                               static_cast<std::uint64_t>(tile.width) * static_cast<std::uint64_t>(tile.height);
  if (static_cast<std::uint64_t>(shape.c) * pixels * 8 > session.memory_left()) // each in a buffer and in a texture
    throw UserError(layer + ": the device has no memory left for a wall of its channels");
  return shape;
}

PlaneView view_of(const Session &session) { return plane_view(session.graph().input.c, session.model().rgb); }

Size cell_of(const Session &session, Size image) { return cell_size(view_of(session), image, largest_mosaic); }

// Batches along the first axis: one more at the end, and the one at `index` of `count`.
void append(Array &all, const Array &one) {
  if (all.shape.empty())
    all.shape = one.shape;
  else
    all.shape[0] += one.shape.at(0);
  all.data.insert(all.data.end(), one.data.begin(), one.data.end());
}

Array part_of(const Array &all, std::int64_t index, std::int64_t count) {
  const auto each = static_cast<std::ptrdiff_t>(all.data.size()) / count;
  const auto from = all.data.begin() + index * each;
  Array part{all.shape, {from, from + each}};
  part.shape.at(0) = 1;
  return part;
}

} // namespace

WallJob::WallJob(Session &session, const std::string &layer, int tile, const Slicing &slicing)
    : session_(session), node_(find_layer(session.graph(), layer)), layer_(layer), tile_(tile), slicing_(slicing),
      image_(image_size_for(session.model(), {node_}, convscope::recipe("lucid"), tile)),
      map_shape_(shape_of(session, node_, cell_of(session, image_))),
      maps_(session.programs(), map_shape_.c, map_side, map_side, "maps of " + layer),
      images_(session.programs(), map_shape_.c, cell_of(session, image_).width, cell_of(session, image_).height,
              "images of " + layer),
      tiles_(static_cast<std::size_t>(map_shape_.c)), recipe_(convscope::recipe("lucid")), kept_(tiles_.size()) {
  maxima_ = vulkan::Buffer(session.device(), tiles_.size() * sizeof(float), "map maxima");
}

void WallJob::show_features(const Activations &features) {
  const vulkan::Device &device = session_.device();
  map_shape_ = features.shape(0);
  const vulkan::Slice from = features.slice(0);
  features_ = vulkan::Buffer(device, from.bytes, "features of " + layer_);
  // Some maps a recording: frames get through in between.
  constexpr int maps_each = 64;
  for (int first = 0; first < map_shape_.c; first += maps_each) {
    vulkan::Recording recording(device, "maps of " + layer_);
    if (first == 0) {
      recording.copy(from, features_.slice());
      recording.barrier();
    }
    for (int c = first; c < std::min(first + maps_each, map_shape_.c); ++c)
      maps_.put_map(recording, c, features_.slice(), std::int64_t{c} * map_shape_.h * map_shape_.w, map_shape_.h,
                    map_shape_.w, maxima_.slice());
    recording.finish();
    recording.run("drawing the maps of " + layer_);
  }
  std::vector<float> maxima(tiles_.size());
  maxima_.read(0, std::as_writable_bytes(std::span(maxima)));
  for (std::size_t c = 0; c < tiles_.size(); ++c)
    tiles_[c].map_max = maxima[c];
}

void WallJob::read_features(std::vector<float> &into) const {
  features_.read(0, std::as_writable_bytes(std::span(into)));
}

void WallJob::forget_features() {
  features_ = {};
  for (TileState &tile : tiles_)
    tile.map_max = 0;
}

void WallJob::set_recipe(const Recipe &recipe, std::uint64_t seed) {
  if (recipe == recipe_ && seed == seed_)
    return;
  recipe_ = recipe;
  image_ = image_size_for(session_.model(), {node_}, recipe, tile_);
  seed_ = seed;
  impossible_ = false;
  stop();
  for (TileState &tile : tiles_)
    tile = {tile.map_max, 0, 0, Health::waiting};
  kept_.assign(tiles_.size(), Kept{});
}

void WallJob::stop() {
  optimization_.reset();
  batch_.clear();
}

bool WallJob::finished(int channel) const {
  const TileState &tile = tiles_[static_cast<std::size_t>(channel)];
  return tile.steps >= enough || tile.health == Health::diverging;
}

bool WallJob::wants_work(const std::vector<int> &in_view) const {
  if (optimization_)
    return true;
  if (impossible_)
    return false;
  const std::vector<int> order = optimizing_order(tiles_, in_view);
  return std::any_of(order.begin(), order.end(), [&](int channel) { return !finished(channel); });
}

void WallJob::begin_batch(const std::vector<int> &in_view) {
  const auto largest = static_cast<std::size_t>(default_batch(session_.device().info()));
  batch_.clear();
  int steps = 0;
  for (const int c : optimizing_order(tiles_, in_view)) {
    const TileState &tile = tiles_[static_cast<std::size_t>(c)];
    if (finished(c) || batch_.size() == largest)
      continue;
    if (batch_.empty())
      steps = tile.steps;
    if (tile.steps == steps) // they have a step's number in common
      batch_.push_back(c);
  }
  if (batch_.empty())
    return;
  until_ = steps + (steps == 0 ? first_visit : later_visit);
  const auto fits = [&] {
    try {
      plan_batch(steps);
      if (optimization_->planned_bytes() > session_.memory_left())
        return false;
      optimization_->prepare();
      return true;
    } catch (const vulkan::NoRoom &) { // others may have taken memory
      return false;
    } catch (const UserError &) { // too many to be bound
      if (batch_.size() == 1)
        throw;
      return false;
    }
  };
  try {
    while (!fits()) {
      optimization_.reset();
      if (batch_.size() == 1)
        throw UserError(layer_ + ": the device has no memory left for the wall's images");
      batch_.resize((batch_.size() + 1) / 2);
    }
  } catch (const UserError &) {
    impossible_ = true;
    batch_.clear();
    throw;
  }
}

void WallJob::plan_batch(int steps) {
  OptimizationOptions options;
  options.height = image_.height;
  options.width = image_.width;
  options.input_size = input_size_for(session_.model(), {node_}, recipe_, image_);
  options.seed = seed_;
  options.slicing = slicing_;
  options.graph_at = [this](Size canvas) -> const Graph & { return session_.model().at(canvas); };
  options.precision = session_.precision();
  options.profile = session_.profile();
  if (steps > 0) {
    OptimizationState all;
    for (const int c : batch_) {
      const OptimizationState &state = kept_[static_cast<std::size_t>(c)].state;
      append(all.parameters, state.parameters);
      append(all.first_moments, state.first_moments);
      append(all.second_moments, state.second_moments);
    }
    all.steps = steps;
    options.resume = std::move(all);
  }
  const Graph &graph = session_.model().at(net_size(options.input_size, recipe_, image_));
  std::vector<Objective> objectives;
  for (const int c : batch_)
    objectives.push_back(same_objective(session_.objective(objective_text({layer_, c})), session_.graph(), graph));
  optimization_.emplace(session_.programs(), session_.weights(), graph, std::move(objectives), recipe_, options);
}

void WallJob::show_batch() {
  const std::vector<Progress> progress = optimization_->progress();
  const vulkan::Slice images = optimization_->image_slice();
  const PlaneView view = view_of(session_);
  const std::int64_t each = std::int64_t{view.planes} * image_.height * image_.width;
  vulkan::Recording recording(session_.device(), "tiles of " + layer_);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    TileState &tile = tiles_[static_cast<std::size_t>(batch_[i])];
    ++tile.steps;
    tile.value = progress[i].values.empty() ? 0 : progress[i].values.back();
    const bool young = tile.steps <= recipe_.revive_steps; // it may yet be brought to life
    tile.health = progress[i].state == Progress::State::dead      ? (young ? Health::waiting : Health::dead)
                  : progress[i].state == Progress::State::stopped ? Health::diverging
                                                                  : Health::well;
    images_.put_image(recording, batch_[i], images, static_cast<std::int64_t>(i) * each, image_.height, image_.width,
                      view);
  }
  recording.finish();
  recording.run("drawing tiles of " + layer_);
}

void WallJob::end_batch() {
  const OptimizationState state = optimization_->state();
  const Array images = optimization_->images();
  const std::vector<Progress> progress = optimization_->progress();
  const auto count = static_cast<std::int64_t>(batch_.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const int channel = batch_[static_cast<std::size_t>(i)];
    Array image = part_of(images, i, count);
    image.shape.erase(image.shape.begin());
    kept_[static_cast<std::size_t>(channel)] = {
        {static_cast<std::size_t>(channel), state.steps, progress[static_cast<std::size_t>(i)], std::move(image)},
        {part_of(state.parameters, i, count), part_of(state.first_moments, i, count),
         part_of(state.second_moments, i, count), state.steps}};
  }
  optimization_.reset();
}

std::vector<OptimizedImage> WallJob::images_so_far() const {
  std::vector<OptimizedImage> images;
  for (const Kept &kept : kept_)
    if (kept.image.steps > 0 && kept.image.progress.state != Progress::State::dead)
      images.push_back(kept.image);
  return images;
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
