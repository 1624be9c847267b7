#include "viewer/widgets.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/files.h"

namespace convscope::viewer {

ImU32 text_colour() { return ImGui::GetColorU32(ImGuiCol_Text); }
ImU32 muted_colour() { return ImGui::GetColorU32(ImGuiCol_TextDisabled); }
ImU32 accent_colour(float alpha) { return ImGui::GetColorU32(ImGuiCol_CheckMark, alpha); }
ImU32 frame_colour() { return ImGui::GetColorU32(ImGuiCol_MenuBarBg); }
ImU32 border_colour() { return ImGui::GetColorU32(ImGuiCol_Border); }

// Mid tones, legible on dark and on light.
ImU32 health_colour(Health health) {
  switch (health) {
  case Health::saturated:
    return IM_COL32(200, 140, 30, 255);
  case Health::dead:
  case Health::diverging:
    return IM_COL32(214, 84, 70, 255);
  case Health::well:
  case Health::waiting:
    break;
  }
  return muted_colour();
}

namespace {

float width_of(std::string_view text) { return ImGui::CalcTextSize(text.data(), text.data() + text.size()).x; }

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The two ends of a text, together about `keep` bytes, never half a UTF-8 character.
std::string ends_of(std::string_view text, std::size_t keep) {
  std::size_t head = (keep + 1) / 2, tail = text.size() - keep / 2;
  while (head > 0 && continues(text[head]))
    --head;
  while (tail < text.size() && continues(text[tail]))
    ++tail;
  return fmt::format("{}\u2026{}", text.substr(0, head), text.substr(tail));
}

} // namespace

std::string fit(std::string_view text, float width) {
  if (width_of(text) <= width)
    return std::string(text);
  std::size_t fits = 0, too_many = text.size();
  while (fits + 1 < too_many) {
    const std::size_t keep = (fits + too_many) / 2;
    (width_of(ends_of(text, keep)) <= width ? fits : too_many) = keep;
  }
  return ends_of(text, fits);
}

void text_fitted(std::string_view text, ImU32 colour, float width) {
  const std::string shown = fit(text, width > 0 ? width : ImGui::GetContentRegionAvail().x);
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(shown.c_str());
  ImGui::PopStyleColor();
  if (shown != text)
    tooltip(text);
}

void text_right(std::string_view text, ImU32 colour) {
  ImGui::SameLine();
  const float room = ImGui::GetContentRegionAvail().x;
  const float width = std::min(width_of(text), room);
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
  text_fitted(text, colour, std::max(width, 1.F));
}

void muted(std::string_view text) { text_fitted(text, muted_colour()); }

void wrapped(std::string_view text, ImU32 colour) {
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

namespace {
bool asking = false;
} // namespace

void follow_pointer() {
  const ImGuiIO &io = ImGui::GetIO();
  const auto pressed = [](bool down) { return down; };
  if (std::any_of(std::begin(io.MouseDown), std::end(io.MouseDown), pressed) || io.InputQueueCharacters.Size > 0)
    asking = false;
  else if (io.MouseDelta.x != 0 || io.MouseDelta.y != 0)
    asking = true;
}

bool pointer_asks() { return asking; }

void tooltip(std::string_view text) {
  if (!asking || !ImGui::IsItemHovered())
    return;
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 28);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

void heading(std::string_view text) {
  ImGui::AlignTextToFramePadding();
  text_fitted(text, muted_colour());
}

std::string number_text(double value) {
  if (std::isnan(value))
    return "not a number";
  const double size = std::abs(value);
  if (value == 0)
    return "0";
  if (size >= 1e6 || size < 1e-3)
    return fmt::format("{:.1e}", value);
  if (size >= 100)
    return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

int typed_channel(const std::string &number, int channels) {
  return static_cast<int>(std::clamp(std::strtod(number.c_str(), nullptr), 0.0, std::max(channels - 1.0, 0.0)));
}

std::string file_name(const std::string &path) { return path_text(std::filesystem::path(path).filename()); }

std::string bytes_text(std::uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1024 * 1024);
  return mib < 1000 ? fmt::format("{:.0f} MiB", mib) : fmt::format("{:.2f} GiB", mib / 1024);
}

std::string count_text(std::int64_t count) {
  const std::string digits = fmt::format("{}", count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0)
      text += ' ';
    text += digits[i];
  }
  return text;
}

Box fitted(const Box &box, float aspect) {
  if (!(aspect > 0) || !(box.width() > 0) || !(box.height() > 0))
    return box;
  const float w = std::min(box.width(), box.height() * aspect), h = w / aspect;
  // Whole pixels, so that enlarged pixels have sharp edges.
  const ImVec2 a(std::floor(box.a.x + (box.width() - w) / 2), std::floor(box.a.y + (box.height() - h) / 2));
  return {a, ImVec2(a.x + std::round(w), a.y + std::round(h))};
}

bool draw_cell(ImDrawList &list, Window &window, const Atlas *atlas, int cell, const Box &box, float alpha) {
  if (!atlas || cell < 0 || cell >= atlas->cells())
    return false;
  const auto [u0, v0, u1, v1] = atlas->uv(cell);
  const auto tint = IM_COL32(255, 255, 255, static_cast<int>(std::clamp(alpha, 0.F, 1.F) * 255));
  const auto texture = reinterpret_cast<ImTextureID>(window.texture(atlas->view(), atlas->sampler()));
  list.AddImage(texture, box.a, box.b, ImVec2(u0, v0), ImVec2(u1, v1), tint);
  return true;
}

void draw_note(ImDrawList &list, const Box &box, std::string_view text) {
  const float width = std::max(box.width() - 2 * ImGui::GetStyle().FramePadding.x, 1.F);
  const char *const end = text.data() + text.size();
  const ImVec2 size = ImGui::CalcTextSize(text.data(), end, false, width);
  if (size.x > box.width() || size.y > box.height())
    return;
  const ImVec2 at((box.a.x + box.b.x - size.x) / 2, (box.a.y + box.b.y - size.y) / 2);
  list.AddText(ImGui::GetFont(), ImGui::GetFontSize(), ImVec2(std::floor(at.x), std::floor(at.y)), muted_colour(),
               text.data(), end, width);
}

bool lit_button(const char *label, bool on, bool small) {
  if (on)
    for (const ImGuiCol part : {ImGuiCol_Button, ImGuiCol_ButtonHovered})
      ImGui::PushStyleColor(part, ImGui::GetStyleColorVec4(ImGuiCol_ButtonActive));
  const bool pressed = small ? ImGui::SmallButton(label) : ImGui::Button(label);
  if (on)
    ImGui::PopStyleColor(2);
  return pressed;
}

bool choice(const char *id, const char *const *names, int count, int &chosen) {
  bool changed = false;
  ImGui::PushID(id);
  for (int i = 0; i < count; ++i) {
    if (i > 0)
      ImGui::SameLine(0, 1);
    const bool on = i == chosen;
    if (lit_button(names[i], on) && !on) {
      chosen = i;
      changed = true;
    }
  }
  ImGui::PopID();
  return changed;
}

bool slide(const char *id, float &value, float low, float high, const char *format, bool logarithmic) {
  const float share = logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  const ImVec2 a = ImGui::GetCursorScreenPos(), b(a.x + ImGui::CalcItemWidth(), a.y + ImGui::GetFrameHeight());
  const float rounding = ImGui::GetStyle().FrameRounding;
  const bool hovered = ImGui::IsMouseHoveringRect(a, b) && ImGui::IsWindowHovered();
  ImDrawList &list = *ImGui::GetWindowDrawList();
  list.AddRectFilled(a, b, ImGui::GetColorU32(hovered ? ImGuiCol_FrameBgHovered : ImGuiCol_FrameBg), rounding);
  const float end = a.x + std::clamp(share, 0.F, 1.F) * (b.x - a.x);
  if (end > a.x)
    list.AddRectFilled(a, ImVec2(end, b.y), ImGui::GetColorU32(ImGuiCol_SliderGrab), rounding);
  const ImVec4 nothing(0, 0, 0, 0);
  for (const ImGuiCol part : {ImGuiCol_FrameBg, ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive, ImGuiCol_SliderGrab,
                              ImGuiCol_SliderGrabActive})
    ImGui::PushStyleColor(part, nothing);
  const bool changed = ImGui::SliderFloat(
      id, &value, low, high, format, ImGuiSliderFlags_AlwaysClamp | (logarithmic ? ImGuiSliderFlags_Logarithmic : 0));
  ImGui::PopStyleColor(5);
  return changed;
}

void same_line_if(float width) {
  const ImGuiStyle &style = ImGui::GetStyle();
  const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
  if (ImGui::GetItemRectMax().x + style.ItemSpacing.x + width <= right)
    ImGui::SameLine();
}

void labelled(const char *label, const char *what, float scale) {
  const float column = std::min(96 * scale, ImGui::GetContentRegionAvail().x * 0.42F);
  ImGui::AlignTextToFramePadding();
  const float left = ImGui::GetCursorPosX();
  text_fitted(label, muted_colour(), column - ImGui::GetStyle().ItemSpacing.x);
  if (*what)
    tooltip(what);
  ImGui::SameLine(left + column);
  ImGui::SetNextItemWidth(-FLT_MIN);
}

} // namespace convscope::viewer
