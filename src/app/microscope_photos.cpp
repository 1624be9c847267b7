// The photos of a microscope: what `examples` finds, kept in the site as text and a sheet of crops a unit.
#include <algorithm>
#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/microscope.h"
#include "app/photos.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/stopwatch.h"
#include "dataset/examples.h"
#include "figure/page.h"
#include "microscope/site.h"
#include "microscope/sprites.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

constexpr int top = 9, columns = 3, cell = 128; // of a sheet
constexpr int quality = 88;
constexpr std::size_t units_at_once = 64; // whose crops are in memory

void check_apart(const fs::path &site, const fs::path &images) {
  std::error_code error;
  const fs::path inside = fs::weakly_canonical(site, error).lexically_relative(fs::weakly_canonical(images, error));
  if (!inside.empty() && *inside.begin() != "..")
    throw UserError(fmt::format("--images {}: holds the site itself, {}", path_text(images), path_text(site)));
}

UnitExamples told(const ChannelExamples &channel) {
  UnitExamples unit;
  unit.photos = channel.photos;
  unit.excited = channel.excited;
  unit.edges = channel.histogram.edges;
  unit.counts = channel.histogram.counts;
  for (const Example &e : channel.top)
    unit.top.push_back({e.file, e.value, {e.box.x, e.box.y, e.box.width, e.box.height}, 0, 0});
  return unit;
}

void put_unit(const SiteStore &store, const std::string &layer, int number, UnitExamples unit, const std::string &key,
              std::span<const ImageRgb8> pictures) {
  const int rows = std::max(1, (static_cast<int>(pictures.size()) + columns - 1) / columns);
  ImageRgb8 sheet(columns * cell, rows * cell, 128);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const ImageRgb8 &picture = pictures[i];
    unit.top[i].width = picture.width;
    unit.top[i].height = picture.height;
    const int left = static_cast<int>(i) % columns * cell, above = static_cast<int>(i) / columns * cell;
    paste(sheet, picture, left, above);
  }
  put_sheet(store, examples_path(layer, number, "jpg"), sheet, quality, key);
  store.put(examples_path(layer, number, "json"), to_text(unit));
}

void put_layer(const SiteStore &store, const SurveyLayer &layer, const fs::path &images,
               const std::vector<ChannelExamples> &channels) {
  struct Wanted {
    int number;
    UnitExamples unit;
    std::string key;
    std::size_t first, count; // of the crops
  };
  std::vector<Wanted> wanted;
  std::vector<Example> examples;
  const auto flush = [&] {
    const std::vector<ImageRgb8> pictures = crops(images, examples, cell);
    for (Wanted &w : wanted)
      put_unit(store, layer.folder, w.number, std::move(w.unit), w.key, std::span(pictures).subspan(w.first, w.count));
    wanted.clear();
    examples.clear();
  };
  for (const ChannelExamples &channel : channels) {
    if (!std::binary_search(layer.units.begin(), layer.units.end(), channel.channel))
      continue;
    UnitExamples unit = told(channel);
    const std::string key = hash_text(to_text(unit));
    if (store.get(examples_path(layer.folder, channel.channel, "json")) &&
        has_sheet(store, examples_path(layer.folder, channel.channel, "jpg"), key))
      continue;
    wanted.push_back({channel.channel, std::move(unit), key, examples.size(), channel.top.size()});
    examples.insert(examples.end(), channel.top.begin(), channel.top.end());
    if (wanted.size() == units_at_once)
      flush();
  }
  flush();
}

} // namespace

ExamplesRequest photos_request(const MicroscopeOptions &options) {
  check_apart(options.folder, options.images);
  ExamplesRequest request;
  request.folder = options.images;
  request.top = top;
  request.database = options.database;
  if (const fs::path cache = user_cache_folder(); !cache.empty())
    request.databases = cache / "microscope";
  request.seed = options.seed;
  return request;
}

bool add_photos(Context &context, const MicroscopeOptions &options, const Survey &survey, const SiteStore &store) {
  ExamplesRequest request = photos_request(options);
  request.layers = survey.nodes();
  request.positions = atlas_nodes(context, options); // what atlases need, in the same pass
  const Stopwatch clock;
  const auto photos = list_photos(context.session, std::move(request));
  ExamplesRun &run = *photos;
  const bool whole = look_at_photos(run);
  auto &timings = context.report["timings"];
  timings["database_s"] = run.progress().database_seconds;
  timings["photos_s"] = clock.seconds() - run.progress().database_seconds;
  tell_skipped(run, "--images " + options.images);
  if (!whole)
    return false;
  const Stopwatch crops;
  const InterruptGuard interrupt;
  for (const SurveyLayer &layer : survey.layers) {
    if (interrupt.interrupted())
      return false;
    put_layer(store, layer, options.images, run.results(layer.node));
  }
  timings["crops_s"] = crops.seconds();
  return true;
}

} // namespace convscope
