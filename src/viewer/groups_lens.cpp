// The lens's groups of channels that fire together: colours over the photo, and a legend.
#include <algorithm>
#include <filesystem>
#include <span>
#include <string>

#include <fmt/format.h>
#include <imgui.h>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "figure/activation_grid.h"
#include "io/npy.h"
#include "viewer/lens_panel.h"

namespace convscope::viewer {

namespace {

constexpr int named_channels = 3; // of a group
constexpr float entry_width = 268;

const ActivationGroups *groups_of(const Frame &frame) {
  const LensState *const seen = seen_by(frame);
  return seen ? seen->groups.get() : nullptr;
}

int columns_of(const Frame &frame, float width) {
  return std::max(1, static_cast<int>(width / (entry_width * frame.scale)));
}

// An objective names its vector by a file: it is kept beside the viewer's settings, so that what is saved replays.
std::string file_of(const std::string &layer, const std::vector<float> &vector) {
  namespace fs = std::filesystem;
  const fs::path settings = config_file();
  const fs::path folder =
      (settings.empty() ? fs::temp_directory_path() / "convscope" : settings.parent_path()) / "directions";
  std::error_code ignored; // where it fails, so does the write
  fs::create_directories(folder, ignored);
  std::string name = layer;
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.'; }, '_');
  const fs::path file =
      fs::absolute(folder) / fmt::format("{}-{}.npy", name, hash_text(fnv1a(std::as_bytes(std::span(vector)))));
  if (!fs::exists(file, ignored))
    write_npy(file, {{static_cast<std::int64_t>(vector.size())}, vector});
  return path_text(file);
}

void ask_for_image(Frame &frame, const std::string &layer, const std::vector<float> &vector) {
  try {
    frame.ui.type(fmt::format("direction({}, \"{}\")", layer, file_of(layer, vector)));
  } catch (const UserError &error) {
    frame.ui.notice = error.what();
  }
}

void entry(Frame &frame, const LensState &seen, int index) {
  const ActivationGroup &group = seen.groups->groups[static_cast<std::size_t>(index)];
  const Rgb rgb = group_colour(index);
  const float side = ImGui::GetFrameHeight(), gap = ImGui::GetStyle().ItemSpacing.x;
  ImGui::PushID(index);
  const ImVec2 a = ImGui::GetCursorScreenPos();
  ImGui::Dummy(ImVec2(side * 0.7F, side));
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(a.x, a.y + side * 0.15F),
                                            ImVec2(a.x + side * 0.7F, a.y + side * 0.85F),
                                            IM_COL32(rgb[0], rgb[1], rgb[2], 255));
  ImGui::SameLine(0, gap);
  ImGui::AlignTextToFramePadding();
  const float left = ImGui::GetCursorPosX();
  ImGui::TextUnformatted(fmt::format("{:.0f} %", 100 * group.share).c_str());
  tooltip("Its share of what all groups explain");
  ImGui::SameLine(left + ImGui::CalcTextSize("100 %").x + gap);
  const auto channels = static_cast<std::int64_t>(group.vector.size());
  for (const ChannelStrength &each : strongest_channels({{channels, 1, 1}, group.vector}, 0, 0, named_channels)) {
    if (ImGui::Button(fmt::format("{}", each.channel).c_str()))
      frame.ui.find(seen.layer, each.channel);
    tooltip(fmt::format("Channel {}: one of its strongest. Click: focus it", each.channel));
    ImGui::SameLine(0, gap / 2);
  }
  if (ImGui::Button("Image"))
    ask_for_image(frame, seen.layer, group.vector);
  tooltip("The image of its direction, as the focus");
  const ImVec2 b(a.x + (entry_width - 8) * frame.scale, a.y + side);
  if (ImGui::IsMouseHoveringRect(a, b) && ImGui::IsWindowHovered())
    frame.ui.lens.group = index;
  ImGui::PopID();
}

} // namespace

void groups_controls(Frame &frame) {
  int &count = frame.ui.wish.lens.groups;
  auto shown = static_cast<float>(count);
  const float width = 110 * frame.scale;
  same_line_if(width);
  ImGui::SetNextItemWidth(std::min(width, ImGui::GetContentRegionAvail().x));
  if (slide("##groups", shown, fewest_groups, most_lens_groups, "%.0f groups"))
    count = std::clamp(static_cast<int>(std::lround(shown)), fewest_groups, most_lens_groups);
  tooltip("How many groups the channels are divided into");
}

void groups_over(Frame &frame, const Box &photo) {
  const ActivationGroups *const groups = groups_of(frame);
  if (!groups)
    return;
  const int alone = frame.ui.lens.group;
  const int cell = alone >= 0 && alone < static_cast<int>(groups->groups.size()) ? alone + 1 : 0;
  draw_cell(*ImGui::GetWindowDrawList(), frame.window, frame.textures.groups, cell, seen_part(*seen_by(frame), photo),
            frame.ui.lens.opacity);
}

float groups_height(const Frame &frame, float width) {
  const ActivationGroups *const groups = groups_of(frame);
  const int columns = columns_of(frame, width), count = groups ? static_cast<int>(groups->groups.size()) : 0;
  const int rows = (count + columns - 1) / columns;
  return ImGui::GetTextLineHeightWithSpacing() + static_cast<float>(rows) * ImGui::GetFrameHeightWithSpacing();
}

void groups_below(Frame &frame) {
  frame.ui.lens.group = -1;
  const LensState *const seen = seen_by(frame);
  if (!seen || !seen->groups) {
    muted(seen && !seen->groups_problem.empty()                ? seen->groups_problem
          : frame.now.map_width == 0 && frame.now.busy.empty() ? "This layer has no map of the photo"
                                                               : "Dividing its channels…");
    return;
  }
  const ActivationGroups &groups = *seen->groups;
  muted(fmt::format("{:.0f} % unexplained{}. Click a channel to focus it", 100 * groups.residual,
                    groups.negative ? "; parts above and below 0 apart" : ""));
  ImGui::BeginChild("##legend", ImVec2(0, 0), false, ImGuiWindowFlags_NoNav); // scrolls in a small window
  const float left = ImGui::GetCursorPosX();
  const int columns = columns_of(frame, ImGui::GetContentRegionAvail().x);
  for (int i = 0; i < static_cast<int>(groups.groups.size()); ++i) {
    if (i % columns > 0)
      ImGui::SameLine(left + static_cast<float>(i % columns) * entry_width * frame.scale);
    entry(frame, *seen, i);
  }
  ImGui::EndChild();
}

} // namespace convscope::viewer
