// The photos of a microscope: what `examples` finds, kept in the site as text and a sheet of crops a unit.
#include <algorithm>
#include <filesystem>
#include <span>

#include <fmt/format.h>

#include "app/command.h"
#include "app/interrupt.h"
#include "app/microscope.h"
#include "app/progress.h"
#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/printable.h"
#include "dataset/examples.h"
#include "io/jpeg.h"
#include "microscope/site.h"

namespace convscope {

namespace fs = std::filesystem;

namespace {

constexpr int top = 9, columns = 3, cell = 128; // of a sheet
constexpr int quality = 88;
constexpr std::size_t units_at_once = 64; // whose crops are in memory

std::string hash_text(const std::string &text) {
  return fmt::format("{:016x}", fnv1a(std::as_bytes(std::span(text.data(), text.size()))));
}

// One for each net and folder.
fs::path default_database(const Context &context, const std::string &images) {
  const fs::path cache = user_cache_folder();
  if (cache.empty())
    return {};
  std::error_code error;
  const fs::path folder = cache / "microscope";
  fs::create_directories(folder, error);
  const std::string key = path_text(context.session.model().weights) + "\n" + context.session.graph().name + "\n" +
                          path_text(fs::weakly_canonical(images, error));
  return error ? fs::path() : folder / (hash_text(key) + ".sqlite");
}

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

// Comment of a sheet: what it shows.
bool is_there(const SiteStore &store, const std::string &layer, int unit, const std::string &key) {
  const auto sheet = store.get(examples_path(layer, unit, "jpg"));
  return sheet && store.get(examples_path(layer, unit, "json")) &&
         jpeg_comment({reinterpret_cast<const std::uint8_t *>(sheet->data()), sheet->size()}) == key;
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
    for (int y = 0; y < picture.height; ++y)
      std::copy_n(picture.at(0, y), static_cast<std::size_t>(picture.width) * 3, sheet.at(left, above + y));
  }
  const std::vector<std::uint8_t> jpeg = encode_jpeg(sheet, quality, key);
  store.put(examples_path(layer, number, "jpg"), {reinterpret_cast<const char *>(jpeg.data()), jpeg.size()});
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
    if (is_there(store, layer.folder, channel.channel, key))
      continue;
    wanted.push_back({channel.channel, std::move(unit), key, examples.size(), channel.top.size()});
    examples.insert(examples.end(), channel.top.begin(), channel.top.end());
    if (wanted.size() == units_at_once)
      flush();
  }
  flush();
}

} // namespace

ExamplesRequest photos_request(const Context &context, const MicroscopeOptions &options) {
  check_apart(options.folder, options.images);
  ExamplesRequest request;
  request.folder = options.images;
  request.top = top;
  request.database = options.database.empty() ? default_database(context, options.images) : fs::path(options.database);
  request.seed = options.seed;
  return request;
}

bool add_photos(Context &context, const MicroscopeOptions &options, const Survey &survey, const SiteStore &store) {
  ExamplesRequest request = photos_request(context, options);
  request.layers = survey.nodes();
  request.positions = atlas_nodes(context, options); // what atlases need, in the same pass
  ExamplesRun run(context.session, std::move(request));
  {
    const InterruptGuard interrupt;
    ProgressBar bar(run.progress().left());
    while (!run.done() && !interrupt.interrupted()) {
      run.advance();
      const std::int64_t done = run.progress().done;
      if (bar.due(done, done))
        bar.show(fmt::format("photo {} of {}, {} left", run.progress().before + done, run.progress().photos,
                             clock_text(bar.seconds_left())));
    }
  }
  const std::vector<SkippedPhoto> skipped = run.skipped();
  if (!skipped.empty())
    tell(fmt::format("{} of {} photos can't be read, such as {}: {}", skipped.size(), run.progress().photos,
                     printable(skipped.front().file), skipped.front().reason));
  if (run.done() && run.seen() == 0)
    throw UserError(fmt::format("--images {}: none of its pictures can be read", options.images));
  if (!run.done())
    return false;
  for (const SurveyLayer &layer : survey.layers)
    put_layer(store, layer, options.images, run.results(layer.node));
  return true;
}

} // namespace convscope
