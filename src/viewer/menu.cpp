// The menu bar.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

std::string file_name(const std::string &path) { return std::filesystem::path(path).filename().string(); }

void photo_items(Ui &ui, const std::vector<std::string> &paths, const char *none) {
  if (paths.empty())
    ImGui::TextDisabled("%s", none);
  // A copy: opening one reorders the recent ones.
  for (const std::string &path : std::vector<std::string>(paths)) {
    ImGui::PushID(path.c_str());
    if (ImGui::MenuItem(file_name(path).c_str(), nullptr, path == ui.wish.photo))
      ui.open_photo(path);
    tooltip(path);
    ImGui::PopID();
  }
}

void file_menu(Frame &frame) {
  Ui &ui = frame.ui;
  if (ImGui::MenuItem("Open photo…", "O"))
    ui.ask(Ask::photo, ui.wish.photo);
  if (ImGui::BeginMenu("Samples")) {
    photo_items(ui, ui.samples, "No samples were found");
    ImGui::EndMenu();
  }
  if (ImGui::BeginMenu("Recent photos")) {
    photo_items(ui, ui.config.recent_photos, "None yet");
    ImGui::EndMenu();
  }
  if (ImGui::MenuItem("Without a photo", nullptr, false, !ui.wish.photo.empty()))
    ui.wish.photo.clear();
  ImGui::Separator();
  if (ImGui::MenuItem("Save focus…", "S", false, ui.wish.focus.has_value()))
    ui.ask_to_save(Ask::save_focus);
  if (ImGui::MenuItem("Save wall…", nullptr, false, !frame.now.tiles.empty()))
    ui.ask_to_save(Ask::save_wall);
  ImGui::Separator();
  if (ImGui::MenuItem("Quit", "Ctrl+Q"))
    frame.window.close();
}

// "name", "name weights" or a model's file.
ModelRequest request_of(const std::string &recent, const std::vector<ZooEntry> &zoo) {
  const auto space = recent.find(' ');
  if (std::none_of(zoo.begin(), zoo.end(), [&](const ZooEntry &net) { return net.name == recent.substr(0, space); }))
    return {recent, "", ""};
  return {recent.substr(0, space), space == std::string::npos ? std::string() : recent.substr(space + 1), ""};
}

void model_menu(Frame &frame) {
  Ui &ui = frame.ui;
  for (const ZooEntry &entry : ui.zoo()) {
    const bool chosen = ui.wish.model.model == entry.name;
    const std::string item = entry.name + (entry.works ? "" : "…");
    if (ImGui::MenuItem(item.c_str(), entry.works ? nullptr : "needs weights", chosen)) {
      if (entry.works)
        ui.open_model({entry.name, "", ""});
      else
        ui.ask_for_weights(entry.name);
    }
    tooltip(entry.note.empty() ? entry.description : entry.description + "\n" + entry.note);
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Open a net…"))
    ui.ask(Ask::model, names_model_file(ui.wish.model.model) ? ui.wish.model.model : std::string());
  tooltip("An .onnx, .h5 or .keras file");
  if (ImGui::MenuItem("Other weights…", nullptr, false, !names_model_file(ui.wish.model.model)))
    ui.ask_for_weights(ui.wish.model.model);
  tooltip(".h5 or .safetensors, of the net that is shown; or drop the file here");
  if (ImGui::BeginMenu("Recent nets", !ui.config.recent_models.empty())) {
    for (const std::string &recent : std::vector<std::string>(ui.config.recent_models)) {
      const ModelRequest request = request_of(recent, ui.zoo());
      ImGui::PushID(recent.c_str());
      const std::string name = names_model_file(request.model) ? file_name(request.model) : request.model;
      if (ImGui::MenuItem(name.c_str(), request.weights.empty() ? "" : file_name(request.weights).c_str()))
        ui.open_model(request);
      if (!request.weights.empty())
        tooltip(request.weights);
      else if (names_model_file(request.model))
        tooltip(request.model);
      ImGui::PopID();
    }
    ImGui::EndMenu();
  }
}

void view_menu(Frame &frame) {
  Ui &ui = frame.ui;
  const bool light = ui.config.theme == Theme::light;
  if (ImGui::MenuItem("Dark", light ? "T" : "", !light))
    ui.config.theme = Theme::dark;
  if (ImGui::MenuItem("Light", light ? "" : "T", light))
    ui.config.theme = Theme::light;
  ImGui::Separator();
  ImGui::MenuItem("Layers", nullptr, &ui.panes.layers);
  ImGui::MenuItem("Optimization", nullptr, &ui.panes.controls);
  ImGui::MenuItem("Focus", nullptr, &ui.panes.focus);
  ImGui::MenuItem("Timeline", nullptr, &ui.panes.timeline);
}

} // namespace

void draw_menu(Frame &frame) {
  if (!ImGui::BeginMainMenuBar())
    return;
  if (ImGui::BeginMenu("File")) {
    file_menu(frame);
    ImGui::EndMenu();
  }
  if (ImGui::BeginMenu("Model")) {
    model_menu(frame);
    ImGui::EndMenu();
  }
  if (ImGui::BeginMenu("View")) {
    view_menu(frame);
    ImGui::EndMenu();
  }
  if (ImGui::BeginMenu("Help")) {
    ImGui::MenuItem("Keys", "F1", &frame.ui.help);
    ImGui::EndMenu();
  }
  ImGui::EndMainMenuBar();
}

} // namespace convscope::viewer
