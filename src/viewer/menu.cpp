// The menu bar.
#include <imgui.h>

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

void photo_items(Ui &ui, const std::string &photo, const std::vector<std::string> &paths, const char *none) {
  if (paths.empty())
    ImGui::TextDisabled("%s", none);
  // A copy: opening one reorders the recent ones.
  for (const std::string &path : std::vector<std::string>(paths)) {
    ImGui::PushID(path.c_str());
    if (ImGui::MenuItem(file_name(path).c_str(), nullptr, path == photo))
      ui.open_photo(path);
    tooltip(path);
    ImGui::PopID();
  }
}

void folder_items(Ui &ui) {
  const std::string &folder = ui.wish.photos_seen.folder;
  if (ImGui::MenuItem("Folder of photos…", folder.empty() ? "X" : ""))
    ui.ask(Ask::photos, folder);
  tooltip("Those of its photos that excite the focused unit most" + (folder.empty() ? folder : ": now " + folder));
  if (ImGui::BeginMenu("Recent folders", !ui.config.recent_folders.empty())) {
    for (const std::string &path : std::vector<std::string>(ui.config.recent_folders)) {
      ImGui::PushID(path.c_str());
      if (ImGui::MenuItem(file_name(path).c_str(), nullptr, path == folder))
        ui.open_photos(path);
      tooltip(path);
      ImGui::PopID();
    }
    ImGui::EndMenu();
  }
  if (ImGui::MenuItem("Without a folder", nullptr, false, !folder.empty()))
    ui.wish.photos_seen.folder.clear();
}

void file_menu(Frame &frame) {
  Ui &ui = frame.ui;
  if (ImGui::MenuItem("Open photo…", "O"))
    ui.ask(Ask::photo, ui.wish.photo);
  if (ImGui::BeginMenu("Samples")) {
    photo_items(ui, frame.now.photo, ui.samples, "No samples were found");
    ImGui::EndMenu();
  }
  if (ImGui::BeginMenu("Recent photos")) {
    photo_items(ui, frame.now.photo, ui.config.recent_photos, "None yet");
    ImGui::EndMenu();
  }
  if (ImGui::MenuItem("Without a photo", nullptr, false, !ui.wish.photo.empty()))
    ui.wish.photo.clear();
  if (ImGui::MenuItem("Open style picture…"))
    ui.ask(Ask::style, ui.wish.style);
  tooltip("What an objective's style(layer) compares with" +
          (frame.now.style.empty() ? std::string() : ": now " + frame.now.style));
  folder_items(ui);
  ImGui::Separator();
  if (ImGui::MenuItem("Open session…"))
    ui.ask(Ask::session);
  tooltip("What was saved by Save session: the net, the photo, the unit with its timeline");
  if (ImGui::BeginMenu("Recent sessions", !ui.config.recent_sessions.empty())) {
    for (const std::string &path : std::vector<std::string>(ui.config.recent_sessions)) {
      ImGui::PushID(path.c_str());
      if (ImGui::MenuItem(file_name(path).c_str()))
        ui.open_file(path);
      tooltip(path);
      ImGui::PopID();
    }
    ImGui::EndMenu();
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Save focus…", "S", false, ui.wish.focus.has_value()))
    ui.ask_to_save(Ask::save_focus);
  if (ImGui::MenuItem("Save wall…", "W", false, !frame.now.tiles.empty()))
    ui.ask_to_save(Ask::save_wall);
  if (ImGui::MenuItem("Save grid…", "W", false, frame.now.lens.grid && frame.now.lens.grid->step > 0))
    ui.ask_to_save(Ask::save_grid);
  if (ImGui::MenuItem("Save session…", "Ctrl+S", false, !frame.now.layers.empty()))
    ui.ask_to_save(Ask::save_session);
  ImGui::Separator();
  if (ImGui::MenuItem("Quit", "Ctrl+Q"))
    frame.window.close();
}

// As Ui::settle() remembers them: "net" or "net<tab>weights".
ModelRequest request_of(const std::string &recent) {
  const auto tab = recent.find('\t');
  return {recent.substr(0, tab), tab == std::string::npos ? std::string() : recent.substr(tab + 1), ""};
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
  if (ImGui::MenuItem("Open net…"))
    ui.ask(Ask::model);
  tooltip("A file of a net: .onnx, .keras or .h5; or drop it here");
  if (ImGui::MenuItem("Other weights…", nullptr, false, !names_model_file(ui.wish.model.model)))
    ui.ask_for_weights(ui.wish.model.model);
  tooltip(".h5 or .safetensors, of the net that is shown; or drop the file here");
  if (ImGui::BeginMenu("Recent nets", !ui.config.recent_models.empty())) {
    for (const std::string &recent : std::vector<std::string>(ui.config.recent_models)) {
      const ModelRequest request = request_of(recent);
      ImGui::PushID(recent.c_str());
      if (ImGui::MenuItem(file_name(request.model).c_str(),
                          request.weights.empty() ? "" : file_name(request.weights).c_str()))
        ui.open_model(request);
      tooltip(request.weights.empty() ? request.model : request.weights);
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
  const Lens::Kind lens = ui.wish.lens.kind;
  const auto item = [&](const char *name, const char *key, Lens::Kind kind) {
    if (ImGui::MenuItem(name, lens == kind ? "" : key, lens == kind) && lens != kind)
      ui.look_through(kind);
  };
  item("Wall", "P", Lens::Kind::none);
  item("Photo: the unit's map", lens == Lens::Kind::none ? "P" : "", Lens::Kind::map);
  item("Photo: activation grid", "G", Lens::Kind::grid);
  item("Photo: groups of channels", "U", Lens::Kind::groups);
  item("Photo: strongest channels", "C", Lens::Kind::channels);
  ImGui::Separator();
  ImGui::MenuItem("Layers", nullptr, &ui.config.layers);
  ImGui::MenuItem("Optimization", nullptr, &ui.config.controls);
  ImGui::MenuItem("Focus", nullptr, &ui.config.focus);
  ImGui::MenuItem("Timeline", nullptr, &ui.config.timeline);
  if (ImGui::MenuItem("Examples", "X", ui.config.examples && !ui.wish.photos_seen.folder.empty()))
    ui.show_examples();
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
    ImGui::MenuItem("Check this device…", nullptr, &frame.ui.device.open);
    tooltip("Whether its driver computes everything right; what is running waits for a minute or so");
    ImGui::EndMenu();
  }
  ImGui::EndMainMenuBar();
}

} // namespace convscope::viewer
