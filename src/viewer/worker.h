// The thread that owns the session: it loads nets, makes feature maps and optimizes images in short slices, so that
// the window's frames get through the device's queue in between.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "session/session.h"
#include "viewer/atlas.h"
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
  enum class What { focus, wall } what = What::focus;
  std::string path;
};

// The focused image and what it was made by.
struct SavedPicture {
  std::string path, objective;
  ModelRequest model;
  Array image; // (3,H,W)
  Progress progress;
  Controls controls;
  int steps = 0;
  bool untouched = true; // by controls changed on the way: the same command line makes the same image
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
  // Writes the focused image (with the settings chunk that `replay` reads) or the wall as a PNG; the result is
  // Snapshot::message ("wrote F.png" or what went wrong).
  void save(const SaveRequest &request);
  // Rethrows what ended the thread (DeviceError), if anything did.
  void check() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope::viewer
