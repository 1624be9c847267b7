// F1: the keys.
#include <algorithm>
#include <array>

#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

struct Key {
  const char *key, *what; // what "": a heading
};

constexpr std::array keys{
    Key{"Optimization", ""},
    Key{"Space", "Run or pause"},
    Key{".", "A single step"},
    Key{"R", "Restart"},
    Key{"N", "Another seed"},
    Key{"E", "Type an objective; Tab completes names, Enter asks for it, Esc leaves it"},
    Key{"Wall", ""},
    Key{"1  2  3", "Maps, images, both"},
    Key{"[  ]", "Previous, next layer"},
    Key{"-  +", "Fold, unfold the groups of layers"},
    Key{"←  →", "Previous, next channel, as the wall is sorted"},
    Key{"↑  ↓", "A row up, down; of the layers where they were clicked"},
    Key{"Ctrl + wheel", "Larger, smaller tiles"},
    Key{"Photo", ""},
    Key{"Click", "Maximize the unit at this place of its map"},
    Key{"Right click", "Maximize the whole channel again"},
    Key{"Wheel, drag", "Zoom and move the photo"},
    Key{"P", "The photo large, in the wall's place, and back"},
    Key{"G", "The layer's activation grid: begin, stop, go on"},
    Key{"U", "Groups of channels that fire together"},
    Key{"C", "The strongest channels under the pointer"},
    Key{"X", "Photos of a folder that excite the unit most; a click opens one"},
    Key{"Program", ""},
    Key{"O", "Open a photo; or drop one, a net, weights, a session, a folder"},
    Key{"Ctrl + V", "Open the file or folder whose path was copied"},
    Key{"S", "Save the focused image"},
    Key{"W", "Save the wall, or the grid in its place"},
    Key{"Ctrl + S", "Save the session"},
    Key{"T", "Dark or light"},
    Key{"F1", "This window"},
    Key{"Ctrl + Q", "Quit"},
};

} // namespace

void draw_help(Frame &frame) {
  if (!frame.ui.help)
    return;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos(ImVec2(size.x / 2, size.y / 2), ImGuiCond_Appearing, ImVec2(0.5F, 0.5F));
  if (ImGui::Begin("Keys", &frame.ui.help,
                   ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings |
                       ImGuiWindowFlags_NoNav)) {
    const float column = ImGui::GetCursorPosX() + 110 * frame.scale;
    for (const Key &key : keys) {
      if (!*key.what) {
        if (&key != &keys.front())
          ImGui::Spacing();
        ImGui::TextDisabled("%s", key.key);
        continue;
      }
      ImGui::TextUnformatted(key.key);
      ImGui::SameLine(column);
      ImGui::TextUnformatted(key.what);
    }
  }
  ImGui::End();
}

} // namespace convscope::viewer
