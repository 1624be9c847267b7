#include "viewer/inputs.h"

#include <utility>
#include <vector>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include "viewer/gui_inputs.h"

namespace convscope::viewer {

namespace {

bool modifies(int key) { return key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER; }

bool shifts(int key) { return key == GLFW_KEY_LEFT_SHIFT || key == GLFW_KEY_RIGHT_SHIFT; }

// A key that makes no character does something with the text: what is typed after Enter is not of what it entered.
bool edits(int key, bool with_control) {
  const bool digit = key >= GLFW_KEY_KP_0 && key <= GLFW_KEY_KP_EQUAL && key != GLFW_KEY_KP_ENTER;
  return with_control ? !modifies(key) : key >= GLFW_KEY_ESCAPE && !digit && !modifies(key);
}

} // namespace

void Inputs::key(int key, int scancode, int action) {
  if (key >= 0 && action != GLFW_REPEAT) // Dear ImGui repeats by itself
    events_.push_back({Kind::key, key, scancode, action == GLFW_PRESS, x_, y_});
}

void Inputs::character(unsigned character) {
  events_.push_back({Kind::character, static_cast<int>(character), 0, true, x_, y_});
}

void Inputs::button(int button, int action) {
  if (button >= 0 && button < static_cast<int>(buttons_.size()))
    events_.push_back({Kind::button, button, 0, action == GLFW_PRESS, x_, y_});
}

void Inputs::move(double x, double y) {
  x_ = x;
  y_ = y;
}

Modifiers Inputs::held() const {
  const auto either = [this](int left, int right) { return held_.contains(left) || held_.contains(right); };
  return {either(GLFW_KEY_LEFT_CONTROL, GLFW_KEY_RIGHT_CONTROL), either(GLFW_KEY_LEFT_SHIFT, GLFW_KEY_RIGHT_SHIFT),
          either(GLFW_KEY_LEFT_ALT, GLFW_KEY_RIGHT_ALT), either(GLFW_KEY_LEFT_SUPER, GLFW_KEY_RIGHT_SUPER)};
}

void Inputs::show() {
  std::set<int> changed;       // keys
  std::vector<Event> releases; // of keys that were pressed in this frame: it shows them as down
  bool typed = false, edited = false, pressed = false;
  if (std::exchange(elsewhere_, false))
    tell_mouse(x_, y_);
  while (!events_.empty()) {
    const Event event = events_.front();
    if (event.kind == Kind::button) {
      if (typed || !changed.empty())
        break;
      buttons_.at(static_cast<std::size_t>(event.which)) = event.down;
      tell_mouse(event.x, event.y);
      elsewhere_ = true;
      events_.pop_front();
      break; // what follows may be for what was clicked
    }
    if (event.kind == Kind::character) {
      if (edited)
        break;
      ImGui::GetIO().AddInputCharacter(static_cast<unsigned>(event.which));
      typed = true;
    } else {
      const bool does = event.down && edits(event.which, held().control), again = changed.contains(event.which);
      // A modifier is of the keys that it is held with. Characters have their shift in them.
      const bool late = modifies(event.which) ? edited || (pressed && !shifts(event.which)) : again && event.down;
      if (late || (does && typed))
        break;
      edited = edited || does;
      pressed = pressed || (event.down && !modifies(event.which));
      if (again && !modifies(event.which))
        releases.push_back(event);
      else
        tell_key(event.which, event.scancode, event.down);
      changed.insert(event.which);
      if (modifies(event.which) && event.down)
        held_.insert(event.which);
      else
        held_.erase(event.which);
    }
    events_.pop_front();
  }
  events_.insert(events_.begin(), releases.begin(), releases.end());
  tell_modifiers(held());
  for (std::size_t i = 0; i < buttons_.size(); ++i)
    tell_button(static_cast<int>(i), buttons_[i]);
}

} // namespace convscope::viewer
