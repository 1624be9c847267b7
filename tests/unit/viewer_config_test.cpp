#include "viewer/config.h"

#include "base/files.h"
#include "unit/scratch.h"

#include <cstdlib>
#include <optional>

namespace convscope::viewer {
namespace {

// setenv is POSIX; the functions under test are the same elsewhere.
#if !defined(_WIN32)

// A variable's value for one test.
class Variable {
public:
  Variable(const char *name, const std::string &value) : name_(name) {
    if (const char *old = std::getenv(name))
      before_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }
  Variable(const Variable &) = delete;
  Variable &operator=(const Variable &) = delete;

private:
  const char *name_;
  std::optional<std::string> before_;
};

TEST(ViewerConfig, RoundTrip) {
  const Scratch scratch;
  const Variable folder("CONVSCOPE_CONFIG", path_text(scratch / "new/folder"));
  EXPECT_EQ(load_config(), Config{});
  Config config;
  config.theme = Theme::light;
  config.recent_models = {"vgg16", "/nets/\xC3\xA9t\xC3\xA9.h5"};
  config.recent_photos = {"a \"b\".png"};
  config.left = 0.25F;
  config.timeline = false;
  config.recent_sessions = {"/tmp/a b.convscope"};
  config.window_w = 1600;
  config.window_h = 900;
  config.tile = 128;
  EXPECT_TRUE(save_config(config));
  EXPECT_EQ(load_config(), config);
}

TEST(ViewerConfig, BrokenFilesAreIgnored) {
  const Scratch scratch;
  const Variable folder("CONVSCOPE_CONFIG", path_text(scratch / ""));
  for (const char *text :
       {"", "{", "[]", "7", "{\"theme\": 3}", "{\"window_w\": \"wide\"}", "{\"recent_models\": [1]}"}) {
    scratch.put("viewer.json", std::string_view(text));
    EXPECT_EQ(load_config(), Config{}) << text;
  }
  scratch.put("viewer.json", std::string_view("{\"window_w\": 1, \"tile\": 1e9, \"unknown\": null}"));
  EXPECT_EQ(load_config().window_w, 320);
  EXPECT_EQ(load_config().tile, 1024);
}

TEST(ViewerConfig, OddNamesAndLockedFolders) {
  const Scratch scratch;
  const Variable folder("CONVSCOPE_CONFIG", path_text(scratch / "config"));
  Config config;
  config.recent_photos = {"\xFF.png"};
  EXPECT_TRUE(save_config(config));
  EXPECT_EQ(load_config().recent_photos.size(), 1U);
  scratch.put("file", std::string_view("x"));
  const Variable inside_file("CONVSCOPE_CONFIG", path_text(scratch / "file"));
  EXPECT_FALSE(save_config(config));
  EXPECT_EQ(load_config(), Config{});
}

TEST(ViewerConfig, Folder) {
  const Variable none("CONVSCOPE_CONFIG", "");
  const Variable base("XDG_CONFIG_HOME", "/somewhere/config");
  EXPECT_EQ(path_text(config_file()), "/somewhere/config/convscope/viewer.json");
}
#endif

TEST(ViewerConfig, RecentNamesComeOnceLastFirst) {
  std::vector<std::string> recent;
  for (const char *name : {"a", "b", "a"})
    remember(recent, name);
  EXPECT_EQ(recent, (std::vector<std::string>{"a", "b"}));
  for (int i = 0; i < 20; ++i)
    remember(recent, std::to_string(i));
  EXPECT_EQ(recent.size(), 10U);
  EXPECT_EQ(recent.front(), "19");
}

} // namespace
} // namespace convscope::viewer
