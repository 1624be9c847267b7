#include "reference/objective.h"

namespace convscope::reference {

std::vector<double> objective_values(const Tensor &layer, const std::vector<Objective> &objectives) {
  std::vector<double> values;
  double pixels = double(layer.h) * layer.w;
  for (int n = 0; n < layer.n; ++n) {
    const Objective &objective = objectives.at(n);
    double sum = 0, squares = 0;
    for (int c = 0; c < layer.c; ++c)
      for (int y = 0; y < layer.h; ++y)
        for (int x = 0; x < layer.w; ++x) {
          double value = layer.at(n, c, y, x);
          squares += value * value;
          sum += c == objective.channel ? value : 0;
        }
    if (objective.kind == Objective::Kind::ChannelMean)
      values.push_back(sum / pixels);
    else if (objective.kind == Objective::Kind::Unit)
      values.push_back(layer.at(n, objective.channel, objective.y, objective.x));
    else
      values.push_back(squares / (layer.c * pixels));
  }
  return values;
}

Tensor objective_gradient(const Tensor &layer, const std::vector<Objective> &objectives) {
  Tensor grad(layer.n, layer.c, layer.h, layer.w);
  double pixels = double(layer.h) * layer.w;
  for (int n = 0; n < layer.n; ++n) {
    const Objective &objective = objectives.at(n);
    for (int c = 0; c < layer.c; ++c)
      for (int y = 0; y < layer.h; ++y)
        for (int x = 0; x < layer.w; ++x)
          if (objective.kind == Objective::Kind::MeanSquare)
            grad.at(n, c, y, x) = 2 * layer.at(n, c, y, x) / (layer.c * pixels);
          else if (objective.kind == Objective::Kind::ChannelMean)
            grad.at(n, c, y, x) = c == objective.channel ? 1 / pixels : 0;
          else
            grad.at(n, c, y, x) = c == objective.channel && y == objective.y && x == objective.x ? 1 : 0;
  }
  return grad;
}

} // namespace convscope::reference
