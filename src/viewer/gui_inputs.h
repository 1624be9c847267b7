// How Dear ImGui is told what the keyboard and the mouse do, and asked for keys: from 1.89 on by a queue, in keys of
// its own; before by what is down, in GLFW's.
#pragma once

#include <imgui.h>

struct GLFWwindow;

namespace convscope::viewer {

#if IMGUI_VERSION_NUM >= 18900
constexpr auto key_f1 = ImGuiKey_F1, key_q = ImGuiKey_Q, key_s = ImGuiKey_S, key_v = ImGuiKey_V,
               key_escape = ImGuiKey_Escape;
constexpr auto key_left = ImGuiKey_LeftArrow, key_right = ImGuiKey_RightArrow;
constexpr auto key_up = ImGuiKey_UpArrow, key_down = ImGuiKey_DownArrow;
#else // GLFW's
constexpr int key_f1 = 290, key_q = 'Q', key_s = 'S', key_v = 'V', key_escape = 256;
constexpr int key_left = 263, key_right = 262, key_up = 265, key_down = 264;
#endif

struct Modifiers {
  bool control = false, shift = false, alt = false, super = false;
};

// All of them between frames, and for the next one. Once before, with the context:
void begin_inputs();
// GLFW's key; what its scancode writes decides which letter it is.
void tell_key(int key, int scancode, bool down);
void tell_modifiers(const Modifiers &held);
void tell_button(int button, bool down);
void tell_mouse(double x, double y);
void pass_move(GLFWwindow *window, double x, double y); // to the backend, which wants to know

} // namespace convscope::viewer
