// Recipes and preprocessing as JSON, in full: what pictures and sessions carry.
#pragma once

#include <nlohmann/json.hpp>

#include "importer/model.h"
#include "io/json_reader.h"
#include "visualization/recipe.h"

namespace convscope {

nlohmann::ordered_json to_json(const Recipe &recipe);
// What is not said is as in the recipe that "base" names or, without that, in `plain`. UserError for a key that no
// recipe has, and for a value that is not what to_json() writes or that no optimization could use.
Recipe read_recipe(const JsonReader &from);
bool names_recipe_file(const std::string &name_or_file); // it ends in .json
// Whether it is a file, and has that key. UserError as recipe_by().
bool recipe_says(const std::string &name_or_file, const std::string &key);
// By its name, or from such a file. UserError where there is none.
Recipe recipe_by(const std::string &name_or_file);
nlohmann::ordered_json to_json(const Preprocessing &preprocessing);
Preprocessing read_preprocessing(const JsonReader &from);
// What a ModelRequest says of the model's inputs: --rgb, --input-name and --set.
void write_inputs(const ModelRequest &model, nlohmann::ordered_json &json);
void read_inputs(const JsonReader &from, ModelRequest &model);

// A side, 0 where none was given, or [height, width].
nlohmann::ordered_json to_json(const InputSize &size);
InputSize read_size(const JsonReader &from, const char *key, int smallest, int largest);

} // namespace convscope
