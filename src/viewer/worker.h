// The thread that owns the session: it loads nets, makes feature maps and optimizes images in short slices, so that
// the window's frames get through the device's queue in between.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "session/optimize_run.h"
#include "session/session.h"
#include "viewer/atlas.h"
#include "viewer/session_file.h"
#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

// Textures that the window samples. Replaced as a whole when `generation` changes: the window then must drop its ids
// (Window::forget_textures) before it calls Worker::textures_seen(generation), after which the old ones are freed.
struct Textures {
  const Atlas *maps = nullptr;   // of the wall, cell = channel
  const Atlas *images = nullptr; // of the wall, cell = channel
  const Atlas *focus = nullptr;  // cell 0: the focus; cell 1: A/B's second; cell 2: the focused unit's map of the photo
  const Atlas *photo = nullptr;  // cell 0
  const Atlas *timeline = nullptr; // cells as Moment::cell
  int generation = 0;
};

struct SaveRequest {
  enum class What { focus, wall, session } what = What::focus;
  std::string path;
};

// The focused image, or the wall's, and what they were made by.
struct SavedPicture {
  std::string path;
  ModelRequest model;
  std::vector<std::string> objectives;
  std::vector<OptimizedImage> images; // one an objective
  Recipe recipe;
  int size = 0;
  std::uint64_t seed = 0;
  bool untouched = true; // by controls changed on the way: the same command line makes the same images
};
// Writes it; UserError where that can't be done. Called on the worker's thread.
using Saver = std::function<void(Session &, const SavedPicture &)>;

class Worker {
public:
  // The session's device must be open. Starts the thread.
  Worker(Session &session, const Wish &first, Saver saver);
  ~Worker(); // ends the thread within one slice

  void wish(const Wish &wish);
  Snapshot snapshot() const;
  Textures textures() const;
  void textures_seen(int generation);
  // With the wish, that of the session: goes on where its focus stood.
  void resume(const Wish &wish, SavedFocus focus);
  // Writes the focused image or the wall as a PNG with the settings chunk that `replay` reads, or the session; the
  // result is Snapshot::message ("wrote F.png" or what went wrong).
  void save(const SaveRequest &request);
  // Rethrows what ended the thread (DeviceError), if anything did.
  void check() const;
  // After that: ends the thread, and gives what can be kept without the device.
  SavedSession rescue();

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope::viewer
