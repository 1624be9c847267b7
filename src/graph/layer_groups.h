// Layers of a deep net in groups: neighbours whose names begin alike, as a tree.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace convscope {

struct LayerGroup {
  std::string name;         // what its layers' names begin with: "conv2_block1", "/layer1/layer1.0"; "" at the root
  int first = 0, count = 0; // of the layers, groups' among them
  std::vector<LayerGroup> groups; // in order; the layers between them are the group's own
  int end() const { return first + count; }
};

// A list of so many layers is read without groups.
inline constexpr int layers_at_a_glance = 40;

// Names are cut where words end: at '/', '.' and '_'. A number belongs to the word before it where that has none yet
// ("block_1", "conv2d_12"). Only neighbours make a group, so that the net's order stays; two at the least, and fewer
// than nine tenths of what is around it. What is small as it is has no groups inside.
LayerGroup layer_groups(const std::vector<std::string> &names);

// What is left of a layer's or a group's name inside a group: "1_conv" in "conv2_block1"; the whole where it is the
// group's own.
std::string_view name_within(std::string_view name, const LayerGroup &group);

// A line of the list of layers that a tree makes: a layer, or the head of a group.
struct LayerLine {
  int layer = -1; // or
  const LayerGroup *group = nullptr;
  const LayerGroup *around = nullptr; // the group or the root that it stands in, `depth` groups deep
  int depth = 0;
  int found = 0; // of the group's layers
};

// The layers that were found, under the heads of their groups as far as these are open.
std::vector<LayerLine> layer_lines(const LayerGroup &root, const std::vector<bool> &found,
                                   const std::function<bool(const LayerGroup &)> &open);

// The groups around a layer, the innermost last; empty where it is in none.
std::vector<const LayerGroup *> groups_around(const LayerGroup &root, int layer);

} // namespace convscope
