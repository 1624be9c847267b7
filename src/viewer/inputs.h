// What the keyboard and the mouse's buttons do, in its order, however long a frame takes.
#pragma once

#include <array>
#include <deque>
#include <set>

#include "viewer/gui_inputs.h"

namespace convscope::viewer {

// A frame shows what is down when it begins, and where the mouse is: of what happens within one it would lose the short
// ones, and their order (Dear ImGui's own queue, from 1.87 on, loses which keys a modifier was held with). What one
// frame can't show waits here for the next.
class Inputs {
public:
  // As GLFW's callbacks have it.
  void key(int key, int scancode, int action);
  void character(unsigned character);
  void button(int button, int action);
  void move(double x, double y);

  bool wait() const { return !events_.empty(); } // for a frame that is due now
  void show();                                   // between the backend's NewFrame and ImGui::NewFrame

private:
  enum class Kind { key, character, button };
  struct Event {
    Kind kind;
    int which; // a key, a character or a button
    int scancode;
    bool down;
    double x, y; // where the mouse was
  };
  Modifiers held() const;

  std::deque<Event> events_;
  std::array<bool, 5> buttons_{}; // that are shown as down
  std::set<int> held_;            // modifiers, likewise
  double x_ = 0, y_ = 0;
  bool elsewhere_ = false; // the mouse is shown where it clicked
};

} // namespace convscope::viewer
