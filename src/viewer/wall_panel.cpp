// The wall: each channel of a layer as a tile, with its feature map of the photo and the image that excites it most.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>

#include "viewer/health.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

constexpr float smallest_tile = 24, largest_tile = 320;
constexpr double sort_again_after = 2; // seconds: a wall that is sorted by score must not jump about at each step

struct Geometry {
  float side, tile_w, label, pitch_x, pitch_y;
  int columns;
};

Geometry geometry(const Frame &frame, float width) {
  const float gap = std::round(4 * frame.scale);
  const bool both = frame.ui.wall.show == Show::both;
  // As many columns as come nearest to the size that is asked for; the tiles then fill the width.
  const float asked = std::round(frame.ui.config.tile * frame.scale), asked_w = both ? 2 * asked + 1 : asked;
  const int columns = std::max(1, static_cast<int>(std::lround((width + gap) / (asked_w + gap))));
  const float tile_w = std::floor((width - 2 + gap) / static_cast<float>(columns)) - gap;
  const float side = std::max(both ? std::floor((tile_w - 1) / 2) : tile_w, 8.F);
  // The number needs its width; smaller tiles go without.
  const float label = side >= 32 * frame.scale ? ImGui::GetTextLineHeight() : 0;
  return {side, tile_w, label, tile_w + gap, side + label + gap, columns};
}

void sort_wall(const Frame &frame) {
  Ui::Wall &wall = frame.ui.wall;
  const double now = ImGui::GetTime();
  const bool stale =
      wall.layer != frame.now.layer || wall.sorted_by != wall.sort || wall.order.size() != frame.now.tiles.size();
  const bool hovered = ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows);
  if (!stale && (wall.sort == WallSort::index || hovered || now - wall.sorted_at < sort_again_after))
    return;
  wall.order = wall_order(frame.now.tiles, wall.sort);
  wall.layer = frame.now.layer;
  wall.sorted_by = wall.sort;
  wall.sorted_at = now;
}

// The most that fits of: how many channels there are, how many dead, how many have an image.
void count(const Snapshot &now) {
  const auto dead = std::count_if(now.tiles.begin(), now.tiles.end(),
                                  [](const TileState &tile) { return tile.health == Health::dead; });
  const auto begun =
      std::count_if(now.tiles.begin(), now.tiles.end(), [](const TileState &tile) { return tile.steps > 0; });
  const std::string few = fmt::format("{}", now.tiles.size()), some = few + " channels";
  const std::string more = dead > 0 ? fmt::format("{} · {} dead", some, dead) : some;
  const std::string all = begun > 0 ? fmt::format("{} · {} images", more, begun) : more;
  ImGui::SameLine();
  const float room = ImGui::GetContentRegionAvail().x;
  for (const std::string *text : {&all, &more, &some, &few})
    if (ImGui::CalcTextSize(text->c_str()).x <= room) {
      text_right(*text, muted_colour());
      tooltip(all);
      return;
    }
  ImGui::NewLine();
}

void toolbar(Frame &frame) {
  Ui &ui = frame.ui;
  const float scale = frame.scale;
  static const char *const shows[] = {"Map", "Image", "Both"};
  static const char *const sorts[] = {"by number", "by activation", "by score"};
  int show = static_cast<int>(ui.wall.show);
  if (choice("show", shows, 3, show))
    ui.wall.show = static_cast<Show>(show);
  tooltip("Map: where the photo excites the channel. Image: what would excite it most.\nKeys 1, 2, 3");
  same_line_if(124 * scale);
  int sort = static_cast<int>(ui.wall.sort);
  ImGui::SetNextItemWidth(124 * scale);
  if (ImGui::Combo("##sort", &sort, sorts, 3))
    ui.wall.sort = static_cast<WallSort>(sort);
  tooltip("The order of the tiles. By activation: the photo's strongest first. By score: the highest objective first. "
          "Dead units come last.");
  same_line_if(88 * scale);
  ImGui::SetNextItemWidth(88 * scale);
  ImGui::SliderFloat("##tile", &ui.config.tile, smallest_tile, largest_tile, "%.0f px",
                     ImGuiSliderFlags_Logarithmic | ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_NoInput);
  tooltip("The tiles' size (Ctrl + wheel)");
  same_line_if(ImGui::GetFrameHeight() + ImGui::CalcTextSize("Evolve").x + ImGui::GetStyle().ItemInnerSpacing.x);
  ImGui::BeginDisabled(ui.wall.show == Show::map);
  ImGui::Checkbox("Evolve", &ui.wall.evolve);
  ImGui::EndDisabled();
  tooltip("Whether the wall's images go on being optimized. Off: the focus has the device to itself.");
  if (!frame.now.tiles.empty())
    count(frame.now);
}

void draw_image(Frame &frame, ImDrawList &list, const Box &box, int channel, const TileState &tile) {
  if (tile.steps > 0 && tile.health != Health::dead &&
      draw_cell(list, frame.window, frame.textures.images, channel, box))
    return;
  list.AddRectFilled(box.a, box.b, frame_colour());
  draw_note(list, box, tile.health == Health::dead ? "dead" : "…");
}

void draw_map(Frame &frame, ImDrawList &list, const Box &box, int channel, const TileState &tile) {
  list.AddRectFilled(box.a, box.b, frame_colour());
  if (!frame.now.has_photo) {
    draw_note(list, box, "no photo");
    return;
  }
  // Maps that are being made are in the texture before their size and maxima are known here.
  const bool strong = tile.map_max > 0;
  if (!strong && !frame.now.busy.empty()) {
    draw_note(list, box, "…");
    return;
  }
  const float aspect =
      frame.now.map_height > 0 ? static_cast<float>(frame.now.map_width) / static_cast<float>(frame.now.map_height) : 1;
  if (!draw_cell(list, frame.window, frame.textures.maps, channel, fitted(box, aspect)))
    draw_note(list, box, "…");
  else if (!strong)
    draw_note(list, box, "silent");
}

void draw_pictures(Frame &frame, ImDrawList &list, ImVec2 at, float side, int channel, const TileState &tile) {
  const Show show = frame.ui.wall.show;
  Box box{at, ImVec2(at.x + side, at.y + side)};
  if (show != Show::image)
    draw_map(frame, list, box, channel, tile);
  if (show == Show::both) {
    box.a.x += side + 1;
    box.b.x += side + 1;
  }
  if (show != Show::map)
    draw_image(frame, list, box, channel, tile);
}

// Below the tile: its number, and below each picture its value where there is room.
void draw_label(const Frame &frame, ImDrawList &list, const Geometry &g, ImVec2 at, int channel,
                const TileState &tile) {
  const Show show = frame.ui.wall.show;
  const std::string number = fmt::format("{}", channel);
  const float y = at.y + g.side, gap = 8 * frame.scale;
  list.AddText(ImVec2(at.x, y), text_colour(), number.c_str());
  float taken = at.x + ImGui::CalcTextSize(number.c_str()).x + gap;
  const auto value = [&](const std::string &text, float right, ImU32 colour) {
    const float x = right - ImGui::CalcTextSize(text.c_str()).x;
    if (x >= taken)
      list.AddText(ImVec2(x, y), colour, text.c_str());
    taken = std::max(taken, right + gap / 2);
  };
  if (show != Show::image && frame.now.has_photo)
    value(number_text(tile.map_max), at.x + g.side, muted_colour());
  if (show != Show::map && (tile.steps > 0 || tile.health == Health::dead))
    value(tile.health == Health::dead ? "dead" : number_text(tile.value), at.x + g.tile_w, health_colour(tile.health));
}

void tile_tooltip(Frame &frame, int channel, const TileState &tile) {
  const float side = 224 * frame.scale;
  const float column = ImGui::CalcTextSize("map's maximum").x + 3 * ImGui::GetFontSize();
  ImGui::BeginTooltip();
  ImGui::Text("%s : %d", frame.now.layer.c_str(), channel);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_pictures(frame, *ImGui::GetWindowDrawList(), at, side, channel, tile);
  ImGui::Dummy(ImVec2(frame.ui.wall.show == Show::both ? 2 * side + 1 : side, side));
  const auto row = [&](const char *name, const std::string &value) {
    ImGui::TextDisabled("%s", name);
    ImGui::SameLine(column);
    ImGui::TextUnformatted(value.c_str());
  };
  if (frame.now.has_photo)
    row("map's maximum", number_text(tile.map_max));
  if (tile.steps > 0) {
    row("objective", number_text(tile.value));
    row("steps", fmt::format("{}", tile.steps));
  }
  ImGui::PushTextWrapPos(frame.ui.wall.show == Show::both ? 2 * side : side);
  ImGui::PushStyleColor(ImGuiCol_Text, health_colour(tile.health));
  ImGui::TextUnformatted(advice(tile.health).sentence);
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
}

void draw_tile(Frame &frame, const Geometry &g, ImVec2 at, int channel) {
  const TileState &tile = frame.now.tiles[static_cast<std::size_t>(channel)];
  ImDrawList &list = *ImGui::GetWindowDrawList();
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(channel);
  if (ImGui::InvisibleButton("tile", ImVec2(g.tile_w, g.side + g.label)))
    frame.ui.focus(frame.now.layer, channel);
  ImGui::PopID();
  draw_pictures(frame, list, at, g.side, channel, tile);
  if (g.label > 0)
    draw_label(frame, list, g, at, channel, tile);
  const auto &focus = frame.ui.wish.focus;
  const bool chosen = focus && focus->layer == frame.now.layer && focus->channel == channel;
  const bool hovered = ImGui::IsItemHovered() && !ImGui::IsMouseDragging(ImGuiMouseButton_Left);
  if (chosen || hovered)
    list.AddRect(ImVec2(at.x - 1, at.y - 1), ImVec2(at.x + g.tile_w + 1, at.y + g.side + 1),
                 chosen ? accent_colour() : muted_colour(), 0, 0, chosen ? 2 * frame.scale : 1);
  if (hovered && !ImGui::GetIO().KeyCtrl)
    tile_tooltip(frame, channel, tile);
}

// Ctrl and the wheel: larger or smaller tiles, instead of scrolling.
void zoom(Frame &frame) {
  const ImGuiIO &io = ImGui::GetIO();
  if (!io.KeyCtrl || io.MouseWheel == 0 || !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows))
    return;
  frame.ui.config.tile = std::clamp(frame.ui.config.tile * std::pow(1.1F, io.MouseWheel), smallest_tile, largest_tile);
}

void draw_grid(Frame &frame) {
  Ui::Wall &wall = frame.ui.wall;
  const auto count = static_cast<int>(wall.order.size());
  const Geometry g = geometry(frame, ImGui::GetContentRegionAvail().x);
  wall.columns = g.columns;
  if (wall.reveal >= 0) {
    const auto found = std::find(wall.order.begin(), wall.order.end(), wall.reveal);
    if (found != wall.order.end()) {
      const std::ptrdiff_t row = (found - wall.order.begin()) / g.columns;
      const float top = static_cast<float>(row) * g.pitch_y;
      const float scroll = ImGui::GetScrollY(), height = ImGui::GetWindowHeight();
      if (top < scroll)
        ImGui::SetScrollY(top);
      else if (top + g.pitch_y > scroll + height)
        ImGui::SetScrollY(top + g.pitch_y - height);
    }
    wall.reveal = -1;
  }
  const WallView view{g.columns, g.pitch_y, ImGui::GetScrollY(), ImGui::GetWindowHeight()};
  const Rows rows = rows_in_view(view, count);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (int i = rows.first * g.columns; i < std::min(rows.end * g.columns, count); ++i) {
    const int column = i % g.columns, row = i / g.columns;
    const ImVec2 at(std::floor(origin.x + static_cast<float>(column) * g.pitch_x) + 1,
                    std::floor(origin.y + static_cast<float>(row) * g.pitch_y) + 1);
    draw_tile(frame, g, at, wall.order[static_cast<std::size_t>(i)]);
  }
  // What gives the scrollbar its length.
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy(ImVec2(1, static_cast<float>(wall_rows(count, g.columns)) * g.pitch_y));
  frame.ui.wish.in_view = channels_in_view(wall.order, view);
  // The focused one first: it is what the user looks at.
  if (const auto &focus = frame.ui.wish.focus; focus && focus->layer == frame.now.layer) {
    std::erase(frame.ui.wish.in_view, focus->channel);
    frame.ui.wish.in_view.insert(frame.ui.wish.in_view.begin(), focus->channel);
  }
}

} // namespace

void draw_wall(Frame &frame) {
  const Snapshot &now = frame.now;
  toolbar(frame);
  zoom(frame);
  sort_wall(frame);
  const bool scrolls = !(ImGui::GetIO().KeyCtrl);
  ImGui::BeginChild("##grid", ImVec2(0, 0), false,
                    ImGuiWindowFlags_NoNav | (scrolls ? 0 : ImGuiWindowFlags_NoScrollWithMouse));
  if (!now.tiles.empty()) {
    draw_grid(frame);
  } else {
    const ImVec2 a = ImGui::GetCursorScreenPos(), size = ImGui::GetContentRegionAvail();
    const std::string &wanted = frame.ui.wish.layer;
    draw_note(*ImGui::GetWindowDrawList(), {a, ImVec2(a.x + size.x, a.y + size.y)},
              !now.busy.empty()     ? now.busy + "…"
              : now.layers.empty()  ? "Choose a net in the menu Model"
              : wanted.empty()      ? "Choose a layer on the left"
              : now.layer == wanted ? wanted + " has no channels to show"
                                    : "Preparing " + wanted + "…");
  }
  ImGui::EndChild();
}

} // namespace convscope::viewer
