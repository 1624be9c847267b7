// The last line: the device, how fast it works, what it is at, and what went wrong.
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

// A value in a field of a fixed width, so that nothing moves when digits do.
void field(const std::string &text, float width, const char *what) {
  const float x = ImGui::GetCursorPosX();
  text_fitted(text, muted_colour(), width);
  tooltip(what);
  ImGui::SameLine(x + width + ImGui::GetFontSize());
}

std::string step_text(double ms) {
  return ms < 1000 ? fmt::format("{} ms/step", number_text(ms)) : fmt::format("{} s/step", number_text(ms / 1000));
}

// "llvmpipe" of "llvmpipe (LLVM 15.0.6, 256 bits)", for narrow windows: what is in brackets stands in the tooltip.
std::string brief(const std::string &name) { return name.substr(0, name.find(" (")); }

float width_of(const char *sample) { return ImGui::CalcTextSize(sample).x; }

} // namespace

void draw_status_bar(Frame &frame) {
  const Snapshot &now = frame.now;
  const float scale = frame.scale;
  const ImVec2 window = ImGui::GetWindowSize(), origin = ImGui::GetWindowPos();
  const float height = ImGui::GetFrameHeight(), y = window.y - height;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(ImVec2(origin.x, origin.y + y), ImVec2(origin.x + window.x, origin.y + window.y),
                     ImGui::GetColorU32(ImGuiCol_MenuBarBg));
  list.AddLine(ImVec2(origin.x, origin.y + y), ImVec2(origin.x + window.x, origin.y + y), border_colour());
  ImGui::SetCursorPos(ImVec2(8 * scale, y + std::floor((height - ImGui::GetTextLineHeight()) / 2)));

  const bool wide = window.x >= 1200 * scale;
  std::string device = now.device.empty() ? "no device yet"
                       : wide             ? now.device
                                          : brief(now.device),
              details = now.device;
  for (const std::string &part : {now.driver, now.precision.empty() ? "" : "precision " + now.precision})
    if (!now.device.empty() && !part.empty()) {
      device += " · " + brief(part);
      details += "\n" + part;
    }
  field(device, std::min(ImGui::CalcTextSize(device.c_str()).x + 1, window.x * 0.35F),
        ("Device, driver and precision:\n" + details).c_str());
  const bool runs = frame.ui.wish.running && now.steps_per_second > 0;
  field(runs                                           ? fmt::format("{} steps/s", number_text(now.steps_per_second))
        : !frame.ui.wish.running                       ? "paused"
        : now.focus.unit && now.focus.first.steps == 0 ? "first step…"
                                                       : "idle",
        width_of("0.000 steps/s"), "Optimization steps a second, of the focus or else of the wall");
  field(runs ? step_text(now.ms_per_step) : "", width_of("00.00 ms/step"), "Time of a step on the device");
  field(fmt::format("{:.0f} fps", frame.window.frames_per_second()), width_of("000 fps"), "Frames of this window");
  if (now.memory_total > 0)
    field(bytes_text(now.memory_used) + " / " + bytes_text(now.memory_total), width_of("00.00 GiB / 00.00 GiB"),
          "The device's memory: in use by Convscope, of all");
  if (!now.busy.empty()) {
    const std::string busy = now.busy + "…";
    const float x = ImGui::GetCursorPosX(), width = std::min(ImGui::CalcTextSize(busy.c_str()).x + 1, window.x * 0.2F);
    text_fitted(busy, accent_colour(), width);
    ImGui::SameLine(x + width + ImGui::GetFontSize());
  }
  const std::string &said = frame.ui.notice.empty() ? now.message : frame.ui.notice;
  if (!said.empty())
    text_fitted(said, text_colour(), std::max(window.x - ImGui::GetCursorPosX() - 8 * scale, 1.F));
}

} // namespace convscope::viewer
