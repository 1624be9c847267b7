// The net's layers, in its order: a click fills the wall with one. A deep net's are in groups, by what their names
// share, which a click folds and unfolds; a search finds through them.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include "base/text.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

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

std::vector<bool> found(const std::string &filter, const std::vector<LayerRow> &layers) {
  const std::string wanted = lower(filter);
  std::vector<bool> all;
  for (const LayerRow &row : layers)
    all.push_back(wanted.empty() || lower(row.name + " " + row.kind).find(wanted) != std::string::npos);
  return all;
}

// Another net's layers make other groups.
void follow(Ui::Layers &state, const std::vector<LayerRow> &layers) {
  const auto same = [](const std::string &name, const LayerRow &row) { return name == row.name; };
  if (std::equal(state.names.begin(), state.names.end(), layers.begin(), layers.end(), same))
    return;
  state.names.clear();
  for (const LayerRow &row : layers)
    state.names.push_back(row.name);
  state.open.clear();
  state.groups = layer_groups(state.names);
  state.reveal = true;
}

void reveal(Ui::Layers &state, const std::string &layer) {
  const auto at = std::find(state.names.begin(), state.names.end(), layer);
  if (at != state.names.end())
    for (const LayerGroup *group : groups_around(state.groups, static_cast<int>(at - state.names.begin())))
      state.open.insert(group);
}

// Where a line's text begins over its selectable, behind the signs of the groups.
ImVec2 text_origin(const Frame &frame, int depth, bool headed) {
  const ImVec2 origin = ImGui::GetItemRectMin();
  const float indent = headed ? (static_cast<float>(depth) + 1) * 12 * frame.scale : 0;
  return {origin.x + ImGui::GetStyle().ItemSpacing.x / 2 + indent, origin.y + ImGui::GetStyle().ItemSpacing.y / 2};
}

void text_at_right(const std::string &text, float y) {
  const float right = ImGui::GetItemRectMax().x - ImGui::GetStyle().ItemSpacing.x / 2;
  ImGui::GetWindowDrawList()->AddText(ImVec2(right - ImGui::CalcTextSize(text.c_str()).x, y), muted_colour(),
                                      text.c_str());
}

void draw_group(Frame &frame, const LayerLine &line) {
  Ui &ui = frame.ui;
  const LayerGroup &group = *line.group;
  const bool searched = !ui.layers.filter.empty(), open = searched || ui.layers.open.contains(&group);
  ImGui::PushID(group.first);
  ImGui::PushID(group.count);
  if (ImGui::Selectable("##group") && !searched)
    open ? static_cast<void>(ui.layers.open.erase(&group)) : static_cast<void>(ui.layers.open.insert(&group));
  ImGui::PopID();
  ImGui::PopID();
  tooltip(fmt::format("{}\n{} layers{}", group.name, group.count,
                      searched ? ""
                      : open   ? "\nClick: fold them"
                               : "\nClick: show them"));
  const ImVec2 text = text_origin(frame, line.depth, true);
  const std::string count =
      line.found < group.count ? fmt::format("{} of {}", line.found, group.count) : fmt::format("{}", group.count);
  const float space = ImGui::GetStyle().ItemSpacing.x;
  const float room = ImGui::GetItemRectMax().x - text.x - ImGui::CalcTextSize(count.c_str()).x - 1.5F * space;
  const auto holds_current = [&] {
    const auto &names = ui.layers.names;
    return std::find(names.begin() + group.first, names.begin() + group.end(), ui.wish.layer) !=
           names.begin() + group.end();
  };
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddText(text, !open && holds_current() ? accent_colour() : text_colour(),
               fit(name_within(group.name, *line.around), room).c_str());
  text_at_right(count, text.y);
  // A sign that points down where the group is open.
  const float half = 3 * frame.scale, x = text.x - 7 * frame.scale, y = text.y + ImGui::GetTextLineHeight() / 2;
  if (open)
    list.AddTriangleFilled(ImVec2(x - half, y - half / 2), ImVec2(x + half, y - half / 2), ImVec2(x, y + half),
                           muted_colour());
  else
    list.AddTriangleFilled(ImVec2(x - half / 2, y - half), ImVec2(x + half, y), ImVec2(x - half / 2, y + half),
                           muted_colour());
}

void draw_layer(Frame &frame, const LayerLine &line, float shape_width, bool headed) {
  Ui &ui = frame.ui;
  const LayerRow &row = frame.now.layers[static_cast<std::size_t>(line.layer)];
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
  const ImVec2 text = text_origin(frame, line.depth, headed);
  const float space = ImGui::GetStyle().ItemSpacing.x;
  const float room = ImGui::GetItemRectMax().x - space / 2 - shape_width - space - text.x;
  const std::string name = fit(name_within(row.name, *line.around), room);
  const float name_width = ImGui::CalcTextSize(name.c_str()).x;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddText(text, usable ? text_colour() : muted_colour(), name.c_str());
  const std::string kind = short_kind(row.kind);
  if (name_width + space + ImGui::CalcTextSize(kind.c_str()).x <= room)
    list.AddText(ImVec2(text.x + name_width + space, text.y), muted_colour(), kind.c_str());
  if (shape_width > 0)
    text_at_right(shape_text(row), text.y);
}

// Over the list: whose layers these are and, where they are in groups, what folds all of them.
void draw_head(Frame &frame, bool headed) {
  Ui &ui = frame.ui;
  const std::string &model = frame.now.model.model;
  const float left = ImGui::GetCursorPosX(), width = ImGui::GetContentRegionAvail().x;
  const char *const label = ui.layers.open.empty() ? "Unfold" : "Fold";
  const float button = ImGui::CalcTextSize("Unfold").x + 2 * ImGui::GetStyle().FramePadding.x;
  ImGui::AlignTextToFramePadding();
  text_fitted(model.empty() ? std::string("Layers") : "Layers of " + file_name(model), muted_colour(),
              std::max(headed ? width - button - ImGui::GetStyle().ItemSpacing.x : width, 1.F));
  if (headed) {
    ImGui::SameLine(left + std::max(width - button, 0.F));
    if (ImGui::Button(label, ImVec2(button, 0)))
      ui.fold_layers(!ui.layers.open.empty());
    tooltip("All groups of layers: fold with -, unfold with +");
  }
  ImGui::SetNextItemWidth(-FLT_MIN);
  ImGui::InputTextWithHint("##filter", "Search by name or kind", &ui.layers.filter);
}

} // namespace

void Ui::fold_layers(bool fold) {
  layers.open.clear();
  const auto unfold = [&](const auto &self, const LayerGroup &group) -> void {
    for (const LayerGroup &inside : group.groups) {
      layers.open.insert(&inside);
      self(self, inside);
    }
  };
  if (!fold)
    unfold(unfold, layers.groups);
}

void draw_layers(Frame &frame) {
  Ui &ui = frame.ui;
  const auto &layers = frame.now.layers;
  follow(ui.layers, layers);
  const bool headed = static_cast<int>(layers.size()) > layers_at_a_glance && !ui.layers.groups.groups.empty();
  draw_head(frame, headed);
  if (layers.empty()) {
    wrapped(frame.now.busy.empty() ? "No net. Choose one in the menu Model." : frame.now.busy + "…", muted_colour());
    return;
  }
  if (ui.layers.reveal)
    reveal(ui.layers, ui.wish.layer);
  const LayerGroup none{"", 0, static_cast<int>(layers.size()), {}};
  const std::vector<LayerLine> lines =
      layer_lines(headed ? ui.layers.groups : none, found(ui.layers.filter, layers), [&](const LayerGroup &group) {
        return !ui.layers.filter.empty() || ui.layers.open.contains(&group); // what was searched for is seen
      });
  float shape_width = 0;
  for (const LayerLine &line : lines)
    if (!line.group)
      shape_width = std::max(shape_width,
                             ImGui::CalcTextSize(shape_text(layers[static_cast<std::size_t>(line.layer)]).c_str()).x);
  // Names come first where both don't fit.
  if (shape_width > ImGui::GetContentRegionAvail().x * 0.5F)
    shape_width = 0;
  if (lines.empty())
    wrapped("No layer has that in its name or kind.", muted_colour());

  // Whole rows only.
  const float pitch = ImGui::GetTextLineHeightWithSpacing(), height = ImGui::GetContentRegionAvail().y;
  ImGui::BeginChild("##rows", ImVec2(0, std::max(std::floor(height / pitch), 1.F) * pitch), false,
                    ImGuiWindowFlags_NoNav);
  ui.layers.has_keys = ImGui::IsWindowFocused();
  for (const LayerLine &line : lines)
    line.group ? draw_group(frame, line) : draw_layer(frame, line, shape_width, headed);
  ImGui::EndChild();
}

} // namespace convscope::viewer
