// Accentuation (Hamblin et al., "Feature Accentuation", arXiv 2402.10039): what in this photo would excite a unit more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "session/session.h"
#include "visualization/recipe.h"

namespace convscope {

// The objective with stay()'s weights multiplied so that 1 makes its gradient with respect to the net's input as large,
// in sum of absolute values, as the rest's: where the net sees the photo, (C,H,W) in 0..1 and resized to `input`, with
// the recipe's noise, as at the photo itself nothing pulls back. Unchanged where the recipe does not ask for it, there
// is no stay() or nothing else, and where one of the two gradients is zero.
Objective balanced(Session &session, Objective objective, const Recipe &recipe, const Array &photo, Size input,
                   std::uint64_t seed);

// The same of one net, measured again only where something else has changed than how long the leash is.
class LeashBalance {
public:
  Objective of(Session &session, Objective objective, const Recipe &recipe, const Array &photo, Size input,
               std::uint64_t seed);
  int measured() const { return measured_; } // how often

private:
  struct Asked {
    std::string terms; // but for stay()'s weights
    Recipe recipe;
    std::vector<float> photo;
    Size input;
    std::uint64_t seed = 0;
    bool operator==(const Asked &) const = default;
  };
  Asked asked_;
  double balance_ = 1;
  int measured_ = 0;
};

// What the objective's terms say of a picture, (C,H,W) in 0..1, where the net sees all of it at that size: those but
// stay() that an image alone suffices for. Nothing where there are none.
std::optional<double> excitation(Session &session, const Objective &objective, const Array &picture, Size input);

// Where an image (C,H,W) is another than the photo: (H,W) as (1,H,W), 0..1. The mean difference of a pixel's planes,
// blurred, over what 99 in 100 pixels do not pass; 0 where the two are the same.
Array change_mask(const Array &photo, const Array &image);
// The image where it changed, and the photo, dim and grey, where not. Both (3,H,W).
Array masked_change(const Array &photo, const Array &image);

} // namespace convscope
