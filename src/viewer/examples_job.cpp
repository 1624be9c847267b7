#include "viewer/examples_job.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/printable.h"
#include "graph/names.h"

namespace convscope::viewer {

namespace {

constexpr double seconds_between = 1; // while photos are looked at: between examples of the same unit
constexpr std::size_t named_photos = 8;

std::filesystem::path default_databases() {
  const std::filesystem::path folder = cache_folder();
  return folder.empty() ? folder : folder / "seen";
}

bool same_crop(const Example &a, const Example &b) { return a.file == b.file && a.box == b.box; }

bool same(const std::vector<Example> &a, const std::vector<Example> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Example &one, const Example &other) {
    return same_crop(one, other) && one.value == other.value;
  });
}

template <typename T> bool ready(const std::future<T> &future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

} // namespace

void ExamplesJob::set(const PhotosWish &photos, const std::optional<Unit> &unit) {
  const PhotosWish was = std::exchange(photos_, photos);
  if (photos.folder != was.folder || photos.database != was.database || photos.opened != was.opened)
    forget();
  if (photos.runs && !was.runs)
    begin_clock();
  const std::string layer = unit_ ? unit_->layer : "";
  unit_ = unit && unit->channel >= 0 ? std::optional(Unit{unit->layer, unit->channel}) : std::nullopt;
  if (!unit_ || photos.folder.empty())
    return;
  if (unit_->layer != layer) // it may do there
    problem_.clear();
  if (!run_ && problem_.empty() && photos.runs)
    begin();
}

void ExamplesJob::forget() {
  stopped_ = true;
  if (opening())
    opening_.wait(); // it ends soon
  opening_ = {};
  stopped_ = false;
  run_.reset();
  layer_.clear();
  problem_.clear();
  progress_ = {};
  skipped_.clear();
  known_of_.reset();
  cutting_of_.reset();
  shown_of_.reset();
  shown_ = {};
  pictures_.clear();
  unit_.reset();
}

// What was shown stays.
void ExamplesJob::fail(const std::string &problem) {
  problem_ = problem;
  run_.reset();
  layer_.clear();
}

void ExamplesJob::begin() {
  ExamplesRequest request;
  request.folder = text_path(photos_.folder);
  request.top = shown_examples;
  request.database = text_path(photos_.database);
  request.databases = default_databases();
  request.live = true;
  request.listing = [this](std::int64_t found) { found_ = found; };
  request.stopped = [this] { return stopped_.load(); };
  try {
    request.layers = {find_layer(session_.graph(), unit_->layer)};
    run_.emplace(session_, std::move(request));
    layer_ = unit_->layer;
    open_aside();
  } catch (const UserError &error) {
    fail(error.what());
  }
}

void ExamplesJob::open_aside() {
  found_ = 0;
  progress_ = {};
  known_of_.reset();
  opening_ = std::async(std::launch::async, [this] { run_->open(); });
}

void ExamplesJob::begin_clock() {
  began_ = Clock::now();
  done_before_ = progress_.done;
}

bool ExamplesJob::wants_work() const {
  return run_ && !opening() && photos_.runs && problem_.empty() && progress_.left() > 0;
}

void ExamplesJob::advance() {
  try {
    if (!run_->advance_slice())
      return;
    stale_ = true;
    progress_ = run_->progress();
  } catch (const vulkan::NoRoom &error) { // too much is the user's to mend
    fail(error.what());
  } catch (const UserError &error) {
    fail(error.what());
  }
}

// Whether the run can be asked.
bool ExamplesJob::settle_opening() {
  if (opening()) {
    if (!ready(opening_))
      return false;
    std::exchange(opening_, {}).get();
    progress_ = run_->progress();
    stale_ = true;
    begin_clock();
  }
  if (!run_)
    return false;
  if (unit_ && unit_->layer != layer_) {
    run_->look_at(find_layer(session_.graph(), unit_->layer));
    layer_ = unit_->layer;
    open_aside();
    return false;
  }
  return true;
}

void ExamplesJob::note_progress() {
  skipped_ = run_->skipped();
  if (run_->done() && run_->seen() == 0)
    throw UserError(fmt::format("{}: none of its {} pictures can be read: {}: {}", photos_.folder, progress_.photos,
                                printable(skipped_.front().file), skipped_.front().reason));
}

void ExamplesJob::look_up() {
  const bool other = known_of_ != unit_;
  const std::chrono::duration<double> since = Clock::now() - looked_up_;
  if (!unit_ || (!other && (!stale_ || (since.count() < seconds_between && !run_->done()))))
    return;
  known_ = run_->result(unit_->channel);
  known_of_ = unit_;
  stale_ = false;
  looked_up_ = Clock::now();
  note_progress();
}

bool ExamplesJob::settle() {
  try {
    if (settle_opening())
      look_up();
  } catch (const UserError &error) {
    fail(error.what());
  }
  return cut();
}

// Those that are not shown yet are cut by threads, one unit's at a time.
bool ExamplesJob::cut() {
  if (cutting_.valid()) {
    if (!ready(cutting_))
      return false;
    std::vector<ExamplePictures> pictures = cutting_.get();
    if (const auto of = std::exchange(cutting_of_, std::nullopt); of && of == known_of_) {
      std::vector<ExamplePictures> all;
      std::size_t next = 0;
      const std::vector<Example> &top = shown_.top;
      for (const Example &each : wanted_.top) {
        const auto had = std::find_if(top.begin(), top.end(), [&](const Example &e) { return same_crop(e, each); });
        all.push_back(had == top.end() ? std::move(pictures[next++]) : pictures_[std::size_t(had - top.begin())]);
      }
      shown_of_ = of;
      shown_ = wanted_;
      pictures_ = std::move(all);
      return true;
    }
  }
  if (!known_of_)
    return false;
  if (shown_of_ == known_of_ && same(shown_.top, known_.top)) {
    if (shown_.photos != known_.photos) // more were seen, and none was better
      shown_ = known_;
    return false;
  }
  wanted_ = known_;
  cutting_of_ = known_of_;
  std::vector<Example> missing;
  for (const Example &each : wanted_.top)
    if (std::none_of(shown_.top.begin(), shown_.top.end(), [&](const Example &had) { return same_crop(had, each); }))
      missing.push_back(each);
  cutting_ = std::async(std::launch::async, [folder = text_path(photos_.folder), missing = std::move(missing)] {
    return crops_with_photos(folder, missing, crop_side, photo_side);
  });
  return false;
}

ExamplesState ExamplesJob::state() const {
  using Stage = ExamplesState::Stage;
  ExamplesState state;
  state.folder = photos_.folder;
  state.problem = problem_;
  state.stage = opening() ? Stage::listing : !run_ ? Stage::none : progress_.left() > 0 ? Stage::looking : Stage::done;
  state.layer = layer_;
  state.found = found_;
  state.photos = progress_.photos;
  state.looked_at = progress_.before + progress_.done;
  const std::int64_t done = progress_.done - done_before_;
  if (const std::chrono::duration<double> took = Clock::now() - began_; done > 0 && took.count() > 2)
    state.seconds_left = took.count() / static_cast<double>(done) * static_cast<double>(progress_.left());
  for (std::size_t i = 0; i < std::min(skipped_.size(), named_photos); ++i)
    state.skipped.push_back(printable(skipped_[i].file) + ": " + skipped_[i].reason);
  state.skipped_count = std::ssize(skipped_);
  if (!shown_of_)
    return state;
  state.shown = shown_of_;
  state.seen = shown_.photos;
  state.excited = shown_.excited;
  for (std::size_t i = 0; i < shown_.top.size(); ++i) {
    const Example &example = shown_.top[i];
    const ExamplePictures &pictures = pictures_[i];
    ExamplesState::Shown shown{example.file, example.value};
    shown.readable = !pictures.photo.pixels.empty();
    if (shown.readable) {
      const auto w = static_cast<float>(pictures.size.width), h = static_cast<float>(pictures.size.height);
      shown.left = static_cast<float>(example.box.x) / w;
      shown.top = static_cast<float>(example.box.y) / h;
      shown.right = static_cast<float>(example.box.x + example.box.width) / w;
      shown.bottom = static_cast<float>(example.box.y + example.box.height) / h;
      shown.crop_aspect = static_cast<float>(pictures.crop.width) / static_cast<float>(pictures.crop.height);
      shown.photo_aspect = w / h;
    }
    state.top.push_back(std::move(shown));
  }
  return state;
}

} // namespace convscope::viewer
