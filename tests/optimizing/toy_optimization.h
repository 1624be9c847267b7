// Optimizations of images for a toy net.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "optimizing/optimizing.h"
#include "optimizing/toy_net.h"
#include "visualization/optimization.h"

namespace convscope {

class OptimizationTest : public Optimizing {
protected:
  OptimizationTest() : graph(toy_net()), weights(programs().device()) { options.history = 64; }

  Optimization make(const std::vector<std::string> &texts, const Recipe &by) {
    std::vector<Objective> objectives;
    for (const auto &text : texts)
      objectives.push_back(parse_objective(text, graph));
    return Optimization(programs(), weights, graph, std::move(objectives), by, options);
  }
  std::string failure(const std::vector<std::string> &texts, const Recipe &by) {
    return error_of([&] { make(texts, by); });
  }

  Graph graph;
  Weights weights;
  OptimizationOptions options;
};

} // namespace convscope
