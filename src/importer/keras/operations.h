// What the files operations*.cpp have in common: functions that a model calls between its layers.
#pragma once

#include <vector>

#include "importer/keras/layer.h"

namespace convscope::keras {

// A constant operand's numbers, whatever wraps them ("__numpy__", "__tensor__").
const Json &unwrapped(const Json &value);
// An argument of the call by name or position, or of the operation itself; nullptr where there is none.
const Json *constant(const Layer &layer, const char *key, std::size_t position);
// The argument 'axis': one, several or none.
std::vector<int> axes_of(const Layer &layer);

// The tensor whose axis i + 1 is axis source[i] of `x`, or a new one, 1 long, where that is -1. The axes of `x` that
// are left out are 1 long.
Value rearranged(Layer &layer, Value x, const std::vector<int> &source);

// Those that move elements, by name: "pad", "reshape", "getitem", ...
const Handlers &moving_functions();

} // namespace convscope::keras
