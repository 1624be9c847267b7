#include "window/display.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace convscope {

namespace {

std::string content(const std::filesystem::path &file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<char *> pointers(std::vector<std::string> &texts) {
  std::vector<char *> result;
  for (std::string &text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Box {
  int left, top, right, bottom;
};
Box box_of(const Screen &screen, const Area &area) {
  return {static_cast<int>(area.left * screen.width), static_cast<int>(area.top * screen.height),
          static_cast<int>(area.right * screen.width), static_cast<int>(area.bottom * screen.height)};
}

} // namespace

bool has_program(const std::string &name) {
  std::istringstream folders(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/" + name).c_str(), X_OK) == 0)
      return true;
  return false;
}

int colours(const Screen &screen, const Area &area) {
  const Box box = box_of(screen, area);
  std::set<std::array<std::uint8_t, 3>> seen;
  for (int y = box.top; y < box.bottom; ++y)
    for (int x = box.left; x < box.right; ++x)
      seen.insert(screen.at(x, y));
  return static_cast<int>(seen.size());
}

double difference(const Screen &a, const Screen &b, const Area &area) {
  if (a.width != b.width || a.height != b.height)
    return 1;
  const Box box = box_of(a, area);
  int all = 0, differ = 0;
  for (int y = box.top; y < box.bottom; ++y)
    for (int x = box.left; x < box.right; ++x, ++all)
      differ += a.at(x, y) != b.at(x, y) ? 1 : 0;
  return all == 0 ? 0 : static_cast<double>(differ) / all;
}

Child::Child(const std::vector<std::string> &arguments, const std::vector<std::string> &environment,
             const std::filesystem::path &folder, const std::string &name)
    : out_(folder / (name + ".out")), err_(folder / (name + ".err")) {
  std::vector<std::string> words = arguments, variables = environment;
  for (char **variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const std::string key = text.substr(0, text.find('=') + 1);
    bool given = false;
    for (const std::string &own : environment)
      given = given || own.compare(0, key.size(), key) == 0;
    if (!given)
      variables.push_back(text);
  }
  std::erase_if(variables, [](const std::string &v) { return v == "DISPLAY=" || v == "WAYLAND_DISPLAY="; });
  pid_ = fork();
  if (pid_ != 0)
    return;
  const int out = open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(out, 1);
  dup2(err, 2);
  std::vector<char *> table = pointers(variables);
  environ = table.data();
  execvp(words[0].c_str(), pointers(words).data());
  _exit(127);
}

Child::~Child() {
  if (running()) {
    kill(pid_, SIGTERM);
    if (!within(5, [&] { return !running(); })) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
}

bool Child::running() {
  if (ended_ || pid_ <= 0)
    return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0)
    return true;
  ended_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return false;
}

int Child::wait(double seconds) {
  return within(seconds, [&] { return !running(); }) ? status_ : -1;
}
std::string Child::errors() const { return content(err_); }
std::string Child::output() const { return content(out_); }

Display::Display(int width, int height, const std::filesystem::path &folder)
    : width_(width), height_(height), folder_(folder) {
  // It picks a free number and prints it; the pixels are a file.
  server_ = std::make_unique<Child>(std::vector<std::string>{"Xvfb", "-displayfd", "1", "-ac", "-nolisten", "tcp",
                                                             "-screen", "0", fmt::format("{}x{}x24", width, height),
                                                             "-fbdir", folder.string()},
                                    std::vector<std::string>{}, folder, "xvfb");
  within(20, [&] {
    const std::string number = server_->output();
    if (number.empty() || number.back() != '\n')
      return false;

    name_ = fmt::format(":{}", number.substr(0, number.size() - 1));
    return true;
  });
}

// The file is an XWD dump: a header of big-endian words, the colour map, then the pixels as B, G, R, unused.
Screen Display::screen() const {
  const std::string file = content(folder_ / "Xvfb_screen0");
  const auto word = [&](std::size_t index) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value << 8 | static_cast<unsigned char>(file[index * 4 + i]);
    return static_cast<std::size_t>(value);
  };
  Screen screen{width_, height_, {}};
  if (file.size() < 100)
    return screen;
  const std::size_t begin = word(0) + word(19) * 12, line = word(12);
  for (int y = 0; y < height_; ++y)
    for (int x = 0; x < width_; ++x) {
      const std::size_t at = begin + static_cast<std::size_t>(y) * line + static_cast<std::size_t>(x) * 4;
      if (at + 3 > file.size())
        return screen;
      screen.pixels.push_back({static_cast<std::uint8_t>(file[at + 2]), static_cast<std::uint8_t>(file[at + 1]),
                               static_cast<std::uint8_t>(file[at])});
    }
  return screen;
}

void Display::user(const std::vector<std::string> &words) const {
  std::vector<std::string> arguments{"xdotool"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  Child(arguments, {"DISPLAY=" + name_}, folder_, "xdotool").wait(10);
}

void Display::click(double x, double y) const {
  user({"mousemove", std::to_string(static_cast<int>(x * width_)), std::to_string(static_cast<int>(y * height_)),
        "sleep", "0.3", "mousedown", "1", "sleep", "0.3", "mouseup", "1"});
}

bool within(double seconds, const std::function<bool()> &holds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (!holds()) {
    if (Clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

} // namespace convscope
