#include "viewer/health.h"

#include <algorithm>
#include <cmath>

namespace convscope::viewer {

Advice advice(Health health) {
  switch (health) {
  case Health::well:
    return {"Well: the gradient reaches the image.", "", ""};
  case Health::waiting:
    return {"The unit has not answered yet.", "", ""};
  case Health::dead:
    return {"Dead: the unit answers 0, so no gradient reaches the image.", "Revive",
            "Start again with the recipe lucid: in its first 16 steps, ReLUs that block the whole gradient let it "
            "through"};
  case Health::saturated:
    return {"Saturated: many pixels are stuck at black or white.", "Halve the rate", "Halve the learning rate"};
  case Health::diverging:
    return {"Diverging: the value falls or jumps instead of rising.", "Clip gradients",
            "Clip the gradient's norm to 1"};
  }
  return {"", "", ""};
}

bool diverges(std::span<const float> values) {
  constexpr std::size_t window = 16; // steps to take the mean of
  if (values.size() < 3 * window)
    return false;
  double sum = 0, best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += double(values[i]) - (i >= window ? double(values[i - window]) : 0);
    if (i + 1 >= window)
      best = std::max(best, sum / window);
  }
  return best > 0 && sum / window < 0.4 * best;
}

Progress together(const std::vector<Progress> &each) {
  Progress all = each.front();
  for (std::size_t i = 1; i < each.size(); ++i) {
    for (std::size_t step = 0; step < std::min(all.values.size(), each[i].values.size()); ++step) {
      all.values[step] += each[i].values[step];
      all.norms[step] += each[i].norms[step];
    }
    const bool stopped = each[i].state == Progress::State::stopped, dead = each[i].state == Progress::State::dead;
    if (stopped)
      all.stopped_at = each[i].stopped_at;
    if (stopped || (all.state == Progress::State::dead && !dead))
      all.state = each[i].state;
  }
  const auto count = static_cast<float>(each.size());
  for (std::vector<float> *const values : {&all.values, &all.norms})
    for (float &value : *values)
      value /= count;
  return all;
}

void apply_remedy(Health health, Wish &wish) {
  Recipe &recipe = wish.controls.recipe;
  switch (health) {
  case Health::dead:
    recipe = convscope::recipe("lucid");
    recipe.revive_steps = 16;
    wish.restarts += 1;
    break;
  case Health::saturated:
    recipe.lr *= 0.5;
    break;
  case Health::diverging:
    recipe.clip_norm = 1;
    break;
  case Health::well:
  case Health::waiting:
    break;
  }
}

double spread(const Draw &draw, double centre) {
  double most = 0;
  for (const double value : draw.values)
    most = std::max(most, std::abs(value - centre));
  return most;
}

Draw spread_draw(double centre, double amount) {
  if (!(amount > 0))
    return {{centre}, false};
  return {{centre - amount, centre + amount}, true};
}

Draw scale_draw(const Recipe &recipe, double amount) {
  constexpr int each_way = 5;
  Draw draw = spread_draw(1, amount);
  if (recipe.canvas_scales && draw.uniform) {
    draw = {{}, false};
    for (int i = -each_way; i <= each_way; ++i)
      draw.values.push_back(1 + amount * i / each_way);
  }
  return draw;
}

void settle_transforms(Recipe &recipe) {
  recipe.transforms = recipe.canvas_margin > 0 || spread(recipe.jitter, 0) > 0 || spread(recipe.scale, 1) > 0 ||
                      spread(recipe.rotation, 0) > 0 || spread(recipe.jitter_after, 0) > 0;
}

bool edited(const Recipe &recipe) {
  const auto names = recipe_names();
  return std::find(names.begin(), names.end(), recipe.name) == names.end() || recipe != convscope::recipe(recipe.name);
}

} // namespace convscope::viewer
