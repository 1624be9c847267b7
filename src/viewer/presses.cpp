#include "viewer/presses.h"

#include <algorithm>
#include <utility>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>

namespace convscope::viewer {

#if IMGUI_VERSION_NUM < 18700

void Presses::add(int key, int mods) {
  if (key >= 0 && key < IM_ARRAYSIZE(ImGuiIO::KeysDown))
    waiting_.push_back({key, mods});
}

void Presses::hold() {
  ImGuiIO &io = ImGui::GetIO();
  held_ = std::exchange(waiting_, {});
  std::vector<int> seen;
  for (const Press &press : held_) {
    // A press is new where the key was up in the frame before.
    const bool late =
        io.KeysDownDuration[press.key] >= 0 || std::find(seen.begin(), seen.end(), press.key) != seen.end();
    if (late)
      waiting_.push_back(press);
    if (std::find(seen.begin(), seen.end(), press.key) == seen.end())
      io.KeysDown[press.key] = !late;
    seen.push_back(press.key);
    io.KeyCtrl = io.KeyCtrl || (!late && (press.mods & GLFW_MOD_CONTROL));
  }
}

void Presses::let_go(GLFWwindow *window) {
  ImGuiIO &io = ImGui::GetIO();
  for (const Press &press : held_)
    io.KeysDown[press.key] = glfwGetKey(window, press.key) == GLFW_PRESS;
  io.KeyCtrl = io.KeysDown[GLFW_KEY_LEFT_CONTROL] || io.KeysDown[GLFW_KEY_RIGHT_CONTROL];
}

#else // keeps them itself

void Presses::add(int /*key*/, int /*mods*/) {}
void Presses::hold() {}
void Presses::let_go(GLFWwindow * /*window*/) {}

#endif

} // namespace convscope::viewer
