// What the panels share: quiet colours, text that fits, pictures from an atlas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <imgui.h>

#include "viewer/atlas.h"
#include "viewer/state.h"
#include "viewer/window.h"

namespace convscope::viewer {

// Of the theme in use.
ImU32 text_colour();
ImU32 muted_colour();
ImU32 accent_colour(float alpha = 1);
ImU32 frame_colour(); // behind pictures that are not there yet
ImU32 border_colour();
ImU32 health_colour(Health health);

// `text`, with its middle left out where it is wider than `width`.
std::string fit(std::string_view text, float width);
// Text of the width that is left, in full as a tooltip where something had to be left out.
void text_fitted(std::string_view text, ImU32 colour, float width = 0);
void text_right(std::string_view text, ImU32 colour); // at the right end of the line
void muted(std::string_view text);
void wrapped(std::string_view text, ImU32 colour);
void tooltip(std::string_view text); // for the last item, when hovered
// Once a frame: from a press or a key on until the mouse moves again, nothing is explained; a tooltip would cover what
// the user works on.
void follow_pointer();
bool pointer_asks();
void heading(std::string_view text);

// Three significant digits: "4.21", "0.0312", "1240", "3.1e-07".
std::string number_text(double value);
std::string file_name(const std::string &path); // its last part
// The channel that a number names, or the nearest to it of so many.
int typed_channel(const std::string &number, int channels);
std::string bytes_text(std::uint64_t bytes); // "1.21 GiB"
std::string count_text(std::int64_t count);  // "2 359 808"

// The largest rectangle of that aspect (width over height) within one, centred.
struct Box {
  ImVec2 a, b;
  float width() const { return b.x - a.x; }
  float height() const { return b.y - a.y; }
};
Box fitted(const Box &box, float aspect);
// False where the atlas or the cell is not there; then nothing is drawn.
bool draw_cell(ImDrawList &list, Window &window, const Atlas *atlas, int cell, const Box &box, float alpha = 1);
// Centred in the box, muted, wrapped.
void draw_note(ImDrawList &list, const Box &box, std::string_view text);

// A button that shows whether what it stands for is on; true when it is pressed.
bool lit_button(const char *label, bool on, bool small = false);

// A row of buttons of which one is chosen; true when that changed. Keys are shown in tooltips.
bool choice(const char *id, const char *const *names, int count, int &chosen);
// A slider, filled as far as its value goes, so that the value reads on plain ground. True when it changed; never
// outside.
bool slide(const char *id, float &value, float low, float high, const char *format, bool logarithmic = false);
// The next item, so wide, goes on the same line where it fits.
void same_line_if(float width);
// A label on the left, the widget to come on the right of it, over the rest of the line.
void labelled(const char *label, const char *what, float scale);

} // namespace convscope::viewer
