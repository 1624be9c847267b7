// What else is on a desktop: a window manager that closes and minimises, a file manager that files are dragged from.
// They speak to the window as theirs do (ICCCM, XDND 5), through a connection of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace convscope {

class DeskMates {
public:
  explicit DeskMates(const std::string &display);
  ~DeskMates();
  DeskMates(const DeskMates &) = delete;
  DeskMates &operator=(const DeskMates &) = delete;

  bool open() const;
  // `window` is an id as `xdotool search` prints it.
  void close(const std::string &window);    // as the button in its frame: WM_DELETE_WINDOW
  void minimise(const std::string &window); // unmapped, in IconicState
  void restore(const std::string &window);
  // Drags files over the window and lets them go. Whether it took them, within seconds.
  bool drop(const std::string &window, const std::vector<std::string> &paths, double seconds);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace convscope
