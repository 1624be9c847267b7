// A session on disk: what was looked at, by which settings, and how far the focused unit had come.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "io/image.h"
#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

// A moment of the focus's history that can be gone back to.
struct KeptMoment {
  Moment moment;    // its cell is of no use in a file
  Array parameters; // of the optimization then
  Recipe recipe;
  ImageRgb8 thumbnail;
};

// The focused unit's optimization.
struct SavedFocus {
  int steps = 0, branch = 0, every = 1; // steps between moments
  bool untouched = true;                // as FocusJob::untouched()
  std::vector<float> values, norms;     // of the steps so far
  OptimizationState state;              // without moments where the device was lost: they are Adam's, and start anew
  std::vector<KeptMoment> kept;
};

struct SavedSession {
  Wish wish;
  std::optional<SavedFocus> focus;
};

// One file, in CBOR (RFC 8949). UserError where it can't be written, or read, or is no session.
void write_session(const std::string &path, const SavedSession &session);
SavedSession read_session(const std::string &path);
inline constexpr const char *session_ending = ".convscope";

} // namespace convscope::viewer
