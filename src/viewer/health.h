// What the state of an optimization means to the user, and what can be done about it.
#pragma once

#include <span>
#include <vector>

#include "viewer/state.h"
#include "visualization/optimization.h"

namespace convscope::viewer {

struct Advice {
  const char *sentence; // "No gradient ..."
  const char *remedy;   // of a button; "" where nothing needs to be done
  const char *effect;   // what the button does
};
Advice advice(Health health);
// Whether the objective has fallen far below what it was and stays there: a single bad step does not count, nor does
// what random transforms do from step to step.
bool diverges(std::span<const float> values);
// Of the images of one objective as if they were one: the means of their values; as far as the worst of them, but dead
// only where all are.
Progress together(const std::vector<Progress> &each);
// Changes the wish as the remedy says.
void apply_remedy(Health health, Wish &wish);

// How far a draw strays from `centre`, and the uniform draw that strays so far.
double spread(const Draw &draw, double centre);
Draw spread_draw(double centre, double amount);
// The same of a recipe's scale: of a few values where each is a canvas.
Draw scale_draw(const Recipe &recipe, double amount);
// Sets `transforms` as the recipe's draws need it. To be called after they were edited.
void settle_transforms(Recipe &recipe);
// Whether the recipe is still what its name says.
bool edited(const Recipe &recipe);

} // namespace convscope::viewer
