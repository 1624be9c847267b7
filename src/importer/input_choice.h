// What the user says of the inputs of a model's file.
#pragma once

#include <map>
#include <string>

#include "base/array.h"

namespace convscope {

struct InputChoice {
  std::string picture;                 // its name; "": the importer finds it
  std::map<std::string, Array> values; // of further inputs; one without a shape is repeated over the whole input
};

} // namespace convscope
