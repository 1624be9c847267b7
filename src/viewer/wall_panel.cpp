// The wall: each channel of a layer as a tile, with its feature map of the photo and the image that excites it most.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include "viewer/health.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

namespace {

constexpr float smallest_tile = 24, largest_tile = 320;
constexpr double sort_again_after = 2; // seconds: a wall that is sorted by score must not jump about at each step

// Maps and images are of one height; a map is as wide as the photo makes it.
struct Geometry {
  float side, map_w, tile_w, label, pitch_x, pitch_y;
  int columns;
};

float map_aspect(const Snapshot &now) {
  if (!now.has_photo)
    return 1;
  const bool known = now.map_width > 0 && now.map_height > 0; // else they are being made
  const int width = known ? now.map_width : now.photo_width, height = known ? now.map_height : now.photo_height;
  return std::clamp(static_cast<float>(width) / static_cast<float>(std::max(height, 1)), 0.5F, 2.F);
}

Geometry geometry(const Frame &frame, float width) {
  const float gap = std::round(4 * frame.scale), aspect = map_aspect(frame.now);
  const Show show = frame.ui.wall.show;
  // As many columns as come nearest to the size that is asked for; the tiles then fill the width.
  const float asked = std::round(frame.ui.config.tile * frame.scale);
  const float asked_w = show == Show::both ? (asked * (1 + aspect)) / std::sqrt(aspect) + 1 : asked;
  const int columns = std::max(1, static_cast<int>(std::lround((width + gap) / (asked_w + gap))));
  const float tile_w = std::floor((width - 2 + gap) / static_cast<float>(columns)) - gap;
  const float side = std::max(std::floor(show == Show::both  ? (tile_w - 1) / (1 + aspect)
                                         : show == Show::map ? tile_w / aspect
                                                             : tile_w),
                              8.F);
  const float map_w = show == Show::both ? tile_w - 1 - side : tile_w;
  // The number needs its width; smaller tiles go without.
  const float label = side >= 32 * frame.scale ? ImGui::GetTextLineHeight() : 0;
  return {side, map_w, tile_w, label, tile_w + gap, side + label + gap, columns};
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

// What the wall shows, and a box to go to a channel by its number.
void title(Frame &frame) {
  Ui &ui = frame.ui;
  const Snapshot &now = frame.now;
  const auto channels = static_cast<int>(now.tiles.size());
  const float width = 112 * frame.scale, left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x;
  ImGui::AlignTextToFramePadding();
  if (now.tiles.empty()) {
    text_fitted(ui.wish.layer, text_colour());
    return;
  }
  const char *const shown = ui.wall.show == Show::map     ? "where each channel fires in the photo"
                            : ui.wall.show == Show::image ? "what each channel likes best"
                                                          : "where each channel fires, and what it likes";
  text_fitted(fmt::format("{}: {}", now.layer, shown), text_colour(),
              std::max(room - width - ImGui::GetStyle().ItemSpacing.x, 1.F));
  ImGui::SameLine(left + std::max(room - width, 0.F));
  ImGui::SetNextItemWidth(-FLT_MIN);
  if (ImGui::InputTextWithHint("##jump", "Go to channel", &ui.wall.jump,
                               ImGuiInputTextFlags_CharsDecimal | ImGuiInputTextFlags_EnterReturnsTrue) &&
      !ui.wall.jump.empty()) {
    const int channel = typed_channel(ui.wall.jump, channels);
    ui.focus(now.layer, channel);
    ui.wall.reveal = channel;
    ui.wall.jump.clear();
  }
  tooltip(fmt::format("A channel's number, 0 to {}, and Enter: brings it into focus", channels - 1));
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
  slide("##tile", ui.config.tile, smallest_tile, largest_tile, "%.0f px", true);
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
  list.AddRectFilled(box.a, box.b, frame_colour());
  const Snapshot &now = frame.now;
  const float aspect = static_cast<float>(now.tile_width) / static_cast<float>(std::max(now.tile_height, 1));
  if (tile.steps > 0 && tile.health != Health::dead &&
      draw_cell(list, frame.window, frame.textures.images, channel, fitted(box, aspect)))
    return;
  draw_note(list, box, tile.health == Health::dead ? "dead" : "…");
}

// Maps that are being made are in the texture before their size and maxima are known here.
bool map_known(const Snapshot &now, const TileState &tile) {
  return now.map_width > 0 && (tile.map_max > 0 || now.busy.empty());
}

void draw_map(Frame &frame, ImDrawList &list, const Box &box, int channel, const TileState &tile) {
  list.AddRectFilled(box.a, box.b, frame_colour());
  if (!frame.now.has_photo) {
    draw_note(list, box, "no photo");
    return;
  }
  const bool strong = tile.map_max > 0;
  if (!map_known(frame.now, tile)) {
    draw_note(list, box, frame.now.busy.empty() ? "no map" : "…"); // a layer behind a Flatten has none
    return;
  }
  const float aspect =
      frame.now.map_height > 0 ? static_cast<float>(frame.now.map_width) / static_cast<float>(frame.now.map_height) : 1;
  if (!draw_cell(list, frame.window, frame.textures.maps, channel, fitted(box, aspect)))
    draw_note(list, box, "…");
  else if (!strong)
    draw_note(list, box, "silent");
}

void draw_pictures(Frame &frame, ImDrawList &list, ImVec2 at, float map_w, float side, int channel,
                   const TileState &tile) {
  const Show show = frame.ui.wall.show;
  if (show != Show::image)
    draw_map(frame, list, {at, ImVec2(at.x + map_w, at.y + side)}, channel, tile);
  if (show == Show::both)
    at.x += map_w + 1;
  if (show != Show::map)
    draw_image(frame, list, {at, ImVec2(at.x + side, at.y + side)}, channel, tile);
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
  if (show != Show::image && map_known(frame.now, tile))
    value(number_text(tile.map_max), at.x + g.map_w, muted_colour());
  if (show != Show::map && (tile.steps > 0 || tile.health == Health::dead))
    value(tile.health == Health::dead ? "dead" : number_text(tile.value), at.x + g.tile_w, health_colour(tile.health));
}

void tile_tooltip(Frame &frame, int channel, const TileState &tile) {
  const Show show = frame.ui.wall.show;
  const float side = 224 * frame.scale, map_w = std::round(side * map_aspect(frame.now));
  const float width = show == Show::both ? map_w + 1 + side : show == Show::map ? map_w : side;
  const float column = ImGui::CalcTextSize("map's maximum").x + 3 * ImGui::GetFontSize();
  ImGui::BeginTooltip();
  ImGui::Text("%s : %d", frame.now.layer.c_str(), channel);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_pictures(frame, *ImGui::GetWindowDrawList(), at, map_w, side, channel, tile);
  ImGui::Dummy(ImVec2(width, side));
  const auto row = [&](const char *name, const std::string &value) {
    ImGui::TextDisabled("%s", name);
    ImGui::SameLine(column);
    ImGui::TextUnformatted(value.c_str());
  };
  if (map_known(frame.now, tile))
    row("map's maximum", number_text(tile.map_max));
  if (tile.steps > 0) {
    row("objective", number_text(tile.value));
    row("steps", fmt::format("{}", tile.steps));
  }
  ImGui::PushTextWrapPos(width);
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
  draw_pictures(frame, list, at, g.map_w, g.side, channel, tile);
  if (g.label > 0)
    draw_label(frame, list, g, at, channel, tile);
  const auto &focus = frame.ui.wish.focus;
  const bool chosen = focus && focus->layer == frame.now.layer && focus->channel == channel;
  const bool hovered = ImGui::IsItemHovered() && !ImGui::IsMouseDragging(ImGuiMouseButton_Left);
  if (chosen || hovered)
    list.AddRect(ImVec2(at.x - 1, at.y - 1), ImVec2(at.x + g.tile_w + 1, at.y + g.side + 1),
                 chosen ? accent_colour() : muted_colour(), 0, 0, chosen ? 2 * frame.scale : 1);
  if (hovered && pointer_asks() && !ImGui::GetIO().KeyCtrl)
    tile_tooltip(frame, channel, tile);
}

// Ctrl and the wheel: larger or smaller tiles, instead of scrolling.
void zoom(Frame &frame) {
  const ImGuiIO &io = ImGui::GetIO();
  if (!io.KeyCtrl || io.MouseWheel == 0 || !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows))
    return;
  frame.ui.config.tile = std::clamp(frame.ui.config.tile * std::pow(1.1F, io.MouseWheel), smallest_tile, largest_tile);
}

// Where the wall is scrolled to: as far as a channel that is to be revealed needs.
float reveal(Frame &frame, const Geometry &g, float height) {
  Ui::Wall &wall = frame.ui.wall;
  float scroll = ImGui::GetScrollY();
  const auto found = std::find(wall.order.begin(), wall.order.end(), wall.reveal);
  if (found != wall.order.end()) {
    const auto row = (found - wall.order.begin()) / g.columns;
    const float top = static_cast<float>(row) * g.pitch_y;
    const float to = std::clamp(scroll, top + g.pitch_y - height, std::max(top, top + g.pitch_y - height));
    if (to != scroll)
      ImGui::SetScrollY(std::max(to, 0.F));
    scroll = std::max(to, 0.F);
  }
  if (wall.layer == frame.ui.wish.layer) // else its tiles are yet to come
    wall.reveal = -1;
  return scroll;
}

void draw_grid(Frame &frame) {
  Ui::Wall &wall = frame.ui.wall;
  const auto count = static_cast<int>(wall.order.size());
  const Geometry g = geometry(frame, ImGui::GetContentRegionAvail().x);
  const float height = ImGui::GetWindowHeight();
  const auto &focus = frame.ui.wish.focus;
  const bool focus_here = focus && focus->layer == frame.now.layer && focus->channel >= 0;
  // What one looks at stays in view when the tiles move about.
  if (focus_here && wall.focus_in_view &&
      (height != wall.height || g.columns != wall.columns || g.pitch_y != wall.pitch))
    wall.reveal = focus->channel;
  wall.columns = g.columns;
  wall.height = height;
  wall.pitch = g.pitch_y;
  // Scrolling takes effect with the next frame; this one is drawn as if it had.
  const float scroll = reveal(frame, g, height);
  const WallView view{g.columns, g.pitch_y, scroll, height};
  const Rows rows = rows_in_view(view, count);
  const ImVec2 start = ImGui::GetCursorScreenPos(), origin(start.x, start.y + ImGui::GetScrollY() - scroll);
  for (int i = rows.first * g.columns; i < std::min(rows.end * g.columns, count); ++i) {
    const int column = i % g.columns, row = i / g.columns;
    const ImVec2 at(std::floor(origin.x + static_cast<float>(column) * g.pitch_x) + 1,
                    std::floor(origin.y + static_cast<float>(row) * g.pitch_y) + 1);
    draw_tile(frame, g, at, wall.order[static_cast<std::size_t>(i)]);
  }
  // What gives the scrollbar its length.
  ImGui::SetCursorScreenPos(start);
  ImGui::Dummy(ImVec2(1, static_cast<float>(wall_rows(count, g.columns)) * g.pitch_y));
  frame.ui.wish.in_view = channels_in_view(wall.order, view);
  // The focused one first: it is what the user looks at.
  std::vector<int> &in_view = frame.ui.wish.in_view;
  wall.focus_in_view = focus_here && std::erase(in_view, focus->channel) > 0;
  if (focus_here)
    in_view.insert(in_view.begin(), focus->channel);
}

} // namespace

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

void draw_wall(Frame &frame) {
  const Snapshot &now = frame.now;
  title(frame);
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
              : now.layer == wanted ? wanted + " can't be shown as a wall: see below"
                                    : "Preparing " + wanted + "…");
  }
  ImGui::EndChild();
}

} // namespace convscope::viewer
