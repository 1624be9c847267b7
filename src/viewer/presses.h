// Key presses that are shorter than a frame.
#pragma once

#include <vector>

struct GLFWwindow;

namespace convscope::viewer {

// Dear ImGui before 1.87 sees only the keys that are down when a frame begins. Where frames take longer than a key is
// held, presses wait here for a frame each.
class Presses {
public:
  void add(int key, int mods);     // GLFW's, when it is pressed
  void hold();                     // before ImGui::NewFrame
  void let_go(GLFWwindow *window); // after ImGui::Render

private:
  struct Press {
    int key, mods;
  };
  std::vector<Press> waiting_, held_;
};

} // namespace convscope::viewer
