// Recipes and preprocessing as JSON, in full: what pictures and sessions carry.
#pragma once

#include <nlohmann/json.hpp>

#include "importer/model.h"
#include "io/json_reader.h"
#include "visualization/recipe.h"

namespace convscope {

nlohmann::ordered_json to_json(const Recipe &recipe);
// UserError where a value is not what to_json() writes or no optimization could use it.
Recipe read_recipe(const JsonReader &from);
nlohmann::ordered_json to_json(const Preprocessing &preprocessing);
Preprocessing read_preprocessing(const JsonReader &from);
// What a ModelRequest says of the model's inputs: --rgb, --input-name and --set.
void write_inputs(const ModelRequest &model, nlohmann::ordered_json &json);
void read_inputs(const JsonReader &from, ModelRequest &model);

// A side, 0 where none was given, or [height, width].
nlohmann::ordered_json to_json(const InputSize &size);
InputSize read_size(const JsonReader &from, const char *key, int smallest, int largest);

} // namespace convscope
