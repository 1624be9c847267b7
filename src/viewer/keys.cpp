// What keys do while no text is being edited.
#include <algorithm>

#include <imgui.h>
#include <imgui_internal.h>

#include "viewer/gui_inputs.h"
#include "viewer/ui.h"

namespace convscope::viewer {

namespace {

void next_layer(Frame &frame, int by) {
  const auto &layers = frame.now.layers;
  const auto count = static_cast<int>(layers.size());
  const auto now =
      std::find_if(layers.begin(), layers.end(), [&](const LayerRow &row) { return row.name == frame.ui.wish.layer; });
  for (int at = static_cast<int>(now - layers.begin()) + by; at >= 0 && at < count; at += by)
    if (const LayerRow &row = layers[static_cast<std::size_t>(at)]; row.height > 0 || row.objective) {
      frame.ui.wish.layer = row.name;
      frame.ui.layers.reveal = true;
      return;
    }
}

void next_channel(Frame &frame, int by) {
  Ui &ui = frame.ui;
  if (ui.wall.order.empty() || ui.wall.layer != frame.now.layer)
    return;
  const bool here = ui.wish.focus && ui.wish.focus->layer == frame.now.layer && ui.wish.focus->channel >= 0;
  const int channel = here ? neighbour(ui.wall.order, ui.wish.focus->channel, by) : ui.wall.order.front();
  ui.find(frame.now.layer, channel);
}

// By the character, not the key: it is where the user's keyboard has it.
void take_character(Frame &frame, ImWchar character) {
  Ui &ui = frame.ui;
  Wish &wish = ui.wish;
  switch (character) {
  case ' ':
    wish.running = !wish.running;
    break;
  case '.':
    wish.running = false;
    ++wish.single_steps;
    break;
  case 'r':
  case 'R':
    ++wish.restarts;
    break;
  case 'n':
  case 'N':
    ++wish.controls.seed;
    break;
  case '1':
  case '2':
  case '3':
    ui.wall.show = static_cast<Show>(character - '1');
    break;
  case 'e':
  case 'E':
    ui.objective.take_keys = ui.config.focus;
    break;
  case '[':
    next_layer(frame, -1);
    break;
  case ']':
    next_layer(frame, 1);
    break;
  case 's':
  case 'S':
    if (wish.focus)
      ui.ask_to_save(Ask::save_focus);
    break;
  case 'w':
  case 'W':
    ui.ask_to_save_middle(frame.now);
    break;
  case 'p':
  case 'P':
    ui.look_through(wish.lens.kind == Lens::Kind::none ? Lens::Kind::map : wish.lens.kind);
    break;
  case 'g':
  case 'G':
    if (wish.lens.kind != Lens::Kind::grid)
      ui.look_through(Lens::Kind::grid);
    if (!wish.photo.empty()) // its maps may be on their way
      ui.run_grid(frame.now);
    break;
  case 'u':
  case 'U':
    ui.look_through(Lens::Kind::groups);
    break;
  case 'c':
  case 'C':
    ui.look_through(Lens::Kind::channels);
    break;
  case 'x':
  case 'X':
    ui.show_examples();
    break;
  case 'o':
  case 'O':
    ui.ask(Ask::photo, wish.photo);
    break;
  case '-':
    ui.fold_layers(true);
    break;
  case '+':
    ui.fold_layers(false);
    break;
  case 't':
  case 'T':
    ui.config.theme = ui.config.theme == Theme::dark ? Theme::light : Theme::dark;
    break;
  default:
    break;
  }
}

// Of this frame: WantTextInput is of the one before, and a key that follows Enter would be lost.
bool text_is_edited() {
  const ImGuiID active = ImGui::GetActiveID();
  return active != 0 && ImGui::GetInputTextState(active) != nullptr;
}

} // namespace

bool escape_pressed() { return ImGui::IsKeyPressed(key_escape, false); }

void take_keys(Frame &frame) {
  const ImGuiIO &io = ImGui::GetIO();
  Ui &ui = frame.ui;
  if (ImGui::IsKeyPressed(key_f1, false))
    ui.help = !ui.help;
  if (io.KeyCtrl && ImGui::IsKeyPressed(key_q, false))
    frame.window.close();
  // A dialog, a menu or a text field has the keys for itself.
  if (text_is_edited() || ui.dialog.ask != Ask::nothing ||
      ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel))
    return;
  if (escape_pressed())
    ui.help = ui.device.open = false;
  if (io.KeyCtrl && ImGui::IsKeyPressed(key_s, false) && !frame.now.layers.empty())
    ui.ask_to_save(Ask::save_session);
  if (io.KeyCtrl && ImGui::IsKeyPressed(key_v, false))
    if (const char *const pasted = ImGui::GetClipboardText(); pasted && *pasted)
      ui.paste(pasted);
  // Before the modifiers: many keyboards have [ and ] with AltGr. Ctrl and Alt alone make no characters.
  if (!io.KeySuper)
    for (const ImWchar character : io.InputQueueCharacters) {
      take_character(frame, character);
      if (ui.dialog.ask != Ask::nothing || ui.objective.take_keys)
        break; // what follows is typed there
    }
  if (io.KeyCtrl || io.KeyAlt || io.KeySuper)
    return;
  const int row = std::max(ui.wall.columns, 1);
  if (ImGui::IsKeyPressed(key_left))
    next_channel(frame, -1);
  if (ImGui::IsKeyPressed(key_right))
    next_channel(frame, 1);
  if (ImGui::IsKeyPressed(key_up))
    ui.layers.has_keys ? next_layer(frame, -1) : next_channel(frame, -row);
  if (ImGui::IsKeyPressed(key_down))
    ui.layers.has_keys ? next_layer(frame, 1) : next_channel(frame, row);
}

} // namespace convscope::viewer
