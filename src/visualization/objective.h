// What an image is to maximize: a weighted sum of terms, read from text such as "conv5:100 - 0.5*conv4".
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/floats.h"
#include "graph/graph.h"

namespace convscope {

// In the order of src/visualization/terms/forms.cpp, which tells how each is written and what it needs.
enum class TermKind {
  channel,
  mean_square,
  direction,
  caricature,
  match,
  stay,
  style,
  diversity,
  alignment,
  tv,
  l1,
  l2,
  blur
};

// Which positions of a layer's map a term is the mean over.
struct Positions {
  enum class Kind { all, centre, rectangle };
  Kind kind = Kind::all;
  int x = 0, y = 0, width = 1, height = 1; // of a rectangle
  bool operator==(const Positions &) const = default;
};

struct Term {
  TermKind kind = TermKind::channel;
  NodeId layer = -1; // -1: it is of the image itself
  int channel = -1;  // of TermKind::channel
  Positions positions;
  std::string file;  // of a direction, its vector's
  Floats vector;     // a number for each of the layer's channels; empty where no file was read
  double number = 0; // k of a direction or a caricature, c of l1 and l2
  double weight = 1;
  std::size_t at = 0, length = 0; // of its author's text
};

// One channel at one position.
inline bool is_unit(const Term &term) {
  return term.kind == TermKind::channel && term.positions.kind != Positions::Kind::all && term.positions.width == 1 &&
         term.positions.height == 1;
}

// What an objective needs besides the net.
struct Needs {
  bool photo = false, style = false;
  bool company = false; // the images of one objective see each other: none is the same alone
};

struct Objective {
  std::string text;        // as its author wrote it
  std::string canonical;   // the same for the same objective: what random numbers are keyed by
  std::vector<Term> terms; // by layer, in the graph's order; as written within a layer
  int variant = 0;         // which of its images

  Needs needs() const;
};

// What is wrong with an objective, and where in the text that was given.
struct ObjectiveError : UserError {
  ObjectiveError(const std::string &what, std::size_t from, std::size_t of_length)
      : UserError(what), at(from), length(of_length) {}
  std::size_t at, length; // in bytes
};

// The numbers of the file that a direction names, UserError where there are none.
using VectorReader = std::function<std::vector<float>(const std::string &file)>;

// Reads the grammar of docs/objectives.md. Layers go by all names that find_layer() takes, whatever signs are in them:
// where a name stands the longest known one is read, so a '-' that follows a bare layer name needs a space before it,
// and a layer is meant where a net has one that is called as a term is. A class goes by its number or, of `labels`, by
// its name or a part that no other has, in any case: up to " -" or '+'. ObjectiveError where it can't be read. Without
// a reader, vectors stay empty.
Objective parse_objective(std::string_view text, const Graph &graph, const std::vector<std::string> &labels = {},
                          const VectorReader &read = {});

// ObjectiveError where a channel, a position or a vector is not of the layer's map. `shapes` are infer_shapes()'s, of
// at least the objective's layers.
void check_objective(const Objective &objective, const Graph &graph, const std::vector<Shape> &shapes);

// The layers that the terms read, ascending, each once; those that need the photo or the style picture, too.
std::vector<NodeId> layers_of(const Objective &objective);
std::vector<NodeId> photo_layers_of(const Objective &objective);
std::vector<NodeId> style_layers_of(const Objective &objective);

// The same objective in another graph of the same net, at another size of the input. UserError where a layer is not
// there.
Objective same_objective(Objective objective, const Graph &from, const Graph &to);

// The same objective of maps of another size: its positions, which are of `from`, are at the same places of `to`.
// Both are infer_shapes()'s, of at least the objective's layers.
Objective at_size(Objective objective, const std::vector<Shape> &from, const std::vector<Shape> &to);

// `variants` images of each: all but the first are keyed by their number, too. UserError where an objective needs
// company and has none.
std::vector<Objective> with_variants(const std::vector<Objective> &objectives, int variants);

// Indices of the objectives that can run as one batch (their terms are of the same kinds and layers, in the same
// order), in the order of their first members; where they need company, the variants of one.
std::vector<std::vector<std::size_t>> group_into_batches(const std::vector<Objective> &objectives);

} // namespace convscope
