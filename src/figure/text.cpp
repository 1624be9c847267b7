#include "figure/text.h"

#include "font.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

// Static, for other libraries in the same binary (Dear ImGui's) bring their own copy.
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb_truetype.h>

namespace convscope {

namespace {

constexpr char ellipsis[] = "\xE2\x80\xA6";

const stbtt_fontinfo &font() {
  static const stbtt_fontinfo info = [] {
    stbtt_fontinfo loaded;
    if (!stbtt_InitFont(&loaded, font_ttf().data(), 0))
      throw std::logic_error("the embedded font does not load");
    return loaded;
  }();
  return info;
}

float scale_of(double size) { return stbtt_ScaleForMappingEmToPixels(&font(), static_cast<float>(size)); }

// Takes one code point off the front; a byte that begins none is U+FFFD.
char32_t next_code_point(std::string_view &text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  char32_t code = length == 1 ? lead : lead & (0x7f >> length);
  bool good = length > 0 && length <= text.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    good = byte >> 6 == 2;
    code = code << 6 | (byte & 0x3f);
  }
  text.remove_prefix(good ? length : 1);
  return good && code >= 0x20 ? code : U'\uFFFD';
}

// Calls visit(glyph, x, bytes left) with each glyph's place from the text's beginning; gives the advance.
template <typename Visit> double lay_out(std::string_view text, double size, Visit visit) {
  const float scale = scale_of(size);
  double x = 0;
  int previous = 0;
  while (!text.empty()) {
    const int glyph = stbtt_FindGlyphIndex(&font(), static_cast<int>(next_code_point(text)));
    if (previous)
      x += scale * static_cast<float>(stbtt_GetGlyphKernAdvance(&font(), previous, glyph));
    visit(glyph, x);
    int advance = 0;
    stbtt_GetGlyphHMetrics(&font(), glyph, &advance, nullptr);
    x += scale * static_cast<float>(advance);
    previous = glyph;
  }
  return x;
}

struct FreeBitmap {
  void operator()(unsigned char *bitmap) const { stbtt_FreeBitmap(bitmap, nullptr); }
};

// Where each character of the text ends, in bytes.
std::vector<std::size_t> character_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::string_view rest = text; !rest.empty();) {
    next_code_point(rest);
    ends.push_back(text.size() - rest.size());
  }
  return ends;
}

// The longest beginning that fits with `suffix` after it, in bytes.
std::size_t fitting_prefix(std::string_view text, double size, double width, const std::string &suffix) {
  std::size_t fitting = 0;
  for (const std::size_t end : character_ends(text)) {
    if (measure_text(std::string(text.substr(0, end)) + suffix, size) > width)
      break;
    fitting = end;
  }
  return fitting;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

// Where to break a line of which `fitting` bytes fit: at the last blank, else before a channel or position
// (":13", "@center"), else after a sign that joins names, else anywhere.
std::size_t break_point(std::string_view text, std::size_t fitting) {
  // A blank, or what begins the next line, may stand just over the edge.
  const std::string_view over = text.substr(0, fitting + 1);
  const std::size_t blank = over.find_last_of(' '), before = over.find_last_of(":@");
  const std::size_t after = text.substr(0, fitting).find_last_of("_/.+*-");
  if (blank != std::string_view::npos && blank > 0)
    return blank;
  if (before != std::string_view::npos && before > 0)
    return before;
  return after == std::string_view::npos ? fitting : after + 1;
}

} // namespace

TextMetrics text_metrics(double size) {
  int ascent = 0, descent = 0, gap = 0;
  stbtt_GetFontVMetrics(&font(), &ascent, &descent, &gap);
  const double scale = scale_of(size);
  return {static_cast<int>(std::ceil(ascent * scale)), static_cast<int>(std::ceil(-descent * scale)),
          static_cast<int>(std::lround(size * 1.35))};
}

double measure_text(std::string_view text, double size) {
  return lay_out(text, size, [](int, double) {});
}

std::string elide(std::string_view text, double size, double width) {
  if (measure_text(text, size) <= width)
    return std::string(text);
  const std::size_t kept = fitting_prefix(text, size, width, ellipsis);
  if (kept == 0 && measure_text(ellipsis, size) > width)
    return "";
  return std::string(trimmed(text.substr(0, kept))) + ellipsis;
}

std::vector<std::string> wrap(std::string_view text, double size, double width, int max_lines) {
  std::vector<std::string> lines;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    if (static_cast<int>(lines.size()) + 1 == max_lines || measure_text(rest, size) <= width) {
      lines.push_back(elide(rest, size, width));
      break;
    }
    const std::size_t fitting = std::max(fitting_prefix(rest, size, width, ""), character_ends(rest).front());
    const std::size_t end = break_point(rest, fitting);
    lines.emplace_back(trimmed(rest.substr(0, end)));
    rest = trimmed(rest.substr(end));
  }
  return lines;
}

void draw_text(ImageRgb8 &canvas, double x, int y, std::string_view text, double size, Rgb colour) {
  const float scale = scale_of(size);
  lay_out(text, size, [&](int glyph, double offset) {
    const double left = x + offset;
    const double whole = std::floor(left);
    int w = 0, h = 0, dx = 0, dy = 0;
    const std::unique_ptr<unsigned char, FreeBitmap> coverage(stbtt_GetGlyphBitmapSubpixel(
        &font(), scale, scale, static_cast<float>(left - whole), 0, glyph, &w, &h, &dx, &dy));
    if (!coverage)
      return;
    const int x0 = static_cast<int>(whole) + dx, y0 = y + dy;
    for (int row = std::max(0, -y0); row < std::min(h, canvas.height - y0); ++row)
      for (int column = std::max(0, -x0); column < std::min(w, canvas.width - x0); ++column) {
        const int alpha = coverage.get()[row * w + column];
        std::uint8_t *pixel = canvas.at(x0 + column, y0 + row);
        for (int c = 0; c < 3; ++c)
          pixel[c] = static_cast<std::uint8_t>((pixel[c] * (255 - alpha) + colour[c] * alpha + 127) / 255);
      }
  });
}

} // namespace convscope
