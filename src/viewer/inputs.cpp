#include "viewer/inputs.h"

#include <algorithm>
#include <set>
#include <vector>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>

namespace convscope::viewer {

#if IMGUI_VERSION_NUM < 18700

namespace {

bool modifies(int key) { return key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER; }

bool shifts(int key) { return key == GLFW_KEY_LEFT_SHIFT || key == GLFW_KEY_RIGHT_SHIFT; }

// A key that makes no character does something with the text: what is typed after Enter is not of what it entered.
bool edits(int key, bool with_control) {
  const bool digit = key >= GLFW_KEY_KP_0 && key <= GLFW_KEY_KP_EQUAL && key != GLFW_KEY_KP_ENTER;
  return with_control ? !modifies(key) : key >= GLFW_KEY_ESCAPE && !digit && !modifies(key);
}

bool either(const ImGuiIO &io, int left, int right) { return io.KeysDown[left] || io.KeysDown[right]; }

} // namespace

void Inputs::key(GLFWwindow * /*window*/, int key, int /*scancode*/, int action, int /*mods*/) {
  if (key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown) && action != GLFW_REPEAT) // Dear ImGui repeats by itself
    events_.push_back({Kind::key, key, action == GLFW_PRESS, x_, y_});
}

void Inputs::character(GLFWwindow * /*window*/, unsigned character) {
  events_.push_back({Kind::character, static_cast<int>(character), true, x_, y_});
}

void Inputs::button(GLFWwindow * /*window*/, int button, int action, int /*mods*/) {
  if (button >= 0 && button < static_cast<int>(buttons_.size()))
    events_.push_back({Kind::button, button, action == GLFW_PRESS, x_, y_});
}

void Inputs::move(GLFWwindow * /*window*/, double x, double y) {
  x_ = x;
  y_ = y;
}

void Inputs::show() {
  ImGuiIO &io = ImGui::GetIO();
  std::set<int> changed;       // keys
  std::vector<Event> releases; // of keys that were pressed in this frame: it shows them as down
  bool typed = false, edited = false, pressed = false;
  while (!events_.empty()) {
    const Event event = events_.front();
    if (event.kind == Kind::button) {
      if (typed || !changed.empty())
        break;
      buttons_.at(static_cast<std::size_t>(event.which)) = event.down;
      io.MousePos = ImVec2(static_cast<float>(event.x), static_cast<float>(event.y));
      events_.pop_front();
      break; // what follows may be for what was clicked
    }
    if (event.kind == Kind::character) {
      if (edited)
        break;
      io.AddInputCharacter(static_cast<unsigned>(event.which));
      typed = true;
    } else {
      const bool does = event.down && edits(event.which, io.KeyCtrl), again = changed.contains(event.which);
      // A modifier is of the keys that it is held with. Characters have their shift in them.
      const bool late = modifies(event.which) ? edited || (pressed && !shifts(event.which)) : again && event.down;
      if (late || (does && typed))
        break;
      edited = edited || does;
      pressed = pressed || (event.down && !modifies(event.which));
      if (again && !modifies(event.which))
        releases.push_back(event);
      else
        io.KeysDown[event.which] = event.down;
      changed.insert(event.which);
      io.KeyCtrl = either(io, GLFW_KEY_LEFT_CONTROL, GLFW_KEY_RIGHT_CONTROL);
      io.KeyShift = either(io, GLFW_KEY_LEFT_SHIFT, GLFW_KEY_RIGHT_SHIFT);
      io.KeyAlt = either(io, GLFW_KEY_LEFT_ALT, GLFW_KEY_RIGHT_ALT);
      io.KeySuper = either(io, GLFW_KEY_LEFT_SUPER, GLFW_KEY_RIGHT_SUPER);
    }
    events_.pop_front();
  }
  events_.insert(events_.begin(), releases.begin(), releases.end());
  std::copy(buttons_.begin(), buttons_.end(), io.MouseDown);
}

#else // does so itself

void Inputs::key(GLFWwindow *window, int key, int scancode, int action, int mods) {
  ImGui_ImplGlfw_KeyCallback(window, key, scancode, action, mods);
}

void Inputs::character(GLFWwindow *window, unsigned character) { ImGui_ImplGlfw_CharCallback(window, character); }

void Inputs::button(GLFWwindow *window, int button, int action, int mods) {
  ImGui_ImplGlfw_MouseButtonCallback(window, button, action, mods);
}

void Inputs::move(GLFWwindow *window, double x, double y) { ImGui_ImplGlfw_CursorPosCallback(window, x, y); }

void Inputs::show() {}

#endif

} // namespace convscope::viewer
