// What the user says of the inputs of a model's file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/array.h"

namespace convscope {

struct InputChoice {
  std::string picture;                 // its name; "": the importer finds it
  std::map<std::string, Array> values; // of further inputs; one without a shape is repeated over the whole input
};

// Whether an input of that name says which parts of a picture count.
bool is_mask(const std::string &name);
// What a mask or a single number usually is where nobody sets it; nothing for anything else. Masks let all through,
// factors leave what they multiply, and what is only for training is off.
std::optional<float> usual_value(const std::string &name, std::int64_t elements, bool boolean);

} // namespace convscope
