#include "viewer/config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"

namespace convscope::viewer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t recent_limit = 10;
constexpr std::uint64_t config_limit = std::uint64_t{1} << 20;

float share(float value, float otherwise) { return std::isfinite(value) ? std::clamp(value, 0.12F, 0.42F) : otherwise; }

Config parse(const nlohmann::json &json) {
  Config config;
  config.theme = json.value("theme", "dark") == "light" ? Theme::light : Theme::dark;
  config.recent_models = json.value("recent_models", config.recent_models);
  config.recent_photos = json.value("recent_photos", config.recent_photos);
  config.recent_folders = json.value("recent_folders", config.recent_folders);
  config.recent_sessions = json.value("recent_sessions", config.recent_sessions);
  config.photos = json.value("photos", config.photos);
  config.photos_database = json.value("photos_database", config.photos_database);
  config.left = share(json.value("left", config.left), config.left);
  config.right = share(json.value("right", config.right), config.right);
  config.layers = json.value("layers", config.layers);
  config.focus = json.value("focus", config.focus);
  config.controls = json.value("controls", config.controls);
  config.timeline = json.value("timeline", config.timeline);
  config.examples = json.value("examples", config.examples);
  config.window_w = std::clamp(json.value("window_w", config.window_w), 320, 16384);
  config.window_h = std::clamp(json.value("window_h", config.window_h), 240, 16384);
  config.tile = json.value("tile", config.tile);
  config.tile = std::isfinite(config.tile) ? std::clamp(config.tile, 16.0F, 1024.0F) : Config{}.tile;
  for (auto *recent : {&config.recent_models, &config.recent_photos, &config.recent_folders, &config.recent_sessions})
    recent->resize(std::min(recent->size(), recent_limit));
  return config;
}

} // namespace

fs::path config_file() {
  const char *given = std::getenv("CONVSCOPE_CONFIG");
  const fs::path folder = given && *given ? fs::path(given) : user_config_folder();
  return folder.empty() ? fs::path() : folder / "viewer.json";
}

Config load_config() {
  try {
    const auto bytes = read_file(config_file(), config_limit);
    return parse(nlohmann::json::parse(bytes));
  } catch (const UserError &) {
  } catch (const nlohmann::json::exception &) {
  }
  return {};
}

bool save_config(const Config &config) {
  const nlohmann::ordered_json json = {
      {"theme", config.theme == Theme::light ? "light" : "dark"},
      {"window_w", config.window_w},
      {"window_h", config.window_h},
      {"tile", config.tile},
      {"recent_models", config.recent_models},
      {"recent_photos", config.recent_photos},
      {"recent_folders", config.recent_folders},
      {"recent_sessions", config.recent_sessions},
      {"photos", absolute_path(config.photos)},
      {"photos_database", absolute_path(config.photos_database)},
      {"left", config.left},
      {"right", config.right},
      {"layers", config.layers},
      {"focus", config.focus},
      {"controls", config.controls},
      {"timeline", config.timeline},
      {"examples", config.examples},
  };
  const fs::path file = config_file();
  if (file.empty())
    return false;
  std::error_code ignored; // where it fails, so does the write
  fs::create_directories(file.parent_path(), ignored);
  try {
    // A file's name need not be UTF-8.
    write_file_atomically(file, json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  } catch (const UserError &) {
    return false;
  }
  return true;
}

void remember(std::vector<std::string> &recent, const std::string &name) {
  std::erase(recent, name);
  recent.insert(recent.begin(), name);
  recent.resize(std::min(recent.size(), recent_limit));
}

} // namespace convscope::viewer
