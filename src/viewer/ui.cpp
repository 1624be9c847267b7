#include "viewer/ui.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <utility>

#include <imgui.h>

#include "base/error.h"
#include "base/files.h"
#include "importer/file_kind.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

bool ends_with(std::string name, std::string_view ending) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name.ends_with(ending);
}

FileKind kind_of(const std::string &path) {
  try {
    return file_content(path).kind;
  } catch (const UserError &) { // which opening it then tells
    return FileKind::other;
  }
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

// Events are counted on, whatever else a wish becomes: the worker acts on each change.
void keep_events(Wish &wish, const Wish &from) {
  wish.models = from.models;
  wish.answered = from.answered;
  wish.photos = from.photos;
  wish.styles = from.styles;
  wish.photos_seen.opened = from.photos_seen.opened;
  wish.single_steps = from.single_steps;
  wish.restarts = from.restarts;
  wish.grids = from.grids;
  wish.rewind = from.rewind;
  wish.rewind_to = from.rewind_to;
}

constexpr ImGuiWindowFlags pane = ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoSavedSettings;

} // namespace

void Ui::open_photo(const std::string &path) {
  notice.clear();
  wish.photo = path;
  ++wish.photos;
}

void Ui::open_style(const std::string &path) {
  notice.clear();
  wish.style = path;
  ++wish.styles;
}

void Ui::open_model(const ModelRequest &model, std::optional<ModelRequest> otherwise) {
  notice.clear();
  if (!asks_for_model())
    before_model_ = wish;
  opens_session_ = false;
  wish.model = model;
  ++wish.models;
  wish.otherwise = std::move(otherwise);
  // Of the net before; a layer is chosen when the new one is there.
  wish.layer.clear();
  leave_aim();
  wish.focus.reset();
  unit_before_.reset();
  objective.editing = objective.entered = false;
  wish.place = {};
  wish.in_view.clear();
  wall.layer.clear();
  layers.filter.clear();
}

void Ui::open_file(const std::string &path) {
  notice.clear();
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    open_photos(path);
    return;
  }
  const FileKind kind = kind_of(path);
  const bool of_zoo = !names_model_file(wish.model.model);
  if (ends_with(path, session_ending))
    open_session(path);
  else if (kind == FileKind::onnx || kind == FileKind::keras || (kind == FileKind::hdf5 && !of_zoo))
    open_model({path, "", ""});
  else if (kind == FileKind::hdf5 || kind == FileKind::safetensors) // weights of this net, or one by itself
    open_model({wish.model.model, path, wish.model.input_range}, ModelRequest{path, "", ""});
  else
    open_photo(path); // by its content, whatever its name: the message tells if it is no picture
}

void Ui::open_session(const std::string &path) {
  try {
    SavedSession session = read_session(path);
    const bool asked = asks_for_model();
    const Wish old = std::exchange(wish, std::move(session.wish));
    keep_events(wish, old);
    if (!asked)
      before_model_ = old;
    wish.models += asked || !(wish.model == old.model);
    opens_session_ = true;
    resuming_ = std::move(session.focus);
    unit_before_.reset();
    objective.editing = objective.entered = false;
    wall.layer.clear();
    layers.reveal = true;
    wall.reveal = wish.focus ? wish.focus->channel : -1;
    choose_focus = false;
    remember(config.recent_sessions, absolute_path(path));
  } catch (const UserError &error) {
    notice = error.what();
  }
}

void Ui::focus(const std::string &layer, int channel) {
  objective.editing = false;
  if (wish.focus && wish.focus->layer == layer && wish.focus->channel == channel && !is_text(wish.aim))
    return;
  if (is_text(wish.aim) || wish.aim.kind == Aim::Kind::caricature)
    leave_aim();
  wish.focus = Unit{layer, channel};
  wish.place = {};
}

void Ui::find(const std::string &layer, int channel) {
  focus(layer, channel);
  wall.reveal = channel;
}

void Ui::look_at(Place place) {
  if (is_text(wish.aim))
    leave_aim(); // that names its own
  wish.place = place;
}

void Ui::look_through(Lens::Kind kind) {
  wish.lens.kind = wish.lens.kind == kind ? Lens::Kind::none : kind;
  lens.group = lens.channel = -1;
}

void Ui::run_grid(const Snapshot &now, bool anew) {
  const auto &grid = now.lens.grid;
  if (anew || !grid || now.lens.layer != wish.layer || grid->step == grid->steps) {
    ++wish.grids;
    wish.grid_runs = true;
  } else {
    wish.grid_runs = !wish.grid_runs;
  }
}

void Ui::type(const std::string &text) {
  objective.text = wish.draft = text;
  objective.editing = objective.entered = true;
}

void Ui::ask_to_save_middle(const Snapshot &now) {
  if (wish.lens.kind == Lens::Kind::none && !now.tiles.empty())
    ask_to_save(Ask::save_wall);
  else if (wish.lens.kind == Lens::Kind::grid && now.lens.grid && now.lens.grid->step > 0)
    ask_to_save(Ask::save_grid);
}

void Ui::whole_channel() {
  if (is_text(wish.aim))
    leave_aim();
  wish.place = {};
  if (wish.focus)
    wish.focus->x = wish.focus->y = -1;
}

const std::vector<ZooEntry> &Ui::zoo() {
  if (!zoo_) {
    zoo_.emplace();
    try {
      zoo_ = list_zoo();
    } catch (const UserError &error) { // the program without its weights' folder
      notice = error.what();
    }
  }
  return *zoo_;
}

void Ui::settle(const Snapshot &now) {
  if (now.message != said_)
    notice.clear();
  said_ = now.message;
  const bool news = std::exchange(answered_, now.models) != now.models;
  if (news && now.refused && !asks_for_model()) { // the net before stays, and what was wished of it
    const Wish refused = std::exchange(wish, before_model_);
    keep_events(wish, refused);
    if (!opens_session_) {
      wish.photo = refused.photo;
      wish.photos_seen = refused.photos_seen;
      wish.controls = refused.controls;
    }
    wish.model = now.model;
  }
  wish.answered = answered_;
  if (wish.second)
    second_recipe = wish.second->name;
  if (wish.otherwise && *wish.otherwise == now.model) {
    wish.model = now.model;
    wish.otherwise.reset();
  }
  const bool there = now.model == wish.model && !asks_for_model() && !now.layers.empty();
  const auto known = [&](const std::string &name) {
    return std::any_of(now.layers.begin(), now.layers.end(), [&](const LayerRow &row) { return row.name == name; });
  };
  if (there && !(remembered_ == now.model)) {
    remembered_ = now.model;
    const ModelRequest from_anywhere = absolute(now.model); // "net" or "net<tab>weights"
    remember(config.recent_models,
             from_anywhere.weights.empty() ? from_anywhere.model : from_anywhere.model + '\t' + from_anywhere.weights);
  }
  if (now.photo == wish.photo && now.photo != remembered_photo_ && !now.photo.empty()) {
    remembered_photo_ = now.photo;
    if (std::find(samples.begin(), samples.end(), now.photo) == samples.end()) // those have a menu of their own
      remember(config.recent_photos, absolute_path(now.photo));
  }
  if (!begun_ && wish.focus)
    wall.reveal = wish.focus->channel;
  // What was chosen of the net before, while this one was on its way.
  if (there && !known(wish.layer))
    wish.layer.clear();
  const bool of_image = is_text(wish.aim) && wish.focus && wish.focus->layer.empty();
  if (there && wish.focus && !known(wish.focus->layer) && !of_image) {
    wish.focus.reset();
    wish.place = {};
  }
  if (there && wish.layer.empty() && now.busy.empty() && known(now.layer)) {
    wish.layer = now.layer;
    layers.reveal = true;
  }
  if (there)
    settle_objective(now);
  // A caricature is of the layer that one looks at.
  if (wish.aim.kind == Aim::Kind::caricature && wish.focus && wish.focus->layer != wish.layer && known(wish.layer))
    wish.focus = Unit{wish.layer, -1};
  choose_focus = choose_focus && !wish.focus;
  if (choose_focus && there && now.busy.empty() && now.layer == wish.layer)
    focus_strongest(now);
  wish.wall_images = wall.evolve && wall.show != Show::map;
}

void Ui::focus_strongest(const Snapshot &now) {
  choose_focus = false;
  const auto strongest = std::max_element(now.tiles.begin(), now.tiles.end(),
                                          [](const auto &a, const auto &b) { return a.map_max < b.map_max; });
  if (strongest == now.tiles.end() || !(strongest->map_max > 0))
    return;
  wall.reveal = static_cast<int>(strongest - now.tiles.begin());
  focus(now.layer, wall.reveal);
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
  for (const std::string &path : window.take_dropped_files())
    open_file(path);
  follow_pointer();
  settle(now);

  Frame frame{*this, now, textures, window, worker, window.scale()};
  take_keys(frame);
  draw_menu(frame);
  panes_of(frame);
  draw_help(frame);
  draw_device_check(frame);
  draw_path_dialog(frame);
  wish.photos_seen.runs = config.focus && config.examples && !examples_rest;
  config.photos = wish.photos_seen.folder;
  config.photos_database = wish.photos_seen.database;
  if (resuming_)
    worker.resume(wish, *std::exchange(resuming_, std::nullopt));
  else if (!begun_ || wish != sent_)
    worker.wish(wish);
  sent_ = wish;
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
  const bool left = config.layers || config.controls, right = config.focus;
  // Shares of a small window are held at what the panes need, as long as a half is left for the wall.
  const auto width_of = [&](float share, float least) {
    return std::floor(std::max(size.x * share, std::min(least * scale, size.x * 0.26F)));
  };
  const float left_width = left ? width_of(config.left, 240) : 0;
  const float right_width = right ? width_of(config.right, 240) : 0;
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
    const float most = config.layers ? height * 0.62F : height;
    const float controls = config.controls ? std::clamp(controls_height, 80 * scale, most) : 0;
    if (config.layers) {
      begin_child("layers", left_width, height - controls, padded);
      draw_layers(frame);
      end_child();
    }
    if (config.controls) {
      begin_child("controls", left_width, config.layers ? controls : height, padded);
      draw_controls(frame);
      controls_height = ImGui::GetCursorPosY() + ImGui::GetStyle().WindowPadding.y;
      end_child();
    }
    ImGui::EndGroup();
    splitter("##split-left", height, size.x, 1, config.left, scale);
  }

  ImGui::BeginGroup();
  const float strip = config.timeline ? std::min(timeline_height(frame), height * 0.4F) : 0;
  begin_child("wall", centre_width, height - strip, padded | ImGuiWindowFlags_NoScrollbar);
  if (wish.lens.kind == Lens::Kind::none)
    draw_wall(frame);
  else
    draw_lens(frame);
  end_child();
  if (strip > 0) {
    begin_child("timeline", centre_width, strip, padded | ImGuiWindowFlags_NoScrollbar);
    draw_timeline(frame);
    end_child();
  }
  ImGui::EndGroup();

  if (right) {
    splitter("##split-right", height, size.x, -1, config.right, scale);
    begin_child("focus", right_width, height, padded | (photo.hovered ? ImGuiWindowFlags_NoScrollWithMouse : 0));
    draw_focus(frame);
    end_child();
  }
  ImGui::PopStyleVar();
  draw_status_bar(frame);
  ImGui::End();
}

} // namespace convscope::viewer
