// What a microscope of a net has to show: its layers, their units, the kinds of pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "importer/model.h"
#include "visualization/recipe.h"

namespace convscope {

struct SurveyLayer {
  NodeId node = -1;
  std::string name, kind; // as `layers` lists them
  std::string folder;     // its name in the site
  Shape shape;            // at the net's own size
  std::vector<int> units; // ascending: those that are asked for
  // Whose channels are to be made most negative: the layer, or the step before its ReLU, below which nothing is to be
  // seen. "" where there is none that has the same channels.
  std::string negative = {};
};

// Layers that compute something of their own: behind weights, a sum or a concatenation, with what follows them channel
// by channel (a batch-norm, a ReLU), so that a block of three nodes is one layer here. Branches that a concatenation
// alone reads are seen in it. Layers without maps are left out.
std::vector<NodeId> telling_layers(const Graph &graph);

// Of every node at the net's own size; empty of those that can't be had there.
std::vector<Shape> node_shapes(const Model &model);

// All of the net's layers with their folders, without units; shapes of what can't be had are empty.
std::vector<SurveyLayer> named_layers(const Model &model);

// The layers that are named, or telling_layers(), and of each the channels that it has. UserError for names that are
// no layers' and where no layer has the channels.
struct SurveyRequest {
  std::vector<std::string> layers; // a name each, or some with ',' between
  std::vector<int> channels;       // ascending; empty: all
  Recipe recipe;
  Size image; // of the pictures
};
struct Survey {
  std::vector<SurveyLayer> layers;
  std::vector<std::string> left_out; // layers that can't be had in pictures of this size, "conv5: why"
  std::vector<NodeId> nodes() const;
};
Survey survey(const Model &model, const SurveyRequest &request);

// A unit's faces are several images of one objective, which are to differ.
enum class View { channel, negative, neuron, face };
struct ViewForm {
  View view;
  const char *suffix; // of its files' names; behind a face's stands its number
  const char *format; // of its objective, from layer, channel and what it is worth to faces to differ
};
const ViewForm &form_of(View view);
const std::vector<ViewForm> &view_forms();
std::string objective_text(View view, const std::string &layer, int channel, double difference = 0);

// What of a picture's settings decides its pixels (JSON in and out, keys sorted): without the names of files, whose
// content counts, and without device and version. Its hash names the work.
std::string work_hash(const std::string &settings_json);

} // namespace convscope
