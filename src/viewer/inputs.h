// What the keyboard and the mouse's buttons do, in its order, however long a frame takes.
#pragma once

#include <array>
#include <deque>

struct GLFWwindow;

namespace convscope::viewer {

// Dear ImGui before 1.87 sees only what is down when a frame begins, and where the mouse is then: of what happens
// within a frame it would lose the short ones, and their order. What one frame can't show waits here for the next.
class Inputs {
public:
  // GLFW's callbacks.
  void key(GLFWwindow *window, int key, int scancode, int action, int mods);
  void character(GLFWwindow *window, unsigned character);
  void button(GLFWwindow *window, int button, int action, int mods);
  void move(GLFWwindow *window, double x, double y);

  bool wait() const { return !events_.empty(); } // for a frame that is due now
  void show();                                   // between the backend's NewFrame and ImGui::NewFrame

private:
  enum class Kind { key, character, button };
  struct Event {
    Kind kind;
    int which; // a key, a character or a button
    bool down;
    double x, y; // where the mouse was
  };
  std::deque<Event> events_;
  std::array<bool, 5> buttons_{}; // that are shown as down
  double x_ = 0, y_ = 0;
};

} // namespace convscope::viewer
