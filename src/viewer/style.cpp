#include "viewer/style.h"

#include <cmath>
#include <cstdint>

#include <imgui.h>

#include "font.h"

namespace convscope::viewer {
namespace {

constexpr float font_height = 15, monospaced_height = 13;

#if IMGUI_VERSION_NUM >= 19090
constexpr ImGuiCol tab_selected = ImGuiCol_TabSelected, tab_dimmed = ImGuiCol_TabDimmed,
                   tab_dimmed_selected = ImGuiCol_TabDimmedSelected;
#else
constexpr ImGuiCol tab_selected = ImGuiCol_TabActive, tab_dimmed = ImGuiCol_TabUnfocused,
                   tab_dimmed_selected = ImGuiCol_TabUnfocusedActive;
#endif
#if IMGUI_VERSION_NUM >= 19140
constexpr ImGuiCol nav_cursor = ImGuiCol_NavCursor;
#else
constexpr ImGuiCol nav_cursor = ImGuiCol_NavHighlight;
#endif

struct Palette {
  std::uint32_t background, window, popup, bar, frame, frame_hovered, frame_active, button, button_hovered, border,
      border_light, text, text_dim, grab, grab_hovered, accent, accent_dim;
};

constexpr Palette dark{
    .background = 0x0f1013,
    .window = 0x16181c,
    .popup = 0x1b1e23,
    .bar = 0x121418,
    .frame = 0x1e2126,
    .frame_hovered = 0x272b32,
    .frame_active = 0x2f343c,
    .button = 0x262a31,
    .button_hovered = 0x31363f,
    .border = 0x2c3038,
    .border_light = 0x22252b,
    .text = 0xdfe2e6,
    .text_dim = 0x949ba5,
    .grab = 0x363b44,
    .grab_hovered = 0x474d58,
    .accent = 0xf2a65a,
    .accent_dim = 0xb97f45,
};

constexpr Palette light{
    .background = 0xdcdfe4,
    .window = 0xf5f6f8,
    .popup = 0xfdfdfe,
    .bar = 0xe9ebef,
    .frame = 0xffffff,
    .frame_hovered = 0xf9f3ec,
    .frame_active = 0xf6e9da,
    .button = 0xe4e7ec,
    .button_hovered = 0xd8dce3,
    .border = 0xc6cbd3,
    .border_light = 0xdcdfe5,
    .text = 0x1f2328,
    .text_dim = 0x545b66,
    .grab = 0xc2c7d0,
    .grab_hovered = 0xa9b0bb,
    .accent = 0xb85c14,
    .accent_dim = 0xcf7c38,
};

const Palette &palette(Theme theme) { return theme == Theme::light ? light : dark; }

ImVec4 colour(std::uint32_t rgb, float alpha = 1) {
  const auto part = [&](int shift) { return static_cast<float>(rgb >> shift & 0xff) / 255; };
  return {part(16), part(8), part(0), alpha};
}

void set_colours(ImGuiStyle &style, const Palette &p) {
  ImVec4 *c = style.Colors;
  c[ImGuiCol_Text] = colour(p.text);
  c[ImGuiCol_TextDisabled] = colour(p.text_dim);
  c[ImGuiCol_WindowBg] = colour(p.window);
  c[ImGuiCol_ChildBg] = colour(p.window, 0);
  c[ImGuiCol_PopupBg] = colour(p.popup);
  c[ImGuiCol_Border] = colour(p.border);
  c[ImGuiCol_BorderShadow] = colour(0, 0);
  c[ImGuiCol_FrameBg] = colour(p.frame);
  c[ImGuiCol_FrameBgHovered] = colour(p.frame_hovered);
  c[ImGuiCol_FrameBgActive] = colour(p.frame_active);
  c[ImGuiCol_TitleBg] = colour(p.bar);
  c[ImGuiCol_TitleBgActive] = colour(p.bar);
  c[ImGuiCol_TitleBgCollapsed] = colour(p.bar);
  c[ImGuiCol_MenuBarBg] = colour(p.bar);
  c[ImGuiCol_ScrollbarBg] = colour(p.window, 0);
  c[ImGuiCol_ScrollbarGrab] = colour(p.grab);
  c[ImGuiCol_ScrollbarGrabHovered] = colour(p.grab_hovered);
  c[ImGuiCol_ScrollbarGrabActive] = colour(p.accent_dim);
  c[ImGuiCol_CheckMark] = colour(p.accent);
  c[ImGuiCol_SliderGrab] = colour(p.accent_dim, 0.5F); // the value stands over it
  c[ImGuiCol_SliderGrabActive] = colour(p.accent_dim, 0.75F);
  c[ImGuiCol_Button] = colour(p.button);
  c[ImGuiCol_ButtonHovered] = colour(p.button_hovered);
  c[ImGuiCol_ButtonActive] = colour(p.accent, 0.45F);
  c[ImGuiCol_Header] = colour(p.accent, 0.26F);
  c[ImGuiCol_HeaderHovered] = colour(p.accent, 0.16F);
  c[ImGuiCol_HeaderActive] = colour(p.accent, 0.32F);
  c[ImGuiCol_Separator] = colour(p.border);
  c[ImGuiCol_SeparatorHovered] = colour(p.accent, 0.60F);
  c[ImGuiCol_SeparatorActive] = colour(p.accent);
  c[ImGuiCol_ResizeGrip] = colour(p.grab, 0.50F);
  c[ImGuiCol_ResizeGripHovered] = colour(p.accent, 0.60F);
  c[ImGuiCol_ResizeGripActive] = colour(p.accent);
  c[ImGuiCol_Tab] = colour(p.bar);
  c[ImGuiCol_TabHovered] = colour(p.accent, 0.28F);
  c[tab_selected] = colour(p.button_hovered);
  c[tab_dimmed] = colour(p.bar);
  c[tab_dimmed_selected] = colour(p.button);
  c[ImGuiCol_PlotLines] = colour(p.accent);
  c[ImGuiCol_PlotLinesHovered] = colour(p.text);
  c[ImGuiCol_PlotHistogram] = colour(p.accent_dim);
  c[ImGuiCol_PlotHistogramHovered] = colour(p.accent);
  c[ImGuiCol_TableHeaderBg] = colour(p.bar);
  c[ImGuiCol_TableBorderStrong] = colour(p.border);
  c[ImGuiCol_TableBorderLight] = colour(p.border_light);
  c[ImGuiCol_TableRowBg] = colour(p.window, 0);
  c[ImGuiCol_TableRowBgAlt] = colour(p.text, 0.025F);
  c[ImGuiCol_TextSelectedBg] = colour(p.accent, 0.30F);
  c[ImGuiCol_DragDropTarget] = colour(p.accent);
  c[nav_cursor] = colour(p.accent, 0.80F);
  c[ImGuiCol_NavWindowingHighlight] = colour(p.accent, 0.70F);
  c[ImGuiCol_NavWindowingDimBg] = colour(0, 0.35F);
  c[ImGuiCol_ModalWindowDimBg] = colour(0, 0.45F);
}

void set_sizes(ImGuiStyle &style) {
  style.WindowPadding = {10, 10};
  style.FramePadding = {8, 4};
  style.CellPadding = {6, 3};
  style.ItemSpacing = {8, 6};
  style.ItemInnerSpacing = {6, 4};
  style.IndentSpacing = 18;
  style.ScrollbarSize = 12;
  style.GrabMinSize = 12;
  style.WindowRounding = style.ChildRounding = style.FrameRounding = style.PopupRounding = style.ScrollbarRounding =
      style.GrabRounding = style.TabRounding = 3;
  style.WindowBorderSize = style.ChildBorderSize = style.PopupBorderSize = style.FrameBorderSize = 1;
  style.TabBorderSize = 0;
  style.WindowTitleAlign = {0, 0.5F};
  style.WindowMenuButtonPosition = ImGuiDir_None;
}

} // namespace

void apply_style(Theme theme, float scale) {
  ImGuiStyle style;
  theme == Theme::light ? ImGui::StyleColorsLight(&style) : ImGui::StyleColorsDark(&style); // what is not set below
  set_colours(style, palette(theme));
  set_sizes(style);
  style.ScaleAllSizes(scale);
#if IMGUI_VERSION_NUM >= 19200
  style.FontScaleMain = ImGui::GetStyle().FontScaleMain;
#endif
  ImGui::GetStyle() = style;
}

std::array<float, 4> background(Theme theme) {
  const ImVec4 c = colour(palette(theme).background);
  return {c.x, c.y, c.z, c.w};
}

void load_font(float scale, float pixels) {
  // Latin, Greek and Cyrillic for files' names; punctuation, arrows, signs and shapes for labels.
  static const ImWchar ranges[] = {0x0020, 0x017f, 0x0370, 0x03ff, 0x0400, 0x045f, 0x2010, 0x205e,
                                   0x2070, 0x209c, 0x2190, 0x21ff, 0x2200, 0x22ff, 0x23cf, 0x23cf,
                                   0x25a0, 0x25ff, 0x2600, 0x26a1, 0x2713, 0x2718, 0};
  ImGuiIO &io = ImGui::GetIO();
  io.Fonts->Clear();
  ImFontConfig font;
  font.FontDataOwnedByAtlas = false;
  font.OversampleH = pixels * scale < 1.75F ? 2 : 1;
  font.OversampleV = 1;
  font.PixelSnapH = false;
  const auto bytes = font_ttf();
  io.Fonts->AddFontFromMemoryTTF(const_cast<unsigned char *>(bytes.data()), static_cast<int>(bytes.size()),
                                 std::round(font_height * scale * pixels), &font, ranges);
  ImFontConfig fixed;
  fixed.SizePixels = std::round(monospaced_height * scale * pixels);
  io.Fonts->AddFontDefault(&fixed);
#if IMGUI_VERSION_NUM >= 19200
  ImGui::GetStyle().FontScaleMain = 1 / pixels;
#else
  io.FontGlobalScale = 1 / pixels;
#endif
}

} // namespace convscope::viewer
