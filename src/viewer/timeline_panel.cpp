// The focus's history as a strip of small images: a column a step, a row a branch; a click goes on from there.
#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

constexpr float thumbnail = 52, rows_shown = 3;

int branches(const Snapshot &now) {
  int most = 0;
  for (const Moment &moment : now.focus.history)
    most = std::max(most, moment.branch);
  return most + 1;
}

// The steps at which there are moments: each is a column, so that a branch begins below the moment that it left.
std::vector<int> columns_of(const std::vector<Moment> &history) {
  std::vector<int> steps;
  for (const Moment &moment : history)
    steps.push_back(moment.step);
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

void draw_moment(Frame &frame, std::size_t index, ImVec2 at, float side) {
  const Moment &moment = frame.now.focus.history[index];
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(static_cast<int>(index));
  if (ImGui::InvisibleButton("moment", ImVec2(side, side))) {
    frame.ui.wish.rewind_to = static_cast<int>(index);
    ++frame.ui.wish.rewind;
  }
  ImGui::PopID();
  const Box box{at, ImVec2(at.x + side, at.y + side)};
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(box.a, box.b, frame_colour());
  const float aspect =
      static_cast<float>(frame.now.focus.width) / static_cast<float>(std::max(frame.now.focus.height, 1));
  draw_cell(list, frame.window, frame.textures.timeline, moment.cell, fitted(box, aspect));
  const bool newest = index + 1 == frame.now.focus.history.size();
  if (ImGui::IsItemHovered()) {
    list.AddRect(box.a, box.b, accent_colour(), 0, 0, 2 * frame.scale);
  } else if (newest) {
    list.AddRect(box.a, box.b, accent_colour(0.7F));
  }
  if (ImGui::IsItemHovered() && pointer_asks()) {
    const float large = 160 * frame.scale;
    ImGui::BeginTooltip();
    const ImVec2 a = ImGui::GetCursorScreenPos();
    draw_cell(*ImGui::GetWindowDrawList(), frame.window, frame.textures.timeline, moment.cell,
              fitted({a, ImVec2(a.x + large, a.y + large)}, aspect));
    ImGui::Dummy(ImVec2(large, large));
    ImGui::TextUnformatted(fmt::format("step {}, value {}", moment.step, number_text(moment.value)).c_str());
    if (moment.branch > 0)
      ImGui::TextDisabled("branch %d", moment.branch);
    ImGui::TextDisabled("Click: go on from here");
    ImGui::EndTooltip();
  }
}

// Where the strip is scrolled to: to the newest moment, as long as that was in view.
float follow_newest(Frame &frame, const std::vector<int> &steps, float pitch) {
  Ui::Timeline &timeline = frame.ui.timeline;
  const auto &history = frame.now.focus.history;
  const float width = ImGui::GetWindowWidth(), most = static_cast<float>(steps.size()) * pitch - width;
  float scroll = ImGui::GetScrollX();
  const bool changed = history.size() != timeline.moments || width != timeline.width;
  const bool fewer = history.size() < timeline.moments; // another history
  timeline.moments = history.size();
  timeline.width = width;
  if (history.empty())
    return scroll;
  const auto column = std::lower_bound(steps.begin(), steps.end(), history.back().step) - steps.begin();
  const float left = static_cast<float>(column) * pitch;
  const bool in_view = left >= scroll && left + pitch <= scroll + width;
  if (changed && !in_view && (timeline.newest_in_view || fewer)) {
    scroll = std::max(std::min(left < scroll ? left : left + 2 * pitch - width, most), 0.F);
    ImGui::SetScrollX(scroll);
    timeline.newest_in_view = true;
  } else {
    timeline.newest_in_view = in_view;
  }
  return scroll;
}

} // namespace

float timeline_height(const Frame &frame) {
  if (!frame.ui.wish.focus)
    return 0;
  const float rows = std::min(static_cast<float>(branches(frame.now)), rows_shown);
  const float line = ImGui::GetTextLineHeight();
  constexpr float separator = 1; // has its own room in later versions of Dear ImGui
  return ImGui::GetFrameHeight() + rows * (thumbnail + 3) * frame.scale + line + 2 * 6 * frame.scale + 4 * frame.scale +
         ImGui::GetStyle().ScrollbarSize + separator;
}

void draw_timeline(Frame &frame) {
  const auto &history = frame.now.focus.history;
  ImGui::Separator();
  heading(history.size() < 2 ? std::string("Timeline: how the image comes about")
                             : fmt::format("Timeline: {} moments. Click one to go on from there.", history.size()));
  const float side = std::round(thumbnail * frame.scale), gap = std::round(3 * frame.scale), pitch = side + gap;
  ImGui::BeginChild("##strip", ImVec2(0, 0), false, ImGuiWindowFlags_NoNav | ImGuiWindowFlags_HorizontalScrollbar);
  const std::vector<int> steps = columns_of(history);
  // Scrolling takes effect with the next frame; this one is drawn as if it had.
  const float ahead = follow_newest(frame, steps, pitch) - ImGui::GetScrollX();
  const ImVec2 start = ImGui::GetCursorScreenPos(), origin(start.x - ahead, start.y);
  const float view_left = ImGui::GetWindowPos().x, view_right = view_left + ImGui::GetWindowWidth();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const auto rows = static_cast<float>(branches(frame.now));
  float label_end = -1e9F;
  for (std::size_t column = 0; column < steps.size(); ++column) {
    const float x = origin.x + static_cast<float>(column) * pitch;
    const std::string text = fmt::format("{}", steps[column]);
    // Only where it does not run into the label before.
    if (x < label_end)
      continue;
    label_end = x + ImGui::CalcTextSize(text.c_str()).x + gap;
    if (x + pitch > view_left && x < view_right)
      list.AddText(ImVec2(x, origin.y), muted_colour(), text.c_str());
  }
  const float top = origin.y + ImGui::GetTextLineHeight();
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto column = std::lower_bound(steps.begin(), steps.end(), history[i].step) - steps.begin();
    const ImVec2 at(origin.x + static_cast<float>(column) * pitch,
                    top + static_cast<float>(std::max(history[i].branch, 0)) * pitch);
    if (at.x + side > view_left && at.x < view_right)
      draw_moment(frame, i, at, side);
  }
  ImGui::SetCursorScreenPos(start);
  ImGui::Dummy(ImVec2(static_cast<float>(steps.size()) * pitch, ImGui::GetTextLineHeight() + rows * pitch - gap));
  // The wheel moves along the strip.
  const ImGuiIO &io = ImGui::GetIO();
  if (ImGui::IsWindowHovered() && io.MouseWheel != 0 && !io.KeyCtrl && !io.KeyShift && rows <= rows_shown)
    ImGui::SetScrollX(ImGui::GetScrollX() - io.MouseWheel * 2 * pitch);
  ImGui::EndChild();
}

} // namespace convscope::viewer
