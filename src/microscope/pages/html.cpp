#include "microscope/pages/html.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "microscope/sprites.h"
#include "microscope/web_files.h"

namespace convscope::pages {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : printable(text))
    switch (c) {
    case '&':
      safe += "&amp;";
      break;
    case '<':
      safe += "&lt;";
      break;
    case '>':
      safe += "&gt;";
      break;
    case '"':
      safe += "&quot;";
      break;
    case '\'':
      safe += "&#39;";
      break;
    default:
      safe += c;
    }
  return safe;
}

std::string address(std::string_view text) {
  std::string safe;
  for (const char c : printable(text)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '-' || c == '_' || c == '.';
    safe += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return safe;
}

std::string json_text(const nlohmann::ordered_json &json) {
  std::string safe;
  for (const char c : json.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace))
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  return safe;
}

std::string number(double value) { return fmt::format("{:.3g}", value); }

std::string count(std::int64_t number) {
  if (number < 1000)
    return fmt::format("{}", number);
  return fmt::format("{},{:03}", count(number / 1000), number % 1000);
}

std::string filled(std::string_view page, const std::vector<std::pair<std::string, std::string>> &values) {
  std::string text;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t open = page.find("{{", at);
    text += page.substr(at, open - at);
    if (open == std::string_view::npos)
      break;
    const std::size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    for (const auto &[key, value] : values)
      if (key == name)
        text += value;
    at = close + 2;
  }
  return text;
}

std::string bar(const std::string &net, const std::string &home) {
  return filled(web_file("bar.html"), {{"net", escaped(net)}, {"home", home}});
}

std::string_view web_file(std::string_view name) {
  for (const auto &[file, text] : web_files())
    if (file == name)
      return text;
  return {};
}

std::string thumb(const SiteLayer &layer, std::size_t place, const std::string &root) {
  const SiteUnit &unit = layer.units[place];
  const std::string link = address(layer.layer.name + "/" + std::to_string(unit.unit));
  if (!unit.views[0])
    return fmt::format(R"(<span class="thumb wait" title="unit {0}: not made yet">{0}</span>)", unit.unit);
  const bool dead = unit.views[0]->state == Record::State::dead;
  const std::size_t cell = place % sheet_cells;
  const auto percent = [](std::size_t i) { return number(100.0 * double(i) / (sheet_columns - 1)); };
  return fmt::format(R"(<a class="thumb{}" href="{}images/{}/{}.png" data-to="{}"{}>{}</a>)", dead ? " dead" : "", root,
                     layer.layer.folder, file_stem(unit.unit, View::channel), link,
                     dead ? std::string(R"( title="no response")")
                          : fmt::format(R"( style="background-image:url({}{});background-position:{}% {}%")", root,
                                        sheet_path(layer.layer.folder, place / sheet_cells),
                                        percent(cell % sheet_columns), percent(cell / sheet_columns)),
                     unit.unit);
}

std::string shape_text(const Shape &shape) {
  if (shape.c == 0)
    return "";
  return shape.h * shape.w == 1 ? "a vector" : fmt::format("map of {} × {}", shape.w, shape.h);
}

std::string state_text(const SiteLayer &layer) {
  const int units = static_cast<int>(layer.units.size()), done = layer.done(), dead = layer.dead();
  std::string text = layer.whole() || layer.layer.shape.c == 0
                         ? fmt::format("{} units", count(units))
                         : fmt::format("{} of {} units", count(units), count(layer.layer.shape.c));
  if (units == 1 && layer.layer.shape.c == 1)
    text = "1 unit";
  if (done < units)
    text += fmt::format(", {} made so far", count(done));
  if (dead > 0)
    text += fmt::format(", {} dead", count(dead));
  return text;
}

} // namespace convscope::pages
