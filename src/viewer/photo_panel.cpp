// The photo with the focused unit's map laid over it, to be zoomed and moved; a click chooses a place of the map as the
// objective. Below it, what the net takes it for.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/photo_view.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

void draw_no_photo(Frame &frame, float height) {
  const ImVec2 a = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const Box box{a, ImVec2(a.x + width, a.y + std::min(height, 140 * frame.scale))};
  if (ImGui::InvisibleButton("##open", ImVec2(std::max(width, 1.F), std::max(box.height(), 1.F))))
    frame.ui.ask(Ask::photo, frame.ui.wish.photo);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(box.a, box.b, frame_colour());
  list.AddRect(box.a, box.b, ImGui::IsItemHovered() ? accent_colour() : border_colour());
  draw_note(list, box,
            frame.now.busy.empty() || frame.ui.wish.photo.empty()
                ? std::string("Drop a photo here or open one (O)")
                : fmt::format("Opening {}…", file_name(frame.ui.wish.photo)));
}

// The likeliest classes, each with a bar as long as it is likely.
void draw_guesses(const Frame &frame) {
  for (const Guess &guess : frame.now.guesses) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetTextLineHeight();
    ImGui::GetWindowDrawList()->AddRectFilled(
        at, ImVec2(at.x + width * static_cast<float>(guess.probability), at.y + height), accent_colour(0.25F));
    text_fitted(guess.label, text_colour(), width - ImGui::CalcTextSize("100.0 %").x - ImGui::GetFontSize());
    text_right(fmt::format("{:.1f} %", guess.probability * 100), muted_colour());
  }
}

void draw_photo(Frame &frame, float max_height) {
  Ui &ui = frame.ui;
  const Snapshot &now = frame.now;
  const float top = ImGui::GetCursorPosY();
  if (!now.has_photo) {
    draw_no_photo(frame, max_height);
    return;
  }
  const auto &focus = ui.wish.focus;
  const bool mapped = focus && focus->channel >= 0, changed = mapped && now.focus.changes;
  const bool changes = changed && ui.photo.changes;
  const float slider = 110 * frame.scale, width = ImGui::GetContentRegionAvail().x;
  ImGui::AlignTextToFramePadding();
  const std::string name = file_name(now.photo);
  text_fitted(changes  ? "Where it was changed: " + name
              : mapped ? "Where it fires in " + name
                       : name,
              muted_colour(), std::max(mapped ? width - slider - 3 * ImGui::GetStyle().ItemSpacing.x : width, 1.F));
  if (mapped) {
    ImGui::SameLine(ImGui::GetCursorPosX() + width - slider);
    ImGui::SetNextItemWidth(slider);
    float percent = ui.map_opacity * 100;
    if (slide("##opacity", percent, 0, 100, "map %.0f %%"))
      ui.map_opacity = percent / 100;
    tooltip("How opaque the map lies over the photo where it is highest");
  }
  if (changed) {
    static const char *const maps[] = {"Changed", "Fires"};
    int shown = ui.photo.changes ? 0 : 1;
    if (choice("over", maps, 2, shown))
      ui.photo.changes = shown == 0;
  }
  const float guesses = static_cast<float>(now.guesses.size()) * ImGui::GetTextLineHeightWithSpacing();
  const float left = max_height - (ImGui::GetCursorPosY() - top) - ImGui::GetStyle().ItemSpacing.y - guesses;
  const float aspect =
      now.photo_height > 0 ? static_cast<float>(now.photo_width) / static_cast<float>(now.photo_height) : 1;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = std::max(std::min(width / aspect, left), 60 * frame.scale);
  const Box view = fitted({at, ImVec2(at.x + width, at.y + height)}, aspect);
  const bool released = ImGui::InvisibleButton("##photo", ImVec2(std::max(width, 1.F), height));
  const bool clicked = released && not_dragged();
  const Box photo = moved(ui.photo, view);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(view.a, view.b, frame_colour());
  list.PushClipRect(view.a, view.b, true);
  draw_cell(list, frame.window, frame.textures.photo, 0, photo);
  const MapState &map = now.focus.map;
  if (changes) {
    const Size image = now.focus.image;
    const Box box = fitted(photo, static_cast<float>(image.width) / static_cast<float>(std::max(image.height, 1)));
    draw_cell(list, frame.window, frame.textures.focus, change_cell, box, ui.map_opacity);
  } else if (mapped && map.layer == focus->layer &&
             map.channel == focus->channel) { // not another unit's, while it is made
    const Box box = map.part > 0 ? fitted(photo, map.part) : photo;
    draw_cell(list, frame.window, frame.textures.focus, map_cell, box, ui.map_opacity);
    pick_place(frame, box, map, clicked);
  }
  list.PopClipRect();
  draw_guesses(frame);
}

} // namespace convscope::viewer
