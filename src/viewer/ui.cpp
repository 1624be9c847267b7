#include "viewer/ui.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include <imgui.h>

#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

bool ends_with(std::string name, std::string_view ending) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name.ends_with(ending);
}

// Between two panes: moves `share`, of `whole` pixels, with the mouse. On the right of its pane, or on the left.
void splitter(const char *id, float height, float whole, float direction, float &share, float scale) {
  ImGui::SameLine(0, 0);
  ImGui::InvisibleButton(id, ImVec2(5 * scale, std::max(height, 1.F)));
  if (ImGui::IsItemHovered() || ImGui::IsItemActive())
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (ImGui::IsItemActive() && whole > 0)
    share = std::clamp(share + direction * ImGui::GetIO().MouseDelta.x / whole, 0.12F, 0.42F);
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  const float x = std::floor((a.x + b.x) / 2);
  ImGui::GetWindowDrawList()->AddLine(ImVec2(x, a.y), ImVec2(x, b.y),
                                      ImGui::IsItemActive() ? accent_colour() : border_colour());
  ImGui::SameLine(0, 0);
}

// The layer to begin with: in the middle of the net, where units have learned more than edges and the maps still have
// places.
std::string first_layer(const std::vector<LayerRow> &layers) {
  std::vector<const LayerRow *> fit;
  for (const LayerRow &row : layers)
    if (row.objective && row.height > 1)
      fit.push_back(&row);
  return fit.empty() ? std::string() : fit[fit.size() * 5 / 8]->name;
}

constexpr ImGuiWindowFlags pane = ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoSavedSettings;

} // namespace

void Ui::open_photo(const std::string &path) {
  wish.photo = path;
  remember(config.recent_photos, path);
}

void Ui::open_model(const ModelRequest &model) {
  wish.model = model;
  // Of the net before; a layer is chosen when the new one is there.
  wish.layer.clear();
  wish.focus.reset();
  place = {};
  wish.in_view.clear();
  wall.layer.clear();
  layers.filter.clear();
  // The name ends at the first space: no net of the zoo has one, and a model's file has no weights beside it.
  remember(config.recent_models, model.weights.empty() ? model.model : model.model + " " + model.weights);
}

void Ui::focus(const std::string &layer, int channel) {
  if (wish.focus && wish.focus->layer == layer && wish.focus->channel == channel)
    return;
  wish.focus = Unit{layer, channel};
  place = {};
}

const std::vector<ZooEntry> &Ui::zoo() {
  if (zoo_.empty())
    zoo_ = list_zoo();
  return zoo_;
}

void Ui::settle(const Snapshot &now) {
  const bool there = now.model_name == wish.model.model && !now.layers.empty();
  const auto known = [&](const std::string &name) {
    return std::any_of(now.layers.begin(), now.layers.end(), [&](const LayerRow &row) { return row.name == name; });
  };
  if (there && wish.layer.empty() && now.busy.empty()) {
    wish.layer = known(now.layer) ? now.layer : first_layer(now.layers);
    layers.reveal = true;
  }
  if (there && wish.focus)
    set_place(*wish.focus, place, optimized_map(now, wish.focus->layer, wish.controls.size, now.default_size));
  wish.wall_images = wall.evolve && wall.show != Show::map;
}

void Ui::draw(const Snapshot &now, const Textures &textures, Window &window, Worker &worker) {
  if (!begun_ || theme_ != config.theme) {
    window.set_theme(config.theme);
    theme_ = config.theme;
  }
  if (textures.generation != generation_) {
    window.forget_textures();
    worker.textures_seen(textures.generation);
    generation_ = textures.generation;
  }
  for (const std::string &path : window.take_dropped_files()) {
    if (ends_with(path, ".onnx") || ends_with(path, ".keras"))
      open_model({path, "", ""});
    else if (ends_with(path, ".h5") || ends_with(path, ".safetensors"))
      open_model({wish.model.model, path, wish.model.input_range});
    else
      open_photo(path); // by its content, whatever its name: the message tells if it is no picture
  }
  settle(now);

  Frame frame{*this, now, textures, window, worker, window.scale()};
  take_keys(frame);
  draw_menu(frame);
  panes_of(frame);
  draw_help(frame);
  draw_path_dialog(frame);
  if (!begun_ || wish != sent_) {
    worker.wish(wish);
    sent_ = wish;
  }
  begun_ = true;
}

void Ui::panes_of(Frame &frame) {
  const float scale = frame.scale, gap = 5 * scale;
  const ImGuiStyle &style = ImGui::GetStyle();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const float top = ImGui::GetFrameHeight(); // of the menu bar
  ImGui::SetNextWindowPos(ImVec2(0, top));
  ImGui::SetNextWindowSize(ImVec2(size.x, std::max(size.y - top, 1.F)));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(style.ItemSpacing.x, 0));
  ImGui::Begin("##root", nullptr,
               pane | ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar(4);

  const float status = ImGui::GetFrameHeight();
  const float height = std::max(size.y - top - status, 1.F);
  const bool left = panes.layers || panes.controls, right = panes.focus;
  // Shares of a small window are held at what the panes need, as long as a half is left for the wall.
  const auto width_of = [&](float share, float least) {
    return std::floor(std::max(size.x * share, std::min(least * scale, size.x * 0.26F)));
  };
  const float left_width = left ? width_of(panes.left, 240) : 0;
  const float right_width = right ? width_of(panes.right, 240) : 0;
  const float centre_width = std::max(size.x - left_width - right_width - (left ? gap : 0) - (right ? gap : 0), 1.F);
  const ImGuiWindowFlags padded = pane | ImGuiWindowFlags_AlwaysUseWindowPadding;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(style.ItemSpacing.x, 0));
  const auto begin_child = [&](const char *id, float w, float h, ImGuiWindowFlags flags) {
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8 * scale, 6 * scale));
    ImGui::BeginChild(id, ImVec2(w, h), false, flags);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(6 * scale, 4 * scale));
  };
  const auto end_child = [] {
    ImGui::PopStyleVar();
    ImGui::EndChild();
    ImGui::PopStyleVar();
  };

  if (left) {
    ImGui::BeginGroup();
    // The controls get the height that they took, but never more than what leaves the list of layers usable.
    const float most = panes.layers ? height * 0.62F : height;
    const float controls = panes.controls ? std::clamp(panes.controls_height, 80 * scale, most) : 0;
    if (panes.layers) {
      begin_child("layers", left_width, height - controls, padded);
      draw_layers(frame);
      end_child();
    }
    if (panes.controls) {
      begin_child("controls", left_width, panes.layers ? controls : height, padded);
      draw_controls(frame);
      panes.controls_height = ImGui::GetCursorPosY() + ImGui::GetStyle().WindowPadding.y;
      end_child();
    }
    ImGui::EndGroup();
    splitter("##split-left", height, size.x, 1, panes.left, scale);
  }

  ImGui::BeginGroup();
  const float timeline = panes.timeline ? std::min(timeline_height(frame), height * 0.4F) : 0;
  begin_child("wall", centre_width, height - timeline, padded | ImGuiWindowFlags_NoScrollbar);
  draw_wall(frame);
  end_child();
  if (timeline > 0) {
    begin_child("timeline", centre_width, timeline, padded | ImGuiWindowFlags_NoScrollbar);
    draw_timeline(frame);
    end_child();
  }
  ImGui::EndGroup();

  if (right) {
    splitter("##split-right", height, size.x, -1, panes.right, scale);
    begin_child("focus", right_width, height, padded);
    draw_focus(frame);
    end_child();
  }
  ImGui::PopStyleVar();
  draw_status_bar(frame);
  ImGui::End();
}

} // namespace convscope::viewer
