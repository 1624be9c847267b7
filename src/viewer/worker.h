// The thread that owns the session: it loads nets, makes feature maps and optimizes images in short slices, so that
// the window's frames get through the device's queue in between.
#pragma once

#include <memory>
#include <optional>

#include "viewer/workshop.h"

namespace convscope::viewer {

class Worker {
public:
  // The session's device must be open. Starts the thread.
  Worker(Session &session, const Wish &first, Saver saver);
  // Ends the thread after what was asked to be saved, else as soon as the driver lets it: after one slice, or one
  // program's compilation.
  ~Worker();
  // The same, but false where that takes longer than `seconds` and nothing is left to be saved: the driver compiles,
  // and can't be interrupted.
  bool end_within(double seconds);

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
