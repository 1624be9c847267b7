// The photos of a folder that excite the focused unit most: the device looks at them in slices, threads list the folder
// and cut the best, and nobody waits for them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "dataset/examples.h"
#include "session/session.h"
#include "viewer/state.h"

namespace convscope::viewer {

class ExamplesJob {
public:
  static constexpr int crop_side = 128, photo_side = 512; // of the pictures, at the most

  explicit ExamplesJob(Session &session) : session_(session) {}
  ~ExamplesJob() { forget(); }
  ExamplesJob(const ExamplesJob &) = delete;
  ExamplesJob &operator=(const ExamplesJob &) = delete;

  // Which photos, and for which unit: without a channel, or of a layer that this net does not have, for none. Begins,
  // goes on or rests. What can't be done becomes ExamplesState::problem.
  void set(const PhotosWish &photos, const std::optional<Unit> &unit);
  // Before the net goes, or where nothing is wanted any more: nothing is there.
  void forget();

  bool wants_work() const; // on the device
  void advance();          // one slice of it
  // Takes what threads have done. Whether there are other pictures than before.
  bool settle();
  const std::vector<ExamplePictures> &pictures() const { return pictures_; } // of state().top
  ExamplesState state() const;

private:
  using Clock = std::chrono::steady_clock;
  bool opening() const { return opening_.valid(); }
  void begin();
  void open_aside();
  void begin_clock();
  bool settle_opening();
  void look_up();
  bool cut();
  void note_progress();
  void fail(const std::string &problem);

  Session &session_;
  PhotosWish photos_;
  std::optional<Unit> unit_;
  std::optional<ExamplesRun> run_;
  std::string layer_;         // that it looks with
  std::future<void> opening_; // has the run for itself
  std::atomic<bool> stopped_ = false;
  std::atomic<std::int64_t> found_ = 0;
  std::string problem_;
  ExamplesProgress progress_;
  std::vector<SkippedPhoto> skipped_;
  Clock::time_point began_, looked_up_; // since when it looks without a rest; when examples were last asked for
  std::int64_t done_before_ = 0;        // when it began
  bool stale_ = false;                  // more was seen than `known_` tells
  std::optional<Unit> known_of_;
  ChannelExamples known_;
  // The cut examples, on their way: of known_ as it was then.
  std::future<std::vector<ExamplePictures>> cutting_;
  std::optional<Unit> cutting_of_; // none: nobody waits for them any more
  ChannelExamples wanted_;
  // As they are shown.
  std::optional<Unit> shown_of_;
  ChannelExamples shown_;
  std::vector<ExamplePictures> pictures_;
};

} // namespace convscope::viewer
