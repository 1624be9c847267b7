#include "viewer/photo_view.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace convscope::viewer {

Box moved(Ui::PhotoView &at, const Box &view) {
  const ImGuiIO &io = ImGui::GetIO();
  at.hovered = ImGui::IsItemHovered();
  const ImVec2 size(view.width() * at.zoom, view.height() * at.zoom);
  if (at.hovered && io.MouseWheel != 0 && view.width() > 0 && view.height() > 0) {
    const float x = (io.MousePos.x - view.a.x) / view.width() - 0.5F;
    const float y = (io.MousePos.y - view.a.y) / view.height() - 0.5F;
    const float zoom = std::clamp(at.zoom * std::pow(1.2F, io.MouseWheel), 1.F, 16.F);
    at.u += x / at.zoom - x / zoom; // what is under the mouse stays there
    at.v += y / at.zoom - y / zoom;
    at.zoom = zoom;
  }
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left) && size.x > 0 && size.y > 0) {
    at.u -= io.MouseDelta.x / size.x;
    at.v -= io.MouseDelta.y / size.y;
  }
  const float half = 0.5F / at.zoom;
  at.u = std::clamp(at.u, half, 1 - half);
  at.v = std::clamp(at.v, half, 1 - half);
  const float w = view.width() * at.zoom, h = view.height() * at.zoom;
  const ImVec2 a(view.a.x + view.width() / 2 - at.u * w, view.a.y + view.height() / 2 - at.v * h);
  return {a, ImVec2(a.x + w, a.y + h)};
}

bool not_dragged() {
  const ImGuiIO &io = ImGui::GetIO();
  return io.MouseDragMaxDistanceSqr[0] < io.MouseDragThreshold * io.MouseDragThreshold;
}

Place under_mouse(const Box &box) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const Place under{(mouse.x - box.a.x) / box.width(), (mouse.y - box.a.y) / box.height()};
  return under.u >= 0 && under.u < 1 && under.v >= 0 && under.v < 1 ? under : Place{};
}

Position position_of(Place place, int columns, int rows) {
  const auto at = [](float part, int count) {
    return std::clamp(static_cast<int>(part * static_cast<float>(count)), 0, std::max(count - 1, 0));
  };
  return {at(place.u, columns), at(place.v, rows)};
}

void outline(ImDrawList &list, const Box &box, Position at, int columns, int rows, ImU32 colour, float thickness) {
  const float w = box.width() / static_cast<float>(columns), h = box.height() / static_cast<float>(rows);
  const ImVec2 a(box.a.x + static_cast<float>(at.x) * w, box.a.y + static_cast<float>(at.y) * h);
  list.AddRect(a, ImVec2(a.x + w, a.y + h), colour, 0, 0, thickness);
}

void pick_place(Frame &frame, const Box &box, const MapState &map, bool clicked) {
  const Place place = frame.ui.wish.place;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const auto mark = [&](Place at, ImU32 colour, float thickness) {
    outline(list, box, position_of(at, map.width, map.height), map.width, map.height, colour, thickness);
  };
  if (place.chosen())
    mark(place, accent_colour(), 2 * frame.scale);
  if (!ImGui::IsItemHovered())
    return;
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Right))
    frame.ui.whole_channel();
  const Place under = under_mouse(box);
  if (!under.chosen())
    return;
  mark(under, text_colour(), 1);
  if (clicked)
    frame.ui.look_at(under);
  ImGui::BeginTooltip();
  ImGui::TextUnformatted("Click: maximize the unit at this place");
  if (place.chosen())
    ImGui::TextUnformatted("Right click: the whole channel");
  ImGui::TextDisabled("%s", fmt::format("the map has {} × {} places", map.width, map.height).c_str());
  ImGui::TextDisabled("Wheel: zoom; drag: move");
  ImGui::EndTooltip();
}

} // namespace convscope::viewer
