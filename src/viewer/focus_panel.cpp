// One unit, large: the image that excites it, the photo with its map, and how the optimization goes.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/health.h"
#include "viewer/plot.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

float button_width(const char *label) { return ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x; }

int channels_of(const Snapshot &now, const std::string &layer) {
  for (const LayerRow &row : now.layers)
    if (row.name == layer)
      return row.channels;
  return 0;
}

// The layer and its channel, which can be typed; below it the place, if there is one.
void title(Frame &frame, const Unit &unit) {
  const float scale = frame.scale, gap = ImGui::GetStyle().ItemSpacing.x;
  const float number_width = 56 * scale, save_width = button_width("Save…");
  const float room = ImGui::GetContentRegionAvail().x, left = ImGui::GetCursorPosX();
  ImGui::AlignTextToFramePadding();
  text_fitted(unit.layer, text_colour(),
              std::max(room - number_width - save_width - ImGui::CalcTextSize("channel").x - 4 * gap, 40 * scale));
  ImGui::SameLine();
  ImGui::TextDisabled("channel");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(number_width);
  int channel = unit.channel;
  if (ImGui::InputInt("##channel", &channel, 0, 0, ImGuiInputTextFlags_EnterReturnsTrue)) {
    channel = std::clamp(channel, 0, std::max(channels_of(frame.now, unit.layer) - 1, 0));
    frame.ui.wall.reveal = channel;
    frame.ui.focus(unit.layer, channel);
  }
  tooltip("The channel: type a number and press Enter, or use the keys left and right");
  ImGui::SameLine(left + std::max(room - save_width, 0.F));
  if (ImGui::Button("Save…"))
    frame.ui.ask_to_save(Ask::save_focus);
  tooltip("Save this image as PNG (S). The wall: W. All of the session: Ctrl+S");
  if (unit.x < 0)
    return;
  ImGui::AlignTextToFramePadding();
  text_fitted(fmt::format("at {},{} of its map alone", unit.x, unit.y), muted_colour(),
              room - button_width("Whole channel") - gap);
  ImGui::SameLine(left + std::max(room - button_width("Whole channel"), 0.F));
  if (ImGui::Button("Whole channel"))
    frame.ui.wish.place = {};
  tooltip("Maximize the channel's mean again, not this place alone (right click on the photo)");
}

void image(Frame &frame, const Box &box, int cell, const char *name) {
  const FocusState &focus = frame.now.focus;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(box.a, box.b, frame_colour());
  const float aspect = focus.height > 0 ? static_cast<float>(focus.width) / static_cast<float>(focus.height) : 1;
  if (!focus.unit || !draw_cell(list, frame.window, frame.textures.focus, cell, fitted(box, aspect)))
    draw_note(list, box, "Waiting for its first step");
  if (!*name)
    return;
  // A/B: which recipe this is.
  const ImVec2 size = ImGui::CalcTextSize(name), pad(4 * frame.scale, 2 * frame.scale);
  const ImVec2 a(box.a.x, box.b.y - size.y - 2 * pad.y);
  list.AddRectFilled(a, ImVec2(a.x + size.x + 2 * pad.x, box.b.y), ImGui::GetColorU32(ImGuiCol_PopupBg, 0.85F));
  list.AddText(ImVec2(a.x + pad.x, a.y + pad.y), text_colour(), name);
}

void images(Frame &frame, float height) {
  const auto &second = frame.ui.wish.second;
  const float width = ImGui::GetContentRegionAvail().x, gap = second ? 4 * frame.scale : 0;
  const float side = std::floor(std::min(second ? (width - gap) / 2 : width, height));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = at.x + std::floor((width - (second ? 2 * side + gap : side)) / 2);
  const Recipe &recipe = frame.ui.wish.controls.recipe;
  image(frame, {ImVec2(left, at.y), ImVec2(left + side, at.y + side)}, 0, second ? recipe.name.c_str() : "");
  if (second)
    image(frame, {ImVec2(left + side + gap, at.y), ImVec2(left + 2 * side + gap, at.y + side)}, 1,
          second->name.c_str());
  ImGui::Dummy(ImVec2(width, side));
}

void health(Frame &frame) {
  const FocusState &focus = frame.now.focus;
  const Advice what = advice(focus.health);
  const bool remedy = *what.remedy != 0;
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(fmt::format("step {}", focus.steps).c_str());
  if (focus.branch > 0) {
    ImGui::SameLine();
    ImGui::TextDisabled("branch %d", focus.branch);
  }
  if (!focus.values.empty())
    text_right(fmt::format("value {}", number_text(focus.values.back())), text_colour());
  if (remedy) {
    if (ImGui::Button(what.remedy))
      apply_remedy(focus.health, frame.ui.wish);
    tooltip(what.effect);
    ImGui::SameLine();
  }
  wrapped(what.sentence, remedy ? health_colour(focus.health) : muted_colour());
}

void curves(Frame &frame) {
  const FocusState &focus = frame.now.focus;
  const float height = 3 * ImGui::GetTextLineHeight() + 5 * frame.scale;
  plot("value", focus.values,
       frame.ui.wish.second ? std::span<const float>(focus.second_values) : std::span<const float>(), focus.steps,
       height);
  plot("gradient", focus.norms, {}, focus.steps, height);
}

} // namespace

void draw_focus(Frame &frame) {
  Ui &ui = frame.ui;
  const float height = ImGui::GetContentRegionAvail().y;
  if (ui.wish.focus) {
    title(frame, Unit(*ui.wish.focus)); // a copy: it may be replaced
    muted("The image that it likes best, as far as it has come");
    images(frame, std::max(height * 0.42F, 120 * frame.scale));
    health(frame);
    curves(frame);
  } else {
    heading("Focus");
    wrapped("Click a tile of the wall, or type a channel's number above it: here is what it likes, and where in the "
            "photo it fires.",
            muted_colour());
  }
  ImGui::Spacing();
  draw_photo(frame, std::max(ImGui::GetContentRegionAvail().y, 150 * frame.scale));
}

} // namespace convscope::viewer
