// What a layer saw in a photo, position by position: groups of channels that fire together, and the strongest channels.
#pragma once

#include <string>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"

namespace convscope {

struct ActivationGroup {
  std::vector<float> map;    // (H,W): how much of the group is at each position, over the 99th percentile
  std::vector<float> vector; // a number for each channel: the group's direction
  double share = 0;          // of what all groups explain, 0..1
};

struct ActivationGroups {
  int height = 0, width = 0;
  std::vector<ActivationGroup> groups; // by where their maps have their maximum, from left to right
  double residual = 0;                 // norm of what they leave unexplained over that of the activations
  // Activations below 0 are made of vectors' own parts below 0: each position is a sum of groups all the same.
  bool negative = false;
};

Shape shape_of(const Array &maps); // (C,H,W)
// The most groups that maps of that shape can be divided into.
int groups_at_most(const Shape &maps);
// Non-negative factors of the positions' vectors. UserError for a count that is not 1 to groups_at_most(), and for maps
// that are zero everywhere or hold a number that is not finite; `layer` is named there.
ActivationGroups group_activations(const Array &maps, int count, const std::string &layer);

struct ChannelStrength {
  int channel = 0;
  float strength = 0; // its activation
};
// The channels that are above 0 at a position, the strongest first, `count` at most.
std::vector<ChannelStrength> strongest_channels(const Array &maps, int x, int y, int count);

// The vector of the maps' position, and its norm.
std::vector<float> vector_at(const Array &maps, int x, int y);
double norm_of(const std::vector<float> &vector);

} // namespace convscope
