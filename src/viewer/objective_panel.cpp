// What is asked of the focused image: chosen by a button, or typed.
#include <algorithm>
#include <array>
#include <cfloat>
#include <utility>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_internal.h>
#include <imgui_stdlib.h>

#include "viewer/completion.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"
#include "visualization/interpolation.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/terms/diversity.h"
#include "visualization/terms/forms.h"

namespace convscope::viewer {

namespace {

constexpr std::size_t candidates_shown = 12;

// What an objective's text can begin a term with.
std::vector<std::string> names_of(const Snapshot &now) {
  std::vector<std::string> names;
  for (const LayerRow &row : now.layers)
    if (row.objective)
      names.push_back(row.name);
  for (const TermForm &form : term_forms())
    if (!form.name.empty())
      names.push_back(std::string(form.name) + (form.layer || form.number ? "(" : ""));
  return names;
}

struct Typing {
  const Snapshot &now;
  Completion completion; // at the cursor
};

int on_key(ImGuiInputTextCallbackData *data) {
  auto &typing = *static_cast<Typing *>(data->UserData);
  const std::string_view text(data->Buf, static_cast<std::size_t>(data->BufTextLen));
  const Completion found = complete(text, static_cast<std::size_t>(data->CursorPos), names_of(typing.now));
  if (data->EventFlag == ImGuiInputTextFlags_CallbackCompletion && !found.names.empty()) {
    const int from = static_cast<int>(found.from);
    data->DeleteChars(from, data->CursorPos - from);
    data->InsertChars(data->CursorPos, found.common.c_str());
  } else {
    typing.completion = found;
  }
  return 0;
}

// How far a field's text is moved to the left. From Dear ImGui 1.91 on it has two axes.
template <typename State> float scrolled(const State &field) {
  if constexpr (requires { field.ScrollX; })
    return field.ScrollX;
  else
    return field.Scroll.x;
}

// Under the place of the last item's text: a line that is never shorter than can be seen.
void underline(const std::string &text, const Reading &reading, float scale) {
  const ImGuiStyle &style = ImGui::GetStyle();
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  const ImGuiInputTextState *const state = ImGui::GetInputTextState(ImGui::GetItemID());
  const std::size_t from = std::min(reading.at, text.size()), to = std::min(from + reading.length, text.size());
  const float left = a.x + style.FramePadding.x - (state && ImGui::IsItemActive() ? scrolled(*state) : 0);
  const float x = left + ImGui::CalcTextSize(text.data(), text.data() + from).x;
  const float width = ImGui::CalcTextSize(text.data() + from, text.data() + to).x;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.PushClipRect(a, b, true);
  list.AddRectFilled(ImVec2(x, b.y - 3 * scale), ImVec2(x + std::max(width, 6 * scale), b.y - scale),
                     health_colour(Health::dead));
  list.PopClipRect();
}

// Below the last item, over what is there.
void note(Frame &frame, const std::string &text, ImU32 colour) {
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  ImGui::SetNextWindowPos(ImVec2(a.x, b.y + frame.scale));
  // Whole lines are covered: the buttons, and what is said of the image.
  const float least = ImGui::GetFrameHeightWithSpacing() + ImGui::GetTextLineHeightWithSpacing();
  ImGui::SetNextWindowSize(ImVec2(b.x - a.x, 0));
  ImGui::SetNextWindowSizeConstraints(ImVec2(b.x - a.x, least), ImVec2(b.x - a.x, FLT_MAX));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(5 * frame.scale, 4 * frame.scale));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, ImGui::GetStyleColorVec4(ImGuiCol_PopupBg));
  ImGui::Begin("##reading", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoInputs | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoSavedSettings);
  wrapped(text, colour);
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
}

std::string candidates_text(const Completion &completion) {
  std::string text = "Tab:";
  for (std::size_t i = 0; i < std::min(candidates_shown, completion.names.size()); ++i)
    text += "  " + completion.names[i];
  return completion.names.size() > candidates_shown ? text + "  …" : text;
}

// What is asked for now.
std::string present_text(const Frame &frame) {
  const Wish &wish = frame.ui.wish;
  const FocusState &focus = frame.now.focus;
  if (!wish.focus)
    return {};
  const bool known = focus.unit && focus.aim == wish.aim && focus.unit->layer == wish.focus->layer &&
                     focus.unit->channel == wish.focus->channel;
  return known ? focus.objective : objective_text(wish.aim, *wish.focus); // it knows the place
}

void draw_field(Frame &frame, const char *id, Ui::ObjectiveField &field, const std::string &present) {
  if (!field.active && !field.editing)
    field.text = present;
  if (std::exchange(field.take_keys, false))
    ImGui::SetKeyboardFocusHere();
  Typing typing{frame.now, {}};
  ImGui::SetNextItemWidth(-FLT_MIN);
  const bool entered =
      ImGui::InputTextWithHint(id, "An objective, such as conv5:3 - tv", &field.text,
                               ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackCompletion |
                                   ImGuiInputTextFlags_CallbackAlways,
                               on_key, &typing);
  const bool left = std::exchange(field.active, ImGui::IsItemActive()) && !field.active;
  field.editing = field.text != present && (field.editing || field.active || entered);
  if (left && !entered && escape_pressed())
    field.editing = false;
  field.entered = (field.entered || entered) && field.editing;
  const Reading &reading = frame.now.reading;
  const bool wrong = field.editing && reading.text == field.text && !reading.problem.empty();
  if (!field.editing && !field.active)
    tooltip("What the image is asked for. Type another objective and press Enter; Tab completes names (E)");
  if (wrong)
    underline(field.text, reading, frame.scale);
  if (field.active && field.editing && !typing.completion.names.empty())
    note(frame, candidates_text(typing.completion), muted_colour());
  else if (wrong)
    note(frame, reading.problem, field.active ? text_colour() : health_colour(Health::dead));
}

struct Choice {
  Aim::Kind kind;
  const char *label, *what;
  bool possible;
};

void draw_choices(Frame &frame) {
  Ui &ui = frame.ui;
  const bool unit = ui.wish.focus.has_value(), photo = frame.now.has_photo;
  const std::array choices{
      Choice{Aim::Kind::unit, "Unit", "The image that this unit likes best", unit},
      Choice{Aim::Kind::faces, "Faces", "Four images that the unit likes, as different from each other as can be",
             unit},
      Choice{Aim::Kind::caricature, "Caricature", "Caricature the photo here: what this layer sees in it, exaggerated",
             photo && !ui.wish.layer.empty()},
      Choice{Aim::Kind::accentuation, "Accentuate",
             "Change the photo so that the unit fires more, and see where it had to be changed", photo && unit},
      Choice{Aim::Kind::path, "Path", "Images on the way from this objective to another one", unit}};
  for (const Choice &each : choices) {
    const bool chosen = unit && ui.wish.aim.kind == each.kind;
    if (&each != &choices.front())
      same_line_if(ImGui::CalcTextSize(each.label).x + 2 * ImGui::GetStyle().FramePadding.x);
    ImGui::BeginDisabled(!each.possible && !chosen);
    if (lit_button(each.label, chosen))
      ui.ask_for(each.kind, frame.now.focus);
    ImGui::EndDisabled();
    tooltip(each.what);
  }
}

void draw_weight(double &weight, const char *label, const char *what, float least, float most, float scale) {
  labelled(label, what, scale);
  auto shown = static_cast<float>(weight);
  if (slide("##weight", shown, least, most, "%.3g", true))
    weight = shown;
}

// Of an objective whose terms pull against each other.
void draw_weights(Frame &frame) {
  Aim &aim = frame.ui.wish.aim;
  if (aim.kind == Aim::Kind::accentuation)
    draw_weight(aim.leash, "Leash", "What it costs the image to leave the photo: a short one changes little",
                shortest_leash, longest_leash, frame.scale);
  else if (aim.kind == Aim::Kind::faces)
    draw_weight(aim.difference, "Differ", "What it is worth to the images to differ, beside what the unit's value is",
                least_difference, largest_difference, frame.scale);
}

double difference_for(const FocusState &now) {
  const double value = now.aim.kind == Aim::Kind::unit && !now.first.values.empty() ? now.first.values.back() : 0;
  return std::min(diversity_weight(value), double{largest_difference});
}

} // namespace

void draw_objective(Frame &frame) {
  Ui &ui = frame.ui;
  draw_field(frame, "##objective", ui.objective, present_text(frame));
  if (ui.wish.focus && ui.wish.aim.kind == Aim::Kind::path) {
    labelled("to", "The objective that the last image is of", frame.scale);
    draw_field(frame, "##to", ui.other_end, ui.wish.aim.to);
  }
  ui.wish.draft = ui.objective.editing ? ui.objective.text : ui.other_end.editing ? ui.other_end.text : std::string();
  draw_choices(frame);
  draw_weights(frame);
}

// A problem stays, underlined; what is right is asked for.
bool Ui::asks(ObjectiveField &field, const Snapshot &now) const {
  if (!field.entered || now.reading.text != field.text || now.models != wish.models)
    return false;
  field.entered = false;
  if (!now.reading.problem.empty())
    return false;
  field.editing = false;
  return true;
}

void Ui::settle_objective(const Snapshot &now) {
  const Reading &asked = now.reading;
  const bool path = wish.aim.kind == Aim::Kind::path;
  if (path && asks(other_end, now)) {
    wish.aim.to = asked.text;
    return;
  }
  if (!asks(objective, now))
    return;
  if (path) {
    wish.focus = asked.unit;
    wish.aim.typed = asked.text;
    return;
  }
  leave_aim();
  wish.focus = asked.unit;
  wish.place = {};
  if (asked.plain) {
    wall.reveal = asked.unit.channel;
    return;
  }
  wish.aim.kind = Aim::Kind::typed;
  wish.aim.typed = asked.text;
  wish.aim.images = asked.company ? faces : 1;
}

void Ui::leave_aim() {
  if (wish.focus && wish.focus->channel >= 0)
    unit_before_ = wish.focus;
  if (wish.own) {
    const std::uint64_t seed = wish.controls.seed;
    wish.controls = *std::exchange(wish.own, std::nullopt);
    wish.controls.seed = seed;
  }
  wish.aim = Aim{Aim::Kind::unit, "", 1, wish.aim.leash};
  other_end.editing = other_end.entered = false;
}

// From what was asked for to another channel of its layer, as `optimize --from --to` has it.
void Ui::begin_path(const Aim &before) {
  const std::string from = is_text(before) ? before.typed : objective_text(*wish.focus);
  const Unit other{wish.focus->layer, wish.focus->channel > 0 ? wish.focus->channel - 1 : 1};
  wish.aim = {Aim::Kind::path, from, path_images, before.leash, objective_text(other)};
  wish.place = {};
  follow_path(wish.controls.recipe);
  wish.controls.start = StartFrom::noise;
}

void Ui::ask_for(Aim::Kind kind, const FocusState &now) {
  objective.editing = false;
  if (kind == wish.aim.kind && wish.focus)
    return;
  const Aim before = wish.aim;
  leave_aim();
  if (kind == Aim::Kind::caricature) {
    wish.focus = Unit{wish.layer, -1};
    wish.place = {};
  } else if (wish.focus && wish.focus->channel < 0) {
    wish.focus = unit_before_.value_or(Unit{wish.layer, 0});
  }
  wish.aim.kind = kind;
  if (kind == Aim::Kind::unit)
    return;
  wish.own = wish.controls;
  if (kind == Aim::Kind::path) {
    begin_path(before);
    return;
  }
  wish.controls.recipe = recipe(kind == Aim::Kind::faces        ? "diverse"
                                : kind == Aim::Kind::caricature ? "caricature"
                                                                : "accentuate");
  if (kind == Aim::Kind::faces) {
    wish.aim.images = faces;
    wish.aim.difference = difference_for(now);
  } else {
    wish.controls.size = wish.controls.recipe.size;
  }
  wish.controls.start = kind == Aim::Kind::accentuation ? StartFrom::photo : StartFrom::noise;
}

} // namespace convscope::viewer
