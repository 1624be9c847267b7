// A photo that is zoomed and moved, and places on it.
#pragma once

#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

// Of the last item, which shows `view`: the wheel zooms about the mouse, dragging moves. Where the whole photo then
// lies.
Box moved(Ui::PhotoView &at, const Box &view);
bool not_dragged(); // a press that was released was a click
// Of the photo in that box; none where the mouse is beside it.
Place under_mouse(const Box &box);
// The place's cell of a map of so many columns and rows.
struct Position {
  int x = 0, y = 0;
};
Position position_of(Place place, int columns, int rows);
void outline(ImDrawList &list, const Box &box, Position at, int columns, int rows, ImU32 colour, float thickness);
// Of the focused unit, whose map lies in the box: a click chooses a place, a right click the whole channel.
void pick_place(Frame &frame, const Box &box, const MapState &map, bool clicked);

} // namespace convscope::viewer
