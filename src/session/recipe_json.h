// Recipes and preprocessing as JSON, in full: what pictures and sessions carry.
#pragma once

#include <nlohmann/json.hpp>

#include "graph/graph.h"
#include "io/json_reader.h"
#include "visualization/recipe.h"

namespace convscope {

nlohmann::ordered_json to_json(const Recipe &recipe);
// UserError where a value is not what to_json() writes or no optimization could use it.
Recipe read_recipe(const JsonReader &from);
nlohmann::ordered_json to_json(const Preprocessing &preprocessing);
Preprocessing read_preprocessing(const JsonReader &from);
// ModelRequest's, of the key "rgb".
std::vector<int> read_rgb(const JsonReader &from);

// A side, 0 where none was given, or [height, width].
nlohmann::ordered_json to_json(const InputSize &size);
InputSize read_size(const JsonReader &from, const char *key, int smallest, int largest);

} // namespace convscope
