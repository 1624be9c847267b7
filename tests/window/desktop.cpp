#include "window/desktop.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

extern char **environ; // NOLINT(readability-redundant-declaration): POSIX has the program declare it

namespace convscope {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path &file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream)
    text << stream.rdbuf();
  return text.str();
}

std::vector<char *> pointers(std::vector<std::string> &texts) {
  std::vector<char *> all;
  for (std::string &text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> variables(const Environment &changes) {
  std::vector<std::string> all;
  for (char **each = environ; *each; ++each) {
    const std::string text = *each;
    if (!changes.contains(text.substr(0, text.find('='))))
      all.push_back(text);
  }
  for (const auto &[name, value] : changes)
    if (!value.empty())
      all.push_back(fmt::format("{}={}", name, value));
  return all;
}

} // namespace

std::string find_program(const std::string &name) {
  const char *path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const fs::path file = fs::path(folder) / name; access(file.c_str(), X_OK) == 0)
      return file.string();
  return "";
}

bool wait_until(double seconds, const std::function<bool()> &holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

Child::Child(const Arguments &arguments, const Environment &environment, const std::string &out,
             const std::string &err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const auto to = [&](int descriptor, const std::string &file) {
    posix_spawn_file_actions_addopen(&files, descriptor, file.empty() ? "/dev/null" : file.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  };
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  to(STDOUT_FILENO, out);
  to(STDERR_FILENO, err);
  std::vector<std::string> texts = arguments, changed = variables(environment);
  const int error =
      posix_spawnp(&id_, texts.at(0).c_str(), &files, nullptr, pointers(texts).data(), pointers(changed).data());
  posix_spawn_file_actions_destroy(&files);
  if (error) {
    id_ = 0;
    ADD_FAILURE() << arguments[0] << ": " << std::strerror(error);
  }
}

Child::~Child() { end(); }

Child::Child(Child &&other) noexcept : id_(std::exchange(other.id_, 0)), status_(other.status_) {}

Child &Child::operator=(Child &&other) noexcept {
  if (this != &other) {
    end();
    id_ = std::exchange(other.id_, 0);
    status_ = other.status_;
  }
  return *this;
}

bool Child::running() {
  if (id_ <= 0)
    return false;
  int status = 0;
  if (waitpid(id_, &status, WNOHANG) != id_)
    return true;
  id_ = 0;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

std::optional<int> Child::wait(double seconds) {
  wait_until(seconds, [this] { return !running(); });
  return status_;
}

void Child::end() {
  if (!running())
    return;
  kill(id_, SIGTERM);
  if (wait(3))
    return;
  kill(id_, SIGKILL);
  wait(10);
}

ImageRgb8 cut(const ImageRgb8 &image, const Area &area) {
  const int left = std::clamp(area.x, 0, image.width), right = std::clamp(area.x + area.width, left, image.width);
  const int top = std::clamp(area.y, 0, image.height), bottom = std::clamp(area.y + area.height, top, image.height);
  ImageRgb8 part(right - left, bottom - top);
  for (int y = top; y < bottom && right > left; ++y)
    std::copy_n(image.at(left, y), static_cast<std::size_t>(right - left) * 3, part.at(0, y - top));
  return part;
}

int colours(const ImageRgb8 &image) {
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3)
    seen.insert(image.pixels[i] * 65536U + image.pixels[i + 1] * 256U + image.pixels[i + 2]);
  return static_cast<int>(seen.size());
}

double difference(const ImageRgb8 &a, const ImageRgb8 &b) {
  if (a.width != b.width || a.height != b.height || a.pixels.empty())
    return 1;
  int other = 0;
  for (std::size_t i = 0; i < a.pixels.size(); i += 3)
    other += !std::equal(&a.pixels[i], &a.pixels[i] + 3, &b.pixels[i]);
  return 3.0 * other / static_cast<double>(a.pixels.size());
}

double brightness(const ImageRgb8 &image) {
  double sum = 0;
  for (const std::uint8_t value : image.pixels)
    sum += value;
  return image.pixels.empty() ? 0 : sum / static_cast<double>(image.pixels.size());
}

Desktop::Desktop(const fs::path &folder) : folder_(folder) {
  const std::string number = (folder / "display").string();
  // -displayfd has the server look for a free number, and tell it when it is ready.
  server_ = Child({"Xvfb", "-displayfd", "1", "-ac", "-noreset", "-screen", "0", fmt::format("{}x{}x24", width, height),
                   "-fbdir", folder.string()},
                  {}, number, (folder / "display.err").string());
  wait_until(20, [&] { return text_of(number).ends_with('\n') || !server_.running(); });
  std::string text = text_of(number);
  if (!text.ends_with('\n'))
    return;
  text.pop_back();
  name_ = fmt::format(":{}", text);
}

std::string Desktop::tool(const Arguments &arguments) const {
  Arguments all{"xdotool"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::string out = (folder_ / "tool.out").string();
  Child tool(all, {{"DISPLAY", name_}}, out, "");
  EXPECT_TRUE(tool.wait(60)) << fmt::format("xdotool {} hangs", fmt::join(arguments, " "));
  return text_of(out);
}

std::string Desktop::window(const std::string &title) const {
  std::string id = tool({"search", "--onlyvisible", "--name", fmt::format("^{}$", title)});
  return id.substr(0, id.find('\n'));
}

// The server keeps its screen in a file, as X window dumps are: a header of big-endian words, then the rows.
ImageRgb8 Desktop::grab() const {
  const std::string dump = text_of(folder_ / "Xvfb_screen0");
  const auto word = [&](std::size_t i) {
    std::uint32_t value = 0;
    for (std::size_t byte = 4 * i; byte < 4 * i + 4; ++byte)
      value = value * 256 + static_cast<std::uint8_t>(dump.at(byte));
    return value;
  };
  if (dump.size() < 100)
    return {};
  const std::size_t start = std::size_t{word(0)} + std::size_t{word(19)} * 12, row = word(12);
  const bool small_first = word(7) == 0;
  ImageRgb8 image(static_cast<int>(word(4)), static_cast<int>(word(5)));
  if (word(11) != 32 || dump.size() < start + row * word(5))
    return {};
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) {
      const std::size_t pixel = start + row * static_cast<std::size_t>(y) + 4 * static_cast<std::size_t>(x);
      for (std::size_t c = 0; c < 3; ++c)
        image.at(x, y)[c] = static_cast<std::uint8_t>(dump[pixel + (small_first ? 2 - c : c + 1)]);
    }
  return image;
}

} // namespace convscope
