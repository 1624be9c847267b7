// The family of an objective's terms: how each is written, what it needs, and what makes it. To add one is to add a
// TermKind, a row of forms.cpp, and a file.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "visualization/objective.h"
#include "visualization/terms/steps.h"

namespace convscope {

// A number among a term's arguments.
struct TermNumber {
  std::string_view name; // "k"
  double least = 0;
  std::optional<double> otherwise; // where it may be left out
};

struct TermForm {
  TermKind kind;
  std::string_view name;   // "direction"; "" for those that a layer's name begins
  std::string_view syntax; // for messages and help
  bool layer = true;       // else it is of the image itself
  bool positions = false, vector = false;
  std::optional<TermNumber> number;
  Needs needs;
  MakeTermSteps make;
};

std::span<const TermForm> term_forms();
const TermForm &form_of(TermKind kind);

} // namespace convscope
