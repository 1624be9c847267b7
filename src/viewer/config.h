// What the viewer remembers from one run to the next.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "viewer/window.h"

namespace convscope::viewer {

struct Config {
  Theme theme = Theme::dark;
  std::vector<std::string> recent_models, recent_photos, recent_folders, recent_sessions; // the last used first
  std::string photos, photos_database; // as PhotosWish has them: a new start goes on
  float left = 0.22F, right = 0.30F;   // of the window's width: its panes
  bool layers = true, focus = true, controls = true, timeline = true, examples = true; // whether they are shown
  int window_w = 1280, window_h = 800;
  float tile = 96; // the side of the wall's tiles, without the monitor's scale
  bool operator==(const Config &) const = default;
};

// viewer.json in env CONVSCOPE_CONFIG or the user's config folder; empty if there is no such.
std::filesystem::path config_file();
// A missing or broken file gives the defaults; sizes out of reach are brought back.
Config load_config();
// Whole or not at all, with its folder. False where it can't be written: the viewer goes on without.
bool save_config(const Config &config);
// Puts a name at the front of a list of recent ones, once, and drops the oldest.
void remember(std::vector<std::string> &recent, const std::string &name);

} // namespace convscope::viewer
