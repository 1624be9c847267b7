// The focused unit's examples: the photos of a folder that excite it most, each cut to what the unit sees of it. Under
// the pointer, where that is.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>

#include "base/files.h"
#include "dataset/photo_folder.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

using Stage = ExamplesState::Stage;

// What there is, if it is the focused unit's.
const ExamplesState *examples_of(const Frame &frame) {
  const auto &focus = frame.ui.wish.focus;
  const ExamplesState &there = frame.now.examples;
  const bool its = focus && there.shown && there.folder == frame.ui.wish.photos_seen.folder &&
                   *there.shown == Unit{focus->layer, focus->channel};
  return its ? &there : nullptr;
}

bool at_work(const Frame &frame) {
  const ExamplesState &there = frame.now.examples;
  return there.problem.empty() && (there.stage == Stage::listing || there.stage == Stage::looking ||
                                   there.folder != frame.ui.wish.photos_seen.folder);
}

std::string time_text(double seconds) {
  if (seconds < 60)
    return fmt::format("{:.0f} s", std::ceil(seconds));
  const auto minutes = static_cast<std::int64_t>(std::ceil(seconds / 60));
  return minutes < 60 ? fmt::format("{} min", minutes) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

// The whole photo, with a box around what the unit sees.
void whole_photo(const Frame &frame, const ExamplesState::Shown &example, int cell) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const float most_w = std::min(display.x * 0.35F, 420 * frame.scale), most_h = display.y * 0.4F;
  const float w = std::floor(std::min(most_w, most_h * example.photo_aspect)), h = w / example.photo_aspect;
  ImGui::BeginTooltip();
  const ImVec2 a = ImGui::GetCursorScreenPos();
  ImGui::Dummy(ImVec2(w, h));
  ImDrawList &list = *ImGui::GetWindowDrawList();
  draw_cell(list, frame.window, frame.textures.example_photos, cell, {a, ImVec2(a.x + w, a.y + h)});
  const ImVec2 from(a.x + example.left * w, a.y + example.top * h),
      to(a.x + example.right * w, a.y + example.bottom * h);
  list.AddRect(from, to, IM_COL32(0, 0, 0, 160), 0, 0, 4 * frame.scale);
  list.AddRect(from, to, accent_colour(), 0, 0, 2 * frame.scale);
  ImGui::TextUnformatted(fit(example.file, std::max(w, 160 * frame.scale)).c_str());
  ImGui::TextUnformatted(fmt::format("activation {}", number_text(example.value)).c_str());
  ImGui::TextDisabled("Click: look at this photo");
  ImGui::EndTooltip();
}

void crop(Frame &frame, const ExamplesState::Shown &example, int cell, const Box &box) {
  ImDrawList &list = *ImGui::GetWindowDrawList();
  ImGui::PushID(cell);
  ImGui::SetCursorScreenPos(box.a);
  const bool clicked =
      ImGui::InvisibleButton("##crop", ImVec2(std::max(box.width(), 1.F), std::max(box.height(), 1.F)));
  list.AddRectFilled(box.a, box.b, frame_colour());
  if (!example.readable) {
    draw_note(list, box, "gone");
    tooltip(example.file + " can't be read any more");
  } else {
    draw_cell(list, frame.window, frame.textures.examples, cell, fitted(box, example.crop_aspect));
    if (ImGui::IsItemHovered() && pointer_asks())
      whole_photo(frame, example, cell);
    if (clicked)
      frame.ui.open_photo(path_text(photo_file(frame.now.examples.folder, example.file)));
  }
  if (ImGui::IsItemHovered())
    list.AddRect(box.a, box.b, accent_colour(), 0, 0, frame.scale);
  ImGui::PopID();
}

// How far looking at the photos is, or what is known of them.
std::string state_text(const Frame &frame, const ExamplesState *its) {
  const ExamplesState &there = frame.now.examples;
  if (there.folder != frame.ui.wish.photos_seen.folder)
    return "Opening the folder…";
  if (there.stage == Stage::listing)
    return there.found > 0 ? fmt::format("Reading the folder: {} photos", count_text(there.found))
                           : "Reading the folder…";
  if (there.stage == Stage::looking) {
    std::string text = fmt::format("{} of {} photos", count_text(there.looked_at), count_text(there.photos));
    if (frame.ui.wish.photos_seen.runs && there.seconds_left >= 0)
      text += fmt::format(", {} left", time_text(there.seconds_left));
    return text;
  }
  if (!its || its->seen == 0)
    return "";
  const double percent = 100.0 * static_cast<double>(its->excited) / static_cast<double>(its->seen);
  return fmt::format("fires in {} % of {} photo{}",
                     percent > 0 && percent < 1 ? number_text(percent) : fmt::format("{:.0f}", percent),
                     count_text(its->seen), its->seen == 1 ? "" : "s");
}

std::string details_text(const ExamplesState &there) {
  std::string text = there.folder;
  if (there.skipped_count > 0)
    text += fmt::format("\n{} can't be read:", there.skipped_count == 1 ? "One" : count_text(there.skipped_count));
  for (const std::string &each : there.skipped)
    text += "\n" + each;
  if (std::ssize(there.skipped) < there.skipped_count)
    text += "\n…";
  return text;
}

} // namespace

bool shows_examples(const Frame &frame) {
  const auto &focus = frame.ui.wish.focus;
  return frame.ui.config.examples && focus && focus->channel >= 0 && !frame.ui.wish.photos_seen.folder.empty();
}

void examples_button(Frame &frame) {
  if (lit_button("Examples", shows_examples(frame), true))
    frame.ui.show_examples();
  tooltip(frame.ui.wish.photos_seen.folder.empty()
              ? "Choose a folder of photos: those that excite this unit most, cut to what it sees (X)"
              : "The photos that excite this unit most, or not (X)");
}

void draw_examples(Frame &frame, const Box &box, int columns) {
  const ExamplesState *const its = examples_of(frame);
  const int rows = (shown_examples + columns - 1) / columns, count = its ? static_cast<int>(its->top.size()) : 0;
  const float gap = 3 * frame.scale;
  const float side =
      std::floor(std::min((box.width() - static_cast<float>(columns - 1) * gap) / static_cast<float>(columns),
                          (box.height() - static_cast<float>(rows - 1) * gap) / static_cast<float>(rows)));
  const bool waits = at_work(frame) || (!its && frame.now.examples.problem.empty());
  ImDrawList &list = *ImGui::GetWindowDrawList();
  const ImVec2 cursor = ImGui::GetCursorScreenPos();
  for (int i = 0; i < shown_examples; ++i) {
    const int column = i % columns, row = i / columns;
    const ImVec2 a(box.a.x + static_cast<float>(column) * (side + gap),
                   box.a.y + static_cast<float>(row) * (side + gap));
    const Box cell{a, ImVec2(a.x + side, a.y + side)};
    if (i < count)
      crop(frame, its->top[static_cast<std::size_t>(i)], i, cell);
    else if (waits)
      list.AddRectFilled(cell.a, cell.b, frame_colour());
  }
  ImGui::SetCursorScreenPos(cursor);
  if (count > 0 || waits)
    return;
  const std::string &problem = frame.now.examples.problem; // in full: the line below has less room
  draw_note(list, box, problem.empty() ? "It is silent in all of them" : problem);
}

void draw_examples_state(Frame &frame) {
  PhotosWish &wish = frame.ui.wish.photos_seen;
  const ExamplesState &there = frame.now.examples;
  const bool current = there.folder == wish.folder, wrong = current && !there.problem.empty();
  const bool looking = !wrong && current && there.stage == Stage::looking;
  const char *const button = wrong ? "Choose…" : !looking ? "" : wish.runs ? "Stop" : "Go on";
  const float left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
  const float width = *button ? ImGui::CalcTextSize(button).x + 2 * ImGui::GetStyle().FramePadding.x : 0;
  const std::string text = wrong ? there.problem : state_text(frame, examples_of(frame));
  if (*button)
    ImGui::AlignTextToFramePadding();
  ImGui::PushStyleColor(ImGuiCol_Text, wrong ? health_colour(Health::dead) : muted_colour());
  ImGui::TextUnformatted(fit(text, std::max(room - width - ImGui::GetStyle().ItemSpacing.x, 1.F)).c_str());
  ImGui::PopStyleColor();
  tooltip(wrong ? there.problem : details_text(there));
  if (!*button)
    return;
  ImGui::SameLine(left + std::max(room - width, 0.F));
  if (ImGui::Button(button)) {
    if (wrong)
      frame.ui.ask(Ask::photos, wish.folder);
    else
      frame.ui.examples_rest = !frame.ui.examples_rest;
  }
  tooltip(wrong ? "Choose a folder of photos" : "What was looked at is kept, and goes on from there the next time");
}

void Ui::open_photos(const std::string &folder) {
  notice.clear();
  PhotosWish &photos = wish.photos_seen;
  if (photos.folder != folder)
    photos.database.clear();
  photos.folder = folder;
  ++photos.opened;
  config.examples = config.focus = true;
  examples_rest = false;
  remember(config.recent_folders, absolute_path(folder));
}

void Ui::show_examples() {
  if (wish.photos_seen.folder.empty())
    ask(Ask::photos);
  else
    config.examples = !config.examples;
}

} // namespace convscope::viewer
