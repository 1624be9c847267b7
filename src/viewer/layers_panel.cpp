// The net's layers, in its order: a click fills the wall with one.
#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string shape_text(const LayerRow &row) {
  if (row.height > 0)
    return fmt::format("{}×{}×{}", row.channels, row.height, row.width);
  return row.channels > 0 ? fmt::format("{}", row.channels) : std::string();
}

// "Conv", "MaxPool": the tooltip has the whole name.
std::string short_kind(std::string kind) {
  if (kind.ends_with("2D"))
    kind.resize(kind.size() - 2);
  if (kind.ends_with("Pooling"))
    kind.resize(kind.size() - 3);
  return kind;
}

std::string details(const LayerRow &row) {
  std::string text = fmt::format("{}\n{}", row.name, row.kind);
  if (row.height > 0)
    text += fmt::format("\n{} channels of {} × {}", row.channels, row.width, row.height);
  else if (row.channels > 0)
    text += fmt::format("\n{} values", row.channels);
  text += row.parameters > 0 ? fmt::format("\n{} parameters", count_text(row.parameters)) : "\nno parameters";
  if (!row.objective)
    text += "\nNot to be maximized.";
  return text;
}

void draw_row(Frame &frame, const LayerRow &row, float shape_width) {
  Ui &ui = frame.ui;
  const bool selected = row.name == ui.wish.layer, usable = row.height > 0 || row.objective;
  ImGui::PushID(row.name.c_str());
  if (ImGui::Selectable("##row", selected, usable ? 0 : ImGuiSelectableFlags_Disabled))
    ui.wish.layer = row.name;
  if (pointer_asks() && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) {
    ImGui::BeginTooltip();
    ImGui::TextUnformatted(details(row).c_str());
    ImGui::EndTooltip();
  }
  if (selected && ui.layers.reveal) {
    ImGui::SetScrollHereY(0.5F);
    ui.layers.reveal = false;
  }
  ImGui::PopID();
  // Over the selectable: the name, its kind and its shape, each where it lines up with those above.
  const float space = ImGui::GetStyle().ItemSpacing.x;
  const float room = ImGui::GetContentRegionAvail().x - shape_width - space;
  const std::string name = fit(row.name, room);
  const float name_width = ImGui::CalcTextSize(name.c_str()).x;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetItemRectMin();
  const ImVec2 text(origin.x + space / 2, origin.y + ImGui::GetStyle().ItemSpacing.y / 2);
  list.AddText(text, usable ? text_colour() : muted_colour(), name.c_str());
  const std::string kind = short_kind(row.kind);
  if (name_width + space + ImGui::CalcTextSize(kind.c_str()).x <= room)
    list.AddText(ImVec2(text.x + name_width + space, text.y), muted_colour(), kind.c_str());
  if (shape_width <= 0)
    return;
  const std::string shape = shape_text(row);
  const float right = ImGui::GetItemRectMax().x - space / 2;
  list.AddText(ImVec2(right - ImGui::CalcTextSize(shape.c_str()).x, text.y), muted_colour(), shape.c_str());
}

} // namespace

void draw_layers(Frame &frame) {
  Ui &ui = frame.ui;
  const auto &layers = frame.now.layers;
  heading(frame.now.model.model.empty() ? std::string("Layers") : "Layers of " + file_name(frame.now.model.model));
  ImGui::SetNextItemWidth(-FLT_MIN);
  ImGui::InputTextWithHint("##filter", "Filter by name or kind", &ui.layers.filter);
  if (layers.empty()) {
    wrapped(frame.now.busy.empty() ? "No net. Choose one in the menu Model." : frame.now.busy + "…", muted_colour());
    return;
  }
  const std::string wanted = lower(ui.layers.filter);
  std::vector<const LayerRow *> shown;
  float shape_width = 0;
  for (const LayerRow &row : layers)
    if (wanted.empty() || lower(row.name + " " + row.kind).find(wanted) != std::string::npos) {
      shown.push_back(&row);
      shape_width = std::max(shape_width, ImGui::CalcTextSize(shape_text(row).c_str()).x);
    }
  // Names come first where both don't fit.
  if (shape_width > ImGui::GetContentRegionAvail().x * 0.5F)
    shape_width = 0;
  if (shown.empty())
    wrapped("No layer has that in its name or kind.", muted_colour());

  // Whole rows only.
  const float pitch = ImGui::GetTextLineHeightWithSpacing(), height = ImGui::GetContentRegionAvail().y;
  ImGui::BeginChild("##rows", ImVec2(0, std::max(std::floor(height / pitch), 1.F) * pitch), false,
                    ImGuiWindowFlags_NoNav);
  ui.layers.has_keys = ImGui::IsWindowFocused();
  for (const LayerRow *row : shown)
    draw_row(frame, *row, shape_width);
  ImGui::EndChild();
}

} // namespace convscope::viewer
