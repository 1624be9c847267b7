#include "visualization/recipe.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

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
  r.transforms = true;
  r.canvas_margin = 2 * 12 - 8 - 4;
  r.canvas_scales = true;
  r.canvas_crop = 4;
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
  r.transforms = true;
  r.jitter = between(-8, 8);
  r.scale = between(1, 1.1);
  r.rotation = between(-1, 1);
  r.border = Border::reflect;
  r.clip_norm = 1;
  return r;
}

// Lucid's recipe of that name: its standard one.
Recipe caricature() {
  Recipe r = lucid();
  r.size = 224;
  return r;
}

// An image that a layer can't tell from the photo: it has to lie where the photo lies, so it is only jittered.
Recipe invert() {
  Recipe r;
  r.transforms = true;
  r.jitter = crop(8);
  r.border = Border::reflect;
  r.steps = 512;
  r.beta2 = 0.99;
  return r;
}

// Lucid's notebook on diversity: its standard recipe, images of 128 pixels.
Recipe diverse() { return lucid(); }

// Feature accentuation's: crops of all sizes, a little noise, and few steps away from the photo.
Recipe accentuate() {
  Recipe r;
  r.size = 224;
  r.transforms = true;
  r.crops = 16;
  r.crop_side = between(0.05, 0.99);
  r.noise = r.noise_width = 0.02;
  r.start = Start::photo;
  r.balance_stay = true;
  r.steps = 100;
  return r;
}

// MACO's: phases of an image of which the net sees a few crops in each step, through a little noise.
Recipe maco() {
  Recipe r;
  r.parameterization = ParameterizationKind::maco;
  r.initial_deviation = 1;
  r.size = 256;
  r.transforms = true;
  r.crops = 4;
  r.crop_side = between(0.4, 0.6);
  r.canvas = 128;
  r.noise = r.noise_width = 0.02;
  r.steps = 1000;
  r.optimizer = OptimizerKind::nadam;
  r.lr = 1;
  return r;
}

// All by name. What an objective brings with it, such as a photo, is not the recipe's.
struct RecipeRow {
  const char *name;
  Recipe (*make)();
};
constexpr RecipeRow recipes[] = {{"lucid", lucid},           {"article", article}, {"plain", [] { return Recipe{}; }},
                                 {"caricature", caricature}, {"invert", invert},   {"diverse", diverse},
                                 {"accentuate", accentuate}, {"maco", maco}};

} // namespace

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const RecipeRow &row : recipes)
    names.emplace_back(row.name);
  return names;
}

Recipe recipe(std::string_view name) {
  for (const RecipeRow &row : recipes)
    if (name == row.name) {
      Recipe made = row.make();
      made.name = row.name;
      return made;
    }
  std::string hint = did_you_mean(name, recipe_names());
  if (hint.empty())
    hint = fmt::format("; there are {}", fmt::join(recipe_names(), ", "));
  throw UserError(fmt::format("no recipe '{}'{}", name, hint));
}

int scaled_canvas_side(const Recipe &recipe, int side, double scale) {
  constexpr double rounding = 1e-6; // 0.9 * 90 is 81, not almost
  const int whole = canvas_side(recipe, side) + recipe.canvas_crop;
  return std::max(1, static_cast<int>(std::floor(whole * scale + rounding)) - recipe.canvas_crop);
}

std::vector<double> canvas_scales(const Recipe &recipe) {
  std::vector<double> scales = recipe.scale.values;
  std::sort(scales.begin(), scales.end());
  scales.erase(std::unique(scales.begin(), scales.end()), scales.end());
  return scales;
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
