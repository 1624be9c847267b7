#include "viewer/gui_inputs.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui_impl_glfw.h>

namespace convscope::viewer {

#if IMGUI_VERSION_NUM >= 18900

namespace {

// Keys that write text are told as characters; of them only letters, which may be shortcuts, are keys too.
ImGuiKey key_of(int key, int scancode) {
  if (key >= GLFW_KEY_F1 && key <= GLFW_KEY_F12)
    return static_cast<ImGuiKey>(ImGuiKey_F1 + (key - GLFW_KEY_F1));
  if (key >= GLFW_KEY_A && key <= GLFW_KEY_Z) {
    const char *const name = glfwGetKeyName(key, scancode); // of the user's layout
    const int letter = name && name[0] >= 'a' && name[0] <= 'z' && name[1] == '\0' ? name[0] - 'a' : key - GLFW_KEY_A;
    return static_cast<ImGuiKey>(ImGuiKey_A + letter);
  }
  switch (key) {
  case GLFW_KEY_TAB:
    return ImGuiKey_Tab;
  case GLFW_KEY_LEFT:
    return ImGuiKey_LeftArrow;
  case GLFW_KEY_RIGHT:
    return ImGuiKey_RightArrow;
  case GLFW_KEY_UP:
    return ImGuiKey_UpArrow;
  case GLFW_KEY_DOWN:
    return ImGuiKey_DownArrow;
  case GLFW_KEY_PAGE_UP:
    return ImGuiKey_PageUp;
  case GLFW_KEY_PAGE_DOWN:
    return ImGuiKey_PageDown;
  case GLFW_KEY_HOME:
    return ImGuiKey_Home;
  case GLFW_KEY_END:
    return ImGuiKey_End;
  case GLFW_KEY_INSERT:
    return ImGuiKey_Insert;
  case GLFW_KEY_DELETE:
    return ImGuiKey_Delete;
  case GLFW_KEY_BACKSPACE:
    return ImGuiKey_Backspace;
  case GLFW_KEY_SPACE:
    return ImGuiKey_Space;
  case GLFW_KEY_ENTER:
    return ImGuiKey_Enter;
  case GLFW_KEY_KP_ENTER:
    return ImGuiKey_KeypadEnter;
  case GLFW_KEY_ESCAPE:
    return ImGuiKey_Escape;
  case GLFW_KEY_LEFT_SHIFT:
    return ImGuiKey_LeftShift;
  case GLFW_KEY_RIGHT_SHIFT:
    return ImGuiKey_RightShift;
  case GLFW_KEY_LEFT_CONTROL:
    return ImGuiKey_LeftCtrl;
  case GLFW_KEY_RIGHT_CONTROL:
    return ImGuiKey_RightCtrl;
  case GLFW_KEY_LEFT_ALT:
    return ImGuiKey_LeftAlt;
  case GLFW_KEY_RIGHT_ALT:
    return ImGuiKey_RightAlt;
  case GLFW_KEY_LEFT_SUPER:
    return ImGuiKey_LeftSuper;
  case GLFW_KEY_RIGHT_SUPER:
    return ImGuiKey_RightSuper;
  default:
    return ImGuiKey_None;
  }
}

} // namespace

// Its own order would let go of a modifier in the frame in which the key is pressed that it is held with.
void begin_inputs() { ImGui::GetIO().ConfigInputTrickleEventQueue = false; }

void tell_key(int key, int scancode, bool down) {
  if (const ImGuiKey known = key_of(key, scancode); known != ImGuiKey_None)
    ImGui::GetIO().AddKeyEvent(known, down);
}

void tell_modifiers(const Modifiers &held) {
  ImGuiIO &io = ImGui::GetIO();
  io.AddKeyEvent(ImGuiMod_Ctrl, held.control);
  io.AddKeyEvent(ImGuiMod_Shift, held.shift);
  io.AddKeyEvent(ImGuiMod_Alt, held.alt);
  io.AddKeyEvent(ImGuiMod_Super, held.super);
}

void tell_button(int button, bool down) { ImGui::GetIO().AddMouseButtonEvent(button, down); }

void tell_mouse(double x, double y) { ImGui::GetIO().AddMousePosEvent(static_cast<float>(x), static_cast<float>(y)); }

void pass_move(GLFWwindow *window, double x, double y) { ImGui_ImplGlfw_CursorPosCallback(window, x, y); }

#else

void begin_inputs() {}

void tell_key(int key, int /*scancode*/, bool down) {
  if (key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown))
    ImGui::GetIO().KeysDown[key] = down;
}

void tell_modifiers(const Modifiers &held) {
  ImGuiIO &io = ImGui::GetIO();
  io.KeyCtrl = held.control;
  io.KeyShift = held.shift;
  io.KeyAlt = held.alt;
  io.KeySuper = held.super;
}

void tell_button(int button, bool down) { ImGui::GetIO().MouseDown[button] = down; }

void tell_mouse(double x, double y) { ImGui::GetIO().MousePos = ImVec2(static_cast<float>(x), static_cast<float>(y)); }

void pass_move(GLFWwindow * /*window*/, double /*x*/, double /*y*/) {} // it looks itself

#endif

#if IMGUI_VERSION_NUM < 18900
static_assert(key_f1 == GLFW_KEY_F1 && key_q == GLFW_KEY_Q && key_escape == GLFW_KEY_ESCAPE);
static_assert(key_left == GLFW_KEY_LEFT && key_right == GLFW_KEY_RIGHT);
static_assert(key_up == GLFW_KEY_UP && key_down == GLFW_KEY_DOWN);
#endif

} // namespace convscope::viewer
