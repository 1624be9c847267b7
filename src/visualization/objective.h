// What an image is to maximize: a weighted sum of values of layers, read from text such as "conv5:100 - 0.5*conv4".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace convscope {

struct Term {
  enum class Kind { channel_mean, unit, mean_square }; // the last is DeepDream's, over the whole layer
  Kind kind = Kind::channel_mean;
  NodeId layer = -1;
  int channel = -1;    // -1: the whole layer
  bool centre = false; // of a unit: at the map's centre
  int x = -1, y = -1;  // of a unit
  double weight = 1;
};

struct Objective {
  std::string text;        // as its author wrote it
  std::string canonical;   // the same for the same objective: what random numbers are keyed by
  std::vector<Term> terms; // by layer, in the graph's order; as written within a layer
};

// Reads `layer`, `layer:channel`, `layer:channel@x,y`, `layer:channel@center`, `logit:class` and weighted sums of
// them: "a:1 + 0.5*b:2 - c". Layers go by all names that find_layer() takes, whatever signs are in them: where a name
// stands the longest known one is read, so a '-' that follows a bare layer name needs a space before it. A class goes
// by its number or, of `labels`, by its name or a part that no other has, in any case: up to " -" or '+'. UserError
// that tells the column where it can't be read.
Objective parse_objective(std::string_view text, const Graph &graph, const std::vector<std::string> &labels = {});

// UserError where a channel or a position is outside the layer's map. `shapes` are infer_shapes()'s, of at least the
// objective's layers.
void check_objective(const Objective &objective, const Graph &graph, const std::vector<Shape> &shapes);

// The layers that the terms read, ascending, each once.
std::vector<NodeId> layers_of(const Objective &objective);

// The same objective in another graph of the same net, at another size of the input. UserError where a layer is not
// there.
Objective same_objective(Objective objective, const Graph &from, const Graph &to);

// Indices of the objectives that can run as one batch (their terms read the same layers, as often), in the order of
// their first members.
std::vector<std::vector<std::size_t>> group_by_layers(const std::vector<Objective> &objectives);

} // namespace convscope
