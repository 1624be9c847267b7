// A desktop of its own for the viewer: a virtual X display, a hand on its mouse and keyboard, and its pixels.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "io/image.h"

namespace convscope {

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>; // "" takes the variable away

// The file of a program on the PATH; "" where there is none.
std::string find_program(const std::string &name);

// Asks until it holds or the seconds are over; whether it held.
bool wait_until(double seconds, const std::function<bool()> &holds);

// A program that runs beside the test; killed where it still runs at the end.
class Child {
public:
  Child() = default;
  // With stdout and stderr written into those files; /dev/null where they are "".
  Child(const Arguments &arguments, const Environment &environment, const std::string &out, const std::string &err);
  ~Child();
  Child(Child &&other) noexcept;
  Child &operator=(Child &&other) noexcept;
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;

  bool running();
  // Its exit status, or 128 + n where signal n ended it; none where it has not ended by then.
  std::optional<int> wait(double seconds);
  void end(); // asks it, then kills it

private:
  pid_t id_ = 0;
  std::optional<int> status_;
};

// A rectangle of the screen.
struct Area {
  int x, y, width, height;
};

ImageRgb8 cut(const ImageRgb8 &image, const Area &area);
int colours(const ImageRgb8 &image);
// The share of the pixels that differ; 1 where the sizes do.
double difference(const ImageRgb8 &a, const ImageRgb8 &b);
double brightness(const ImageRgb8 &image); // the mean, 0..255

class Desktop {
public:
  static constexpr int width = 1280, height = 800;

  explicit Desktop(const std::filesystem::path &folder); // for its files
  Desktop(const Desktop &) = delete;
  Desktop &operator=(const Desktop &) = delete;
  ~Desktop() { server_.end(); }

  bool open() const { return !name_.empty(); }
  const std::string &name() const { return name_; } // such as ":3"
  // Runs `xdotool` with these arguments, several commands in a row if it likes; what it printed.
  std::string tool(const Arguments &arguments) const;
  // The id of the visible window of that title; "" without one.
  std::string window(const std::string &title) const;
  ImageRgb8 grab() const;
  ImageRgb8 grab(const Area &area) const { return cut(grab(), area); }

private:
  std::filesystem::path folder_;
  std::string name_;
  Child server_;
};

} // namespace convscope
