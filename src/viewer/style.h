// How the viewer looks: Dear ImGui's colours, sizes and font.
#pragma once

#include <array>

#include "viewer/window.h"

namespace convscope::viewer {

// Colours, and sizes multiplied by `scale`, of the current ImGui context.
void apply_style(Theme theme, float scale);
// Behind all windows: red, green, blue, alpha.
std::array<float, 4> background(Theme theme);
// DejaVu Sans and, last in ImGui's list, a monospaced font for tables of text; their texture is not yet made. Lengths
// of ImGui's are `pixels` pixels of the framebuffer.
void load_font(float scale, float pixels);

} // namespace convscope::viewer
