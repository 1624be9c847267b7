// Asks for a file's path: to read a photo or weights, or to write a picture.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include "base/files.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

bool saves(Ask ask) {
  return ask == Ask::save_focus || ask == Ask::save_wall || ask == Ask::save_grid || ask == Ask::save_session;
}

std::string title_of(const Ui::Dialog &dialog) {
  switch (dialog.ask) {
  case Ask::photo:
    return "Open";
  case Ask::photos:
    return "Folder of photos";
  case Ask::style:
    return "Open style picture";
  case Ask::model:
    return "Open net";
  case Ask::session:
    return "Open session";
  case Ask::save_session:
    return "Save session";
  case Ask::weights:
    return "Weights of " + dialog.model;
  case Ask::save_focus:
    return "Save focus";
  case Ask::save_wall:
    return "Save wall";
  case Ask::save_grid:
    return "Save grid";
  case Ask::nothing:
    break;
  }
  return {};
}

const char *hint_of(Ask ask) {
  switch (ask) {
  case Ask::photo:
    return "A PNG, JPEG or WebP file; or a net, weights, a session, a folder";
  case Ask::photos:
    return "A folder of PNG, JPEG or WebP files, with the folders in it";
  case Ask::style:
    return "A PNG, JPEG or WebP file";
  case Ask::model:
    return "An .onnx, .keras or .h5 file";
  case Ask::weights:
    return "An .h5 or .safetensors file";
  case Ask::session:
  case Ask::save_session:
    return "A .convscope file";
  default:
    return "A PNG file";
  }
}

// What is wrong with the path, before the worker is asked.
std::string problem_of(Ask ask, const std::string &path) {
  std::error_code error;
  if (saves(ask)) {
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, error))
      return fmt::format("There is no folder {}", folder.string());
    return std::filesystem::is_directory(path, error) ? "This is a folder" : "";
  }
  if (std::filesystem::is_directory(path, error))
    return ask == Ask::photos || ask == Ask::photo ? "" : "This is a folder";
  if (ask == Ask::photos)
    return std::filesystem::exists(path, error) ? "This is no folder" : "There is no such folder";
  return std::filesystem::exists(path, error) ? "" : "There is no such file";
}

void accept(Frame &frame, const std::string &path) {
  Ui &ui = frame.ui;
  ui.notice.clear();
  switch (ui.dialog.ask) {
  case Ask::weights:
    ui.open_model({ui.dialog.model, path, ui.dialog.model == ui.wish.model.model ? ui.wish.model.input_range : ""});
    break;
  case Ask::model:
    ui.open_model({path, "", ""});
    break;
  case Ask::photos:
    ui.open_photos(path);
    break;
  case Ask::style:
    ui.open_style(path);
    break;
  case Ask::photo:
  case Ask::session:
    ui.open_file(path);
    break;
  case Ask::save_session:
    frame.worker.save({SaveRequest::What::session, path});
    remember(ui.config.recent_sessions, absolute_path(path));
    break;
  case Ask::save_focus:
    frame.worker.save({SaveRequest::What::focus, path});
    break;
  case Ask::save_wall:
    frame.worker.save({SaveRequest::What::wall, path});
    break;
  case Ask::save_grid:
    frame.worker.save({SaveRequest::What::grid, path});
    break;
  case Ask::nothing:
    break;
  }
}

// Of a file's address (RFC 3986): "%20" is a space.
std::string without_escapes(const std::string &address) {
  std::string path;
  for (std::size_t i = 0; i < address.size(); ++i) {
    unsigned byte = 0;
    const char *const from = address.data() + i + 1, *const end = from + 2;
    if (address[i] == '%' && i + 2 < address.size() && std::from_chars(from, end, byte, 16).ptr == end)
      i += 2;
    else
      byte = static_cast<unsigned char>(address[i]);
    path += static_cast<char>(byte);
  }
  return path;
}

std::string name_of(const Aim &aim, const Unit &unit) {
  std::string name = unit.channel < 0 ? unit.layer : fmt::format("{}-{}", unit.layer, unit.channel);
  switch (aim.kind) {
  case Aim::Kind::faces:
    return name + "-faces";
  case Aim::Kind::caricature:
    return "caricature-" + name;
  case Aim::Kind::accentuation:
    return "accentuated-" + name;
  case Aim::Kind::path:
    return name + "-path";
  case Aim::Kind::typed:
    return name.empty() ? "image" : name + "-and-more";
  case Aim::Kind::unit:
    break;
  }
  return name;
}

// A name that says what the picture shows.
std::string name_for(const Ui &ui, Ask ask) {
  const std::string net = file_name(ui.wish.model.model);
  std::string name = net.substr(0, net.rfind('.')) + "-";
  if (ask == Ask::save_grid)
    name += "grid-" + ui.wish.layer;
  else if (ask != Ask::save_wall && ui.wish.focus)
    name += name_of(ui.wish.aim, *ui.wish.focus);
  else
    name += ui.wish.layer;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '\\' || c == ':' || c == ' '; }, '_');
  return name + (ask == Ask::save_session ? session_ending : ".png");
}

} // namespace

void Ui::paste(const std::string &text) {
  const std::string path = clean_path(text);
  std::error_code error;
  if (path.find('\n') == std::string::npos &&
      (std::filesystem::is_regular_file(path, error) || std::filesystem::is_directory(path, error)))
    open_file(path);
  else
    notice = "What was pasted is not the path of a file or a folder";
}

std::string clean_path(std::string path) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!path.empty() && blank(path.back()))
    path.pop_back();
  path.erase(path.begin(), std::find_if_not(path.begin(), path.end(), blank));
  if (path.size() > 1 && (path.front() == '"' || path.front() == '\'') && path.back() == path.front())
    path = path.substr(1, path.size() - 2);
  if (path.starts_with("file://"))
    path = without_escapes(path.substr(7));
  if (const char *home = std::getenv("HOME"); home && (path == "~" || path.starts_with("~/")))
    path.replace(0, 1, home);
  return path;
}

void Ui::ask(Ask what, std::string path) { dialog = {what, std::move(path), wish.model.model, true, {}}; }

void Ui::ask_to_save(Ask what) { ask(what, name_for(*this, what)); }

void Ui::ask_for_weights(const std::string &model) {
  ask(Ask::weights, model == wish.model.model ? wish.model.weights : std::string());
  dialog.model = model;
}

void draw_path_dialog(Frame &frame) {
  Ui::Dialog &dialog = frame.ui.dialog;
  if (dialog.ask == Ask::nothing)
    return;
  const std::string id = title_of(dialog) + "###path";
  if (dialog.opening)
    ImGui::OpenPopup(id.c_str());
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos(ImVec2(size.x / 2, size.y * 0.38F), ImGuiCond_Always, ImVec2(0.5F, 0.5F));
  ImGui::SetNextWindowSize(ImVec2(std::min(560 * frame.scale, size.x * 0.9F), 0));
  bool open = true;
  if (!ImGui::BeginPopupModal(id.c_str(), &open,
                              ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings)) {
    dialog.ask = Ask::nothing;
    return;
  }
  if (dialog.opening)
    ImGui::SetKeyboardFocusHere();
  dialog.opening = false;
  ImGui::SetNextItemWidth(-FLT_MIN);
  const bool entered =
      ImGui::InputTextWithHint("##path", hint_of(dialog.ask), &dialog.path,
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
  if (ImGui::IsItemEdited())
    dialog.problem.clear();
  std::string path = clean_path(dialog.path);
  if (dialog.ask == Ask::save_session && !path.empty() && !path.ends_with(session_ending))
    path += session_ending; // what opens it goes by that
  const bool chosen = ImGui::Button(saves(dialog.ask) ? "Save" : "Open") || entered;
  ImGui::SameLine();
  bool done = ImGui::Button("Cancel") || escape_pressed();
  if (chosen && !path.empty()) {
    dialog.problem = problem_of(dialog.ask, path);
    if (dialog.problem.empty()) {
      accept(frame, path);
      done = true;
    } else {
      ImGui::SetKeyboardFocusHere(-1);
    }
  }
  std::error_code error;
  const bool replaces = saves(dialog.ask) && std::filesystem::exists(path, error);
  const std::string note = !dialog.problem.empty() ? dialog.problem
                           : replaces              ? "The file will be replaced"
                           : saves(dialog.ask) && !path.empty() && std::filesystem::path(path).is_relative()
                               ? "in " + path_text(std::filesystem::current_path(error))
                               : "";
  ImGui::SameLine();
  text_fitted(note, dialog.problem.empty() ? muted_colour() : health_colour(Health::dead));
  if (done)
    ImGui::CloseCurrentPopup();
  ImGui::EndPopup();
  if (done || !open)
    dialog.ask = Ask::nothing;
}

} // namespace convscope::viewer
