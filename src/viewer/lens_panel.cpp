// The photo, large, in the wall's place, as a layer saw it.
#include "viewer/lens_panel.h"

#include <algorithm>
#include <cfloat>

#include <fmt/format.h>
#include <imgui.h>

namespace convscope::viewer {

namespace {

constexpr const char *names[] = {"Map", "Grid", "Groups", "Channels"};
constexpr const char *effects[] = {
    "Where the focused unit fires (P)", "What the layer saw at each place, as images that evolve (G)",
    "Channels that fire together, in colours (U)", "The channels that are strongest under the pointer (C)"};

std::string title_of(const Frame &frame) {
  std::string photo = file_name(frame.now.photo);
  const std::string &layer = frame.ui.wish.layer;
  const auto &focus = frame.ui.wish.focus;
  switch (frame.ui.wish.lens.kind) {
  case Lens::Kind::grid:
    return fmt::format("What {} saw at each place of {}", layer, photo);
  case Lens::Kind::groups:
    return fmt::format("Channels of {} that fire together in {}", layer, photo);
  case Lens::Kind::channels:
    return fmt::format("The strongest channels of {} in {}", layer, photo);
  case Lens::Kind::map:
    return focus && focus->channel >= 0 ? fmt::format("Where {} fires in {}", objective_text(*focus), photo) : photo;
  case Lens::Kind::none:
    break;
  }
  return photo;
}

void choose(Frame &frame) {
  const auto kind = static_cast<int>(frame.ui.wish.lens.kind);
  for (int i = 0; i < 4; ++i) {
    if (i > 0)
      same_line_if(ImGui::CalcTextSize(names[i]).x + 2 * ImGui::GetStyle().FramePadding.x);
    const bool on = kind == i + 1;
    if (lit_button(names[i], on) && !on)
      frame.ui.look_through(static_cast<Lens::Kind>(i + 1));
    tooltip(effects[i]);
  }
}

void opacity(Frame &frame) {
  const bool map = frame.ui.wish.lens.kind == Lens::Kind::map;
  float &value = map ? frame.ui.map_opacity : frame.ui.lens.opacity, percent = value * 100;
  const float width = 110 * frame.scale;
  same_line_if(width);
  ImGui::SetNextItemWidth(std::min(width, ImGui::GetContentRegionAvail().x));
  if (slide("##opacity", percent, 0, 100, "over it %.0f %%"))
    value = percent / 100;
  tooltip("How opaque it lies over the photo");
}

void focus_map(Frame &frame, const Box &photo, bool clicked) {
  const MapState &map = frame.now.focus.map;
  const auto &focus = frame.ui.wish.focus;
  if (!focus || focus->channel < 0 || map.layer != focus->layer || map.channel != focus->channel)
    return;
  const Box box = map.part > 0 ? fitted(photo, map.part) : photo;
  draw_cell(*ImGui::GetWindowDrawList(), frame.window, frame.textures.focus, map_cell, box, frame.ui.map_opacity);
  pick_place(frame, box, map, clicked);
}

} // namespace

const LensState *seen_by(const Frame &frame) {
  const LensState &seen = frame.now.lens;
  return seen.maps && seen.layer == frame.ui.wish.layer && frame.now.photo == frame.ui.wish.photo ? &seen : nullptr;
}

Box seen_part(const LensState &seen, const Box &photo) { return seen.part > 0 ? fitted(photo, seen.part) : photo; }

void draw_lens(Frame &frame) {
  sort_wall(frame); // keys go by its order
  Ui &ui = frame.ui;
  const Snapshot &now = frame.now;
  const Lens::Kind kind = ui.wish.lens.kind;
  const float wall = ImGui::CalcTextSize("Wall").x + 2 * ImGui::GetStyle().FramePadding.x;
  const float left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
  ImGui::AlignTextToFramePadding();
  text_fitted(now.has_photo ? title_of(frame) : "No photo", text_colour(),
              std::max(room - wall - 2 * ImGui::GetStyle().ItemSpacing.x, 1.F));
  ImGui::SameLine(left + std::max(room - wall, 0.F));
  if (ImGui::Button("Wall"))
    ui.look_through(kind); // at none
  tooltip("Back to the layer's wall (P)");
  choose(frame);
  if (!now.has_photo) {
    draw_no_photo(frame, ImGui::GetContentRegionAvail().y);
    return;
  }
  if (kind != Lens::Kind::channels)
    opacity(frame);
  if (kind == Lens::Kind::grid)
    grid_controls(frame);
  else if (kind == Lens::Kind::groups)
    groups_controls(frame);
  const ImVec2 at = ImGui::GetCursorScreenPos(), left_over = ImGui::GetContentRegionAvail();
  const float gap = ImGui::GetStyle().ItemSpacing.y;
  const float below = kind == Lens::Kind::groups     ? groups_height(frame, left_over.x) + gap
                      : kind == Lens::Kind::channels ? channels_height(frame) + gap
                                                     : 0;
  const float aspect =
      now.photo_height > 0 ? static_cast<float>(now.photo_width) / static_cast<float>(now.photo_height) : 1;
  const float height = std::max(left_over.y - below, std::min(left_over.y, 60 * frame.scale));
  const Box view = fitted({at, ImVec2(at.x + left_over.x, at.y + height)}, aspect);
  const bool released = ImGui::InvisibleButton("##photo", ImVec2(std::max(left_over.x, 1.F), std::max(height, 1.F)));
  const bool clicked = released && not_dragged();
  const Box photo = moved(ui.lens.photo, view);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(view.a, view.b, frame_colour());
  list.PushClipRect(view.a, view.b, true);
  draw_cell(list, frame.window, frame.textures.photo, 0, photo);
  if (kind == Lens::Kind::map)
    focus_map(frame, photo, clicked);
  else if (kind == Lens::Kind::grid)
    grid_over(frame, photo);
  else if (kind == Lens::Kind::groups)
    groups_over(frame, photo);
  else
    channels_over(frame, photo, clicked);
  list.PopClipRect();
  if (kind == Lens::Kind::groups)
    groups_below(frame);
  else if (kind == Lens::Kind::channels)
    channels_below(frame);
}

} // namespace convscope::viewer
