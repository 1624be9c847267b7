// A display of the test's own (Xvfb), its pixels, and a user's hands on it (xdotool).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace convscope {

bool has_program(const std::string &name); // on the PATH

struct Screen {
  int width = 0, height = 0;
  std::vector<std::array<std::uint8_t, 3>> pixels;
  const std::array<std::uint8_t, 3> &at(int x, int y) const {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)];
  }
};
struct Area { // of the screen, as fractions of its sides
  double left, top, right, bottom;
};
int colours(const Screen &screen, const Area &area);
// The part of the area's pixels that differ.
double difference(const Screen &a, const Screen &b, const Area &area);

// A program that runs while this object lives.
class Child {
public:
  // Output and errors go to files of that folder, `name`.out and `name`.err.
  Child(const std::vector<std::string> &arguments, const std::vector<std::string> &environment,
        const std::filesystem::path &folder, const std::string &name);
  ~Child();
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;
  bool running();
  int wait(double seconds); // its exit status; -1: it has not ended by then, or a signal ended it
  std::string errors() const;
  std::string output() const;

private:
  pid_t pid_ = -1;
  int status_ = -1;
  bool ended_ = false;
  std::filesystem::path out_, err_;
};

class Display {
public:
  Display(int width, int height, const std::filesystem::path &folder);
  bool works() const { return !name_.empty(); }
  const std::string &name() const { return name_; } // ":57"
  Screen screen() const;
  // xdotool's words, such as {"mousemove", "10", "10", "click", "1"}.
  void user(const std::vector<std::string> &words) const;
  void click(double x, double y) const; // fractions of the screen

private:
  int width_, height_;
  std::filesystem::path folder_;
  std::string name_;
  std::unique_ptr<Child> server_;
};

// Polls until it holds; false where it does not within those seconds.
bool within(double seconds, const std::function<bool()> &holds);

} // namespace convscope
