// One unit, large: the image that excites it, the photo with its map, and how the optimization goes.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include "viewer/health.h"
#include "viewer/plot.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

float button_width(const char *label) { return ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x; }

int channels_of(const Snapshot &now, const std::string &layer) {
  for (const LayerRow &row : now.layers)
    if (row.name == layer)
      return row.channels;
  return 0;
}

// Whether what there is of the focus is of what is asked for, and not of what was before.
bool arrived(const Frame &frame) {
  const auto &wanted = frame.ui.wish.focus, &there = frame.now.focus.unit;
  const Aim &aim = frame.ui.wish.aim, &its = frame.now.focus.aim;
  return wanted && there && wanted->layer == there->layer && wanted->channel == there->channel &&
         aim.kind == its.kind && aim.typed == its.typed && aim.to == its.to && aim.images == its.images;
}

// The layer and its channel, which can be typed.
void unit_name(Frame &frame, const Unit &unit, float room) {
  const float gap = ImGui::GetStyle().ItemSpacing.x, number_width = std::min(56 * frame.scale, room * 0.27F);
  const bool channels = unit.channel >= 0;
  const char *const what = channels ? "channel" : unit.layer.empty() ? "" : "all channels";
  ImGui::AlignTextToFramePadding();
  text_fitted(
      unit.layer.empty() ? "The image itself" : unit.layer, text_colour(),
      std::max(room - (channels ? number_width + gap : 0) - ImGui::CalcTextSize(what).x - 3 * gap, 40 * frame.scale));
  ImGui::SameLine();
  ImGui::TextDisabled("%s", what);
  if (!channels)
    return;
  ImGui::SameLine();
  ImGui::SetNextItemWidth(number_width);
  std::string typed = std::to_string(unit.channel);
  if (ImGui::InputText("##channel", &typed,
                       ImGuiInputTextFlags_CharsDecimal | ImGuiInputTextFlags_AutoSelectAll |
                           ImGuiInputTextFlags_EnterReturnsTrue) &&
      !typed.empty())
    frame.ui.find(unit.layer, typed_channel(typed, channels_of(frame.now, unit.layer)));
  tooltip("The channel: type a number and press Enter, or use the keys left and right");
}

// Below it the place, if there is one.
void title(Frame &frame, const Unit &unit) {
  const float gap = ImGui::GetStyle().ItemSpacing.x, save_width = button_width("Save…");
  const float room = ImGui::GetContentRegionAvail().x, left = ImGui::GetCursorPosX();
  unit_name(frame, unit, room - save_width);
  ImGui::SameLine(left + std::max(room - save_width, 0.F));
  if (ImGui::Button("Save…"))
    frame.ui.ask_to_save(Ask::save_focus);
  tooltip("Save this image as PNG (S). The wall: W. All of the session: Ctrl+S");
  draw_objective(frame);
  if (unit.x < 0 && !frame.ui.wish.place.chosen())
    return;
  ImGui::AlignTextToFramePadding();
  const Unit &at = arrived(frame) ? *frame.now.focus.unit : unit; // the place is known once it has
  text_fitted(at.x < 0 ? std::string("at one place of its map") : fmt::format("at {},{} of its map alone", at.x, at.y),
              muted_colour(), room - button_width("Whole channel") - gap);
  ImGui::SameLine(left + std::max(room - button_width("Whole channel"), 0.F));
  if (ImGui::Button("Whole channel"))
    frame.ui.whole_channel();
  tooltip("Maximize the channel's mean again, not this place alone (right click on the photo)");
}

std::string caption(const Aim &aim, const Unit &unit) {
  switch (aim.kind) {
  case Aim::Kind::faces:
    return fmt::format("Images that it likes, as different as {} can tell", unit.layer);
  case Aim::Kind::caricature:
    return fmt::format("What {} sees in the photo, exaggerated", unit.layer);
  case Aim::Kind::accentuation:
    return "The photo, changed so that it fires more";
  case Aim::Kind::path:
    return "On the way from one objective to the other";
  case Aim::Kind::typed:
    return "What the objective asks for, so far";
  case Aim::Kind::unit:
    break;
  }
  return aim.images > 1 ? "Images that it likes, from starts of their own" : "The image that it likes best so far";
}

void caption_line(Frame &frame) {
  const Wish &wish = frame.ui.wish;
  if (wish.focus->channel < 0) {
    muted(caption(wish.aim, *wish.focus));
    return;
  }
  const float width = button_width("Examples"), left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
  text_fitted(caption(wish.aim, *wish.focus), muted_colour(),
              std::max(room - width - ImGui::GetStyle().ItemSpacing.x, 1.F));
  ImGui::SameLine(left + std::max(room - width, 0.F));
  examples_button(frame);
}

// Of so many images of that aspect, beside each other in a box: as large as can be.
int columns_for(int images, const Box &box, float aspect, float gap) {
  int best = 1;
  float widest = 0;
  for (int columns = 1; columns <= images; ++columns) {
    const int rows = (images + columns - 1) / columns;
    const float w = (box.width() - static_cast<float>(columns - 1) * gap) / static_cast<float>(columns);
    const float h = (box.height() - static_cast<float>(rows - 1) * gap) / static_cast<float>(rows);
    const float width = std::min(w, h * aspect);
    if (width >= widest) { // rather beside each other than below
      widest = width;
      best = columns;
    }
  }
  return best;
}

// All images of the first recipe, or of the second.
void images_of(Frame &frame, const Box &box, bool second) {
  const FocusState &focus = frame.now.focus;
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const float aspect = focus.height > 0 ? static_cast<float>(focus.width) / static_cast<float>(focus.height) : 1;
  const bool there = arrived(frame) && (!second || focus.second);
  const int count = there ? focus.images : 1;
  const float gap = 3 * frame.scale;
  const int columns = columns_for(count, box, aspect, gap), rows = (count + columns - 1) / columns;
  const float w = (box.width() - static_cast<float>(columns - 1) * gap) / static_cast<float>(columns);
  const float h = (box.height() - static_cast<float>(rows - 1) * gap) / static_cast<float>(rows);
  bool drawn = there;
  for (int i = 0; i < count; ++i) {
    const int column = i % columns, row = i / columns;
    const ImVec2 a(box.a.x + static_cast<float>(column) * (w + gap), box.a.y + static_cast<float>(row) * (h + gap));
    const Box place = there ? fitted({a, ImVec2(a.x + w, a.y + h)}, aspect) : box;
    list.AddRectFilled(place.a, place.b, frame_colour());
    drawn = drawn && draw_cell(list, frame.window, frame.textures.focus, image_cell(focus.images, second, i), place);
  }
  if (!drawn)
    draw_note(list, box,
              focus.unit || !frame.now.busy.empty() || frame.now.message.empty() ? "Waiting for its first step"
                                                                                 : "It can't be made: see below");
  if (!frame.ui.wish.second)
    return;
  // A/B: which recipe this is.
  const Recipe &recipe = second ? *frame.ui.wish.second : frame.ui.wish.controls.recipe;
  const std::string name = edited(recipe) ? recipe.name + ", changed" : recipe.name;
  const ImVec2 size = ImGui::CalcTextSize(name.c_str()), pad(4 * frame.scale, 2 * frame.scale);
  const ImVec2 a(box.a.x, box.b.y - size.y - 2 * pad.y);
  list.AddRectFilled(a, ImVec2(a.x + size.x + 2 * pad.x, box.b.y), ImGui::GetColorU32(ImGuiCol_PopupBg, 0.85F));
  list.AddText(ImVec2(a.x + pad.x, a.y + pad.y), text_colour(), name.c_str());
}

void images(Frame &frame, float height) {
  const bool second = frame.ui.wish.second.has_value();
  const FocusState &focus = frame.now.focus;
  const float room = ImGui::GetContentRegionAvail().x, gap = second ? 4 * frame.scale : 0;
  // Examples stand beside one image, and in a row below two or a wide one.
  const float proportions = focus.height > 0 ? static_cast<float>(focus.width) / static_cast<float>(focus.height) : 1;
  const bool examples = shows_examples(frame), beside = examples && !second && proportions < 1.4F;
  const float width = beside ? std::floor((room - 4 * frame.scale) / 2) : room;
  const float each = std::floor(second ? (width - gap) / 2 : width);
  // Wide images need less height, and several have the shape of all.
  const float aspect = focus.images == 1 ? proportions : 1;
  const float tall = std::floor(std::min(height, std::max(each / std::max(aspect, 0.2F), 40 * frame.scale)));
  const float wide = std::floor(std::min(each, tall * std::max(aspect, 1.F)));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = at.x + std::floor((width - (second ? 2 * wide + gap : wide)) / 2);
  images_of(frame, {ImVec2(left, at.y), ImVec2(left + wide, at.y + tall)}, false);
  if (second)
    images_of(frame, {ImVec2(left + wide + gap, at.y), ImVec2(left + 2 * wide + gap, at.y + tall)}, true);
  if (beside)
    draw_examples(frame, {ImVec2(at.x + room - width, at.y), ImVec2(at.x + room, at.y + tall)}, 3);
  ImGui::Dummy(ImVec2(room, tall));
  if (examples && !beside) {
    const ImVec2 below = ImGui::GetCursorScreenPos();
    const float side = std::floor((room - 8 * 3 * frame.scale) / shown_examples);
    draw_examples(frame, {below, ImVec2(below.x + room, below.y + side)}, shown_examples);
    ImGui::Dummy(ImVec2(room, side));
  }
  if (examples)
    draw_examples_state(frame);
}

std::string value_text(const RunState &run) {
  return run.values.empty() ? std::string() : "value " + number_text(run.values.back());
}

// How far it is; with a second recipe, how far each is, below its image.
void readout(const FocusState &focus) {
  const RunState &first = focus.first;
  const std::string branch = focus.branch > 0 ? fmt::format(", branch {}", focus.branch) : std::string();
  ImGui::AlignTextToFramePadding();
  if (!focus.second) {
    ImGui::TextUnformatted(fmt::format("step {}{}", first.steps, branch).c_str());
    text_right(value_text(first), text_colour());
    return;
  }
  const float half = ImGui::GetContentRegionAvail().x / 2, left = ImGui::GetCursorPosX();
  const float room = std::max(half - ImGui::GetStyle().ItemSpacing.x, 1.F);
  text_fitted(fmt::format("step {}{}  {}", first.steps, branch, value_text(first)), text_colour(), room);
  ImGui::SameLine(left + half);
  text_fitted(fmt::format("step {}  {}", focus.second->steps, value_text(*focus.second)), text_colour(), room);
}

void health(Frame &frame) {
  const FocusState &focus = frame.now.focus;
  const Health state = focus.first.health;
  const Advice what = advice(state);
  const bool remedy = *what.remedy != 0;
  readout(focus);
  if (remedy) {
    if (ImGui::Button(what.remedy))
      apply_remedy(state, frame.ui.wish);
    tooltip(what.effect);
    ImGui::SameLine();
  }
  wrapped(what.sentence, remedy ? health_colour(state) : muted_colour());
  if (!focus.second || !frame.ui.wish.second)
    return;
  const Advice other = advice(focus.second->health);
  if (*other.remedy != 0)
    wrapped(frame.ui.wish.second->name + ": " + other.sentence, health_colour(focus.second->health));
}

void curves(Frame &frame) {
  const FocusState &focus = frame.now.focus;
  const float height = 3 * ImGui::GetTextLineHeight() + 5 * frame.scale;
  const RunState none, &second = focus.second ? *focus.second : none;
  plot("value", {focus.first.values, focus.first.steps}, {second.values, second.steps}, height);
  plot("gradient", {focus.first.norms, focus.first.steps}, {second.norms, second.steps}, height);
}

} // namespace

void draw_focus(Frame &frame) {
  Ui &ui = frame.ui;
  const float height = ImGui::GetContentRegionAvail().y;
  if (ui.wish.focus) {
    title(frame, Unit(*ui.wish.focus)); // a copy: it may be replaced
    caption_line(frame);
    images(frame, std::max(height * 0.42F, 120 * frame.scale));
    if (arrived(frame)) {
      health(frame);
      curves(frame);
    }
  } else {
    heading("Focus");
    draw_objective(frame);
    wrapped("Click a tile of the wall, or type a channel's number above it: here is what it likes, and where in the "
            "photo it fires. Or type an objective.",
            muted_colour());
  }
  ImGui::Spacing();
  if (ui.wish.lens.kind != Lens::Kind::none) // the photo is in the middle
    draw_guesses(frame);
  else
    draw_photo(frame, std::max(ImGui::GetContentRegionAvail().y, 150 * frame.scale));
}

} // namespace convscope::viewer
