// The parts of the lens's panel: what lies over the photo, and what is told below. A file each.
#pragma once

#include "viewer/photo_view.h"
#include "viewer/ui.h"
#include "viewer/widgets.h"

namespace convscope::viewer {

// Of the layer that is looked at; null while there is nothing of it.
const LensState *seen_by(const Frame &frame);
// The part of the photo that the layer's maps are of, where all of it lies in the box.
Box seen_part(const LensState &seen, const Box &photo);

// Each: a line of controls; what lies over the photo, of which the last item shows a part; what is told below it, so
// high.
void grid_controls(Frame &frame);
void grid_over(Frame &frame, const Box &photo);

void groups_controls(Frame &frame);
void groups_over(Frame &frame, const Box &photo);
float groups_height(const Frame &frame, float width);
void groups_below(Frame &frame);

void channels_over(Frame &frame, const Box &photo, bool clicked);
float channels_height(const Frame &frame);
void channels_below(Frame &frame);

} // namespace convscope::viewer
