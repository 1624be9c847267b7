// The lens's activation grid: each place of the photo as what the layer saw there.
#include <algorithm>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/lens_panel.h"

namespace convscope::viewer {

namespace {

// A cell is seen faintly at first, and in full once it was in so many steps.
constexpr float faint = 0.2F, visits_until_clear = 6;

const LensState::Grid *grid_of(const Frame &frame) {
  const LensState *const seen = seen_by(frame);
  return seen && seen->grid ? &*seen->grid : nullptr;
}

} // namespace

void grid_controls(Frame &frame) {
  Ui &ui = frame.ui;
  const LensState::Grid *const grid = grid_of(frame);
  const bool done = grid && grid->step == grid->steps, runs = grid && !done && ui.wish.grid_runs;
  const char *const label = runs ? "Stop" : grid && !done ? "Go on" : "Start";
  ImGui::BeginDisabled(frame.now.map_width == 0 || done);
  if (ImGui::Button(label))
    ui.run_grid(frame.now);
  ImGui::EndDisabled();
  tooltip("The image of each place's activations, all together, over the photo (G)");
  const auto button = [&](const char *name) {
    same_line_if(ImGui::CalcTextSize(name).x + 2 * ImGui::GetStyle().FramePadding.x);
    return ImGui::Button(name);
  };
  ImGui::BeginDisabled(!grid);
  if (button("Again"))
    ui.run_grid(frame.now, true);
  ImGui::EndDisabled();
  tooltip("Begin anew, with the recipe and the seed as they are now");
  ImGui::BeginDisabled(!grid || grid->step == 0);
  if (button("Save grid…"))
    ui.ask_to_save_middle(frame.now);
  ImGui::EndDisabled();
  tooltip("As a PNG (W); convscope replay makes it again");
  const bool coming = frame.now.map_width == 0 && !frame.now.busy.empty();
  const std::string text = coming                     ? std::string("preparing its maps…")
                           : frame.now.map_width == 0 ? std::string("this layer has no map of the photo")
                           : !grid                    ? std::string("a click starts it")
                           : grid->step == 0 && runs  ? std::string("preparing the first step…")
                                                      : fmt::format("step {} of {}", grid->step, grid->steps);
  same_line_if(ImGui::CalcTextSize(text.c_str()).x);
  ImGui::AlignTextToFramePadding();
  muted(text);
}

void grid_over(Frame &frame, const Box &photo) {
  const LensState::Grid *const grid = grid_of(frame);
  const Atlas *const atlas = frame.textures.grid;
  if (!grid || grid->step == 0 || !atlas || static_cast<int>(grid->cells->size()) > atlas->cells())
    return;
  const Box box = seen_part(*seen_by(frame), photo);
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float w = box.width() / static_cast<float>(grid->columns), h = box.height() / static_cast<float>(grid->rows);
  const float alpha = frame.ui.lens.opacity * std::min(1.F, faint + grid->visits / visits_until_clear);
  const auto tint = IM_COL32(255, 255, 255, static_cast<int>(alpha * 255));
  const auto texture = reinterpret_cast<ImTextureID>(frame.window.texture(atlas->view(), atlas->sampler()));
  const float aspect = static_cast<float>(atlas->cell_width()) / static_cast<float>(atlas->cell_height());
  const ImVec2 from = list.GetClipRectMin(), to = list.GetClipRectMax();
  for (std::size_t i = 0; i < grid->cells->size(); ++i) {
    const LensState::Cell &cell = (*grid->cells)[i];
    const ImVec2 middle(box.a.x + (static_cast<float>(cell.x) + 0.5F) * w,
                        box.a.y + (static_cast<float>(cell.y) + 0.5F) * h);
    const float longer = cell.side / 2 * std::min(w, h);
    const float x = longer * std::min(1.F, aspect), y = longer / std::max(1.F, aspect);
    if (middle.x + x < from.x || middle.x - x > to.x || middle.y + y < from.y || middle.y - y > to.y)
      continue;
    const auto [u0, v0, u1, v1] = atlas->uv(static_cast<int>(i));
    const float cut_u = (u1 - u0) * grid->border, cut_v = (v1 - v0) * grid->border;
    list.AddImage(texture, ImVec2(middle.x - x, middle.y - y), ImVec2(middle.x + x, middle.y + y),
                  ImVec2(u0 + cut_u, v0 + cut_v), ImVec2(u1 - cut_u, v1 - cut_v), tint);
  }
}

} // namespace convscope::viewer
