// What keras.applications' nets expect, known by the model's name.
#pragma once

#include "graph/graph.h"
#include "importer/keras/config.h"

namespace convscope::keras {

// The side of the pictures that a net of that name was trained on; 224 for others.
int application_size(const ModelConfig &model);

// How pictures are prepared: not at all (0..255) where the net does it itself, else as the application of that name
// (or a nested one) does it; "raw" (0..1) where nothing tells.
Preprocessing preprocessing_of(const ModelConfig &model, const Graph &graph);

} // namespace convscope::keras
