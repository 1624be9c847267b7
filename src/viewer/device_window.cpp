// Help, "Check this device": how far it is, then what came of it, to be read, selected and copied.
#include <algorithm>

#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

void monospaced(bool begin) {
  if (!begin) {
    ImGui::PopFont();
    return;
  }
  const ImVector<ImFont *> &fonts = ImGui::GetIO().Fonts->Fonts;
#if IMGUI_VERSION_NUM >= 19200
  ImGui::PushFont(fonts.back(), 0);
#else
  ImGui::PushFont(fonts.back());
#endif
}

void draw_progress(const DeviceCheck &check) {
  const float part = check.parts > 0 ? static_cast<float>(check.done) / static_cast<float>(check.parts) : 0;
  ImGui::ProgressBar(part, ImVec2(-1, 0));
  muted(check.next.empty() ? "beginning" : check.next);
  ImGui::Spacing();
  muted("Each kernel computes what is known. The first time a driver compiles them all: a minute or two.");
}

void draw_result(Frame &frame, const DeviceCheck &check) {
  Ui::DeviceWindow &window = frame.ui.device;
  wrapped(check.verdict, check.all_right ? text_colour() : accent_colour());
  ImGui::Spacing();
  if (ImGui::Button("Copy"))
    ImGui::SetClipboardText(check.text.c_str());
  tooltip("All of it, to be pasted into an issue");
  ImGui::SameLine();
  if (ImGui::Button("Check again"))
    frame.ui.wish.device_check = ++window.begun;
  window.text = check.text;
  monospaced(true);
  ImGui::InputTextMultiline("##text", window.text.data(), window.text.size() + 1, ImVec2(-1, -1),
                            ImGuiInputTextFlags_ReadOnly);
  monospaced(false);
}

} // namespace

void draw_device_check(Frame &frame) {
  Ui::DeviceWindow &window = frame.ui.device;
  int &wish = frame.ui.wish.device_check;
  if (!window.open) { // it also ends one that is under way
    wish = 0;
    return;
  }
  if (wish == 0)
    wish = ++window.begun;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos(ImVec2(size.x / 2, size.y / 2), ImGuiCond_Appearing, ImVec2(0.5F, 0.5F));
  ImGui::SetNextWindowSize(ImVec2(std::min(680 * frame.scale, size.x), std::min(560 * frame.scale, size.y)),
                           ImGuiCond_Appearing);
  if (ImGui::Begin("This device", &window.open,
                   ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav)) {
    const DeviceCheck &check = frame.now.device_check;
    if (check.number == wish && !check.text.empty())
      draw_result(frame, check);
    else
      draw_progress(check.number == wish ? check : DeviceCheck{});
  }
  ImGui::End();
}

} // namespace convscope::viewer
