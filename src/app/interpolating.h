// What `optimize` does of a path between two objectives besides what it does of any objectives.
#pragma once

#include <string>
#include <vector>

#include "app/optimizing.h"
#include "app/pictures.h"
#include "app/settings.h"
#include "figure/planes.h"

namespace convscope {

// UserError where half a path is given, or what does not go with one.
void check_path(const OptimizeOptions &options);
// What authors wrote: the objectives, or both ends.
std::vector<std::string> texts_of(const PictureSettings &settings);
std::vector<Objective> path_of(const Session &session, const PictureSettings::Path &path);
// What is wrong with one end, if the settings are of a path, is said of that one: UserError.
void check_ends(const Session &session, const PictureSettings &settings);

// Whether a name is of a loop, whatever else is said: .gif and .y4m. A .png may be a strip or a loop.
bool names_loop(const std::string &path);
// UserError where a loop is asked for that there is no path of, or by a name that says no animation.
void check_loops(const PictureOutputs &outputs, bool path);
// The images forth and back, each end once a turn, as the animation that the name says; an animated PNG carries the
// settings.
void write_loop(const std::string &path, const Outcome &outcome, const PictureSettings &settings,
                const PlaneView &view);

} // namespace convscope
