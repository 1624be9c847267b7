// The door to the viewer: what a command asks it to show first.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/command.h"
#include "viewer/state.h"

namespace convscope {

struct ViewRequest {
  viewer::Wish wish;
  int width = 0, height = 0; // of the window; 0: as it was the last time
  std::string screenshot;    // a PNG to write after that many seconds; then the viewer ends
  std::optional<double> after;
};

// Notes what the viewer does not do of a request: {whether it was asked for, what it is}.
void note_left_out(Context &context, const std::vector<std::pair<bool, std::string>> &what);

// Opens the window and returns when it is closed: the exit status. DeviceError without a display, hinting at
// --offscreen.
int open_viewer(Context &context, ViewRequest request);

} // namespace convscope
