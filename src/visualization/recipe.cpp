#include "visualization/recipe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

Draw between(double low, double high) { return {{low, high}, true}; }

// Where a random crop by `pixels` leaves the image, from the middle of what it can.
Draw crop(int pixels) {
  Draw draw{{}, false};
  for (int i = 0; i <= pixels; ++i)
    draw.values.push_back(i - pixels / 2.0);
  return draw;
}

Recipe lucid() {
  Recipe r;
  r.name = "lucid";
  r.transforms = true;
  r.canvas_margin = 2 * 12 - 8 - 4;
  r.jitter = crop(8);
  r.scale.values.clear();
  for (int percent = 90; percent <= 110; percent += 2)
    r.scale.values.push_back(percent / 100.0);
  r.rotation.values.assign(5, 0.0);
  for (int degrees = -10; degrees <= 10; ++degrees)
    r.rotation.values.push_back(degrees);
  r.jitter_after = crop(4);
  r.steps = 512;
  r.beta2 = 0.99; // the gradient grows as the image does: a shorter memory of its size follows it and scores 2 % more
  r.revive_steps = 16;
  return r;
}

Recipe article() {
  Recipe r;
  r.name = "article";
  r.transforms = true;
  r.jitter = between(-8, 8);
  r.scale = between(1, 1.1);
  r.rotation = between(-1, 1);
  r.border = Border::reflect;
  r.clip_norm = 1;
  return r;
}

} // namespace

std::vector<std::string> recipe_names() { return {"lucid", "article", "plain"}; }

Recipe recipe(std::string_view name) {
  if (name == "lucid")
    return lucid();
  if (name == "article")
    return article();
  if (name == "plain")
    return Recipe{};
  std::string hint = did_you_mean(name, recipe_names());
  if (hint.empty())
    hint = "; there are lucid, article and plain";
  throw UserError(fmt::format("no recipe '{}'{}", name, hint));
}

int next_smooth(int n) {
  for (;; ++n) {
    int rest = n;
    for (const int prime : {2, 3, 5, 7})
      while (rest > 0 && rest % prime == 0)
        rest /= prime;
    if (rest == 1)
      return n;
  }
}

} // namespace convscope
