// The lens's dictionary: the channels that are strongest at the place under the pointer, with their images.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/lens_panel.h"

namespace convscope::viewer {

namespace {

constexpr float tile_side = 84, most_tiles = 12;

struct Found {
  Position at;
  std::vector<ChannelStrength> channels;
};

Found strongest_at(const LensState &seen, Place place, int count) {
  const Shape shape = shape_of(*seen.maps);
  const Position at = position_of(place, shape.w, shape.h);
  return {at, strongest_channels(*seen.maps, at.x, at.y, count)};
}

// Its image as far as the wall or the focus has one, else its map.
void draw_picture(const Frame &frame, ImDrawList &list, const Box &box, const LensState &seen, int channel) {
  const Snapshot &now = frame.now;
  list.AddRectFilled(box.a, box.b, frame_colour());
  if (now.layer != seen.layer || channel >= static_cast<int>(now.tiles.size()))
    return;
  const FocusState &focus = now.focus;
  const bool focused = focus.unit && focus.unit->layer == seen.layer && focus.unit->channel == channel &&
                       focus.aim.kind == Aim::Kind::unit && focus.unit->x < 0 && focus.first.steps > 0;
  const auto aspect = [](int width, int height) {
    return static_cast<float>(width) / static_cast<float>(std::max(height, 1));
  };
  if (focused)
    draw_cell(list, frame.window, frame.textures.focus, image_cell(focus.images, false, 0),
              fitted(box, aspect(focus.width, focus.height)));
  else if (now.tiles[static_cast<std::size_t>(channel)].steps > 0)
    draw_cell(list, frame.window, frame.textures.images, channel, fitted(box, aspect(now.tile_width, now.tile_height)));
  else
    draw_cell(list, frame.window, frame.textures.maps, channel, fitted(box, aspect(now.map_width, now.map_height)),
              0.5F);
}

void tile(Frame &frame, const LensState &seen, const ChannelStrength &each, float strongest, float side) {
  const float line = ImGui::GetTextLineHeight(), bar = 4 * frame.scale;
  const ImVec2 a = ImGui::GetCursorScreenPos();
  ImGui::PushID(each.channel);
  if (ImGui::InvisibleButton("channel", ImVec2(side, side + bar + line)))
    frame.ui.find(seen.layer, each.channel);
  ImGui::PopID();
  const bool hovered = ImGui::IsItemHovered();
  tooltip(fmt::format("Channel {}: {} here. Click: focus it", each.channel, number_text(each.strength)));
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const Box box{a, ImVec2(a.x + side, a.y + side)};
  draw_picture(frame, list, box, seen, each.channel);
  const auto &focus = frame.ui.wish.focus;
  const bool chosen = focus && focus->layer == seen.layer && focus->channel == each.channel;
  if (chosen || hovered)
    list.AddRect(box.a, box.b, chosen ? accent_colour() : muted_colour(), 0, 0, chosen ? 2 * frame.scale : 1);
  list.AddRectFilled(ImVec2(a.x, box.b.y + 1),
                     ImVec2(a.x + std::max(side * each.strength / strongest, 1.F), box.b.y + bar), accent_colour());
  const std::string name = fmt::format("{}", each.channel), value = number_text(each.strength);
  list.AddText(ImVec2(a.x, box.b.y + bar), text_colour(), name.c_str());
  const float width = ImGui::CalcTextSize(value.c_str()).x;
  if (ImGui::CalcTextSize(name.c_str()).x + width < side)
    list.AddText(ImVec2(a.x + side - width, box.b.y + bar), muted_colour(), value.c_str());
  if (hovered)
    frame.ui.lens.channel = each.channel;
}

} // namespace

void channels_over(Frame &frame, const Box &photo, bool clicked) {
  const LensState *const seen = seen_by(frame);
  if (!seen)
    return;
  Ui &ui = frame.ui;
  const Box box = seen_part(*seen, photo);
  const Shape shape = shape_of(*seen->maps);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  if (ui.lens.channel >= 0 && frame.now.layer == seen->layer)
    draw_cell(list, frame.window, frame.textures.maps, ui.lens.channel, box, 0.7F);
  const bool hovered = ImGui::IsItemHovered();
  if (hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Right))
    ui.lens.pinned = {};
  ui.lens.under = hovered ? under_mouse(box) : Place{};
  const auto mark = [&](Place at, ImU32 colour, float thickness) {
    if (at.chosen())
      outline(list, box, position_of(at, shape.w, shape.h), shape.w, shape.h, colour, thickness);
  };
  if (clicked && ui.lens.under.chosen()) {
    ui.lens.pinned = ui.lens.under;
    const Found found = strongest_at(*seen, ui.lens.pinned, static_cast<int>(most_tiles));
    if (!found.channels.empty())
      frame.ui.find(seen->layer, found.channels.front().channel);
    ui.wish.in_view.clear(); // their images come first
    for (const ChannelStrength &each : found.channels)
      ui.wish.in_view.push_back(each.channel);
  }
  mark(ui.lens.pinned, accent_colour(), 2 * frame.scale);
  mark(ui.lens.under, text_colour(), 1);
}

float channels_height(const Frame &frame) {
  return ImGui::GetTextLineHeightWithSpacing() + tile_side * frame.scale + 4 * frame.scale + ImGui::GetTextLineHeight();
}

void channels_below(Frame &frame) {
  Ui &ui = frame.ui;
  ui.lens.channel = -1;
  const LensState *const seen = seen_by(frame);
  const Place place = ui.lens.under.chosen() ? ui.lens.under : ui.lens.pinned;
  if (!seen) {
    muted(frame.now.map_width == 0 && frame.now.busy.empty() ? "This layer has no map of the photo" : "Looking…");
    return;
  }
  if (!place.chosen()) {
    muted("Move over the photo. A click holds the place and focuses its strongest channel");
    return;
  }
  const float side = tile_side * frame.scale, gap = ImGui::GetStyle().ItemSpacing.x;
  const float fit_in = std::clamp((ImGui::GetContentRegionAvail().x + gap) / (side + gap), 1.F, most_tiles);
  const Found found = strongest_at(*seen, place, static_cast<int>(fit_in));
  muted(fmt::format("At {},{}{}", found.at.x, found.at.y,
                    found.channels.empty()     ? ": no channel is above 0"
                    : !ui.lens.pinned.chosen() ? ": a click holds it and focuses the strongest"
                    : ui.lens.under.chosen()   ? ""
                                               : ", which is held: a right click on the photo lets it go"));
  for (const ChannelStrength &each : found.channels) {
    if (&each != &found.channels.front())
      ImGui::SameLine(0, gap);
    tile(frame, *seen, each, found.channels.front().strength, side);
  }
}

} // namespace convscope::viewer
