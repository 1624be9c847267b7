// AlexNet's layers and a gradient, in each precision.
#include <fmt/format.h>

#include "doctor/checks.h"
#include "doctor/net_cases.h"
#include "graph/names.h"
#include "importer/model.h"
#include "plan/weights.h"
#include "visualization/gradient.h"

namespace convscope::doctor {

namespace {

Computed net(vulkan::Programs &programs, Precision precision) {
  const Model model = load_model({NetCase::model, "", ""});
  const Graph &graph = model.at({NetCase::side, NetCase::side});
  Weights weights(programs.device());
  const Array input = NetCase::input();
  std::vector<NodeId> layers;
  for (const std::string &name : NetCase::layers())
    layers.push_back(find_layer(graph, name));
  const std::vector<Array> maps = activations_of(programs, weights, graph, input, layers, precision);
  Computed computed;
  for (std::size_t i = 0; i < maps.size(); ++i)
    computed.outputs.push_back({NetCase::key(NetCase::layers()[i]), maps[i].data});
  GradientResult gradient =
      gradient_of(programs, weights, graph, input, parse_objective(NetCase::objective, graph), precision);
  computed.outputs.push_back({NetCase::key("gradient"), std::move(gradient.gradient.data)});
  computed.outputs.push_back({NetCase::key("value"), {gradient.values.begin(), gradient.values.end()}});
  return computed;
}

// The design's.
double tolerance_of(Precision precision) {
  switch (precision) {
  case Precision::fp32:
    return 1e-5;
  case Precision::fast:
    return 1e-4;
  case Precision::fp16:
    break;
  }
  return 2e-3;
}

} // namespace

std::vector<Check> net_checks(const vulkan::DeviceInfo & /*device*/) {
  std::vector<Check> checks;
  for (std::size_t i = 0; i < precision_names.size(); ++i) {
    const auto precision = static_cast<Precision>(i);
    Check check{"net",
                fmt::format("{} at {}", NetCase::model, precision_names.at(i)),
                tolerance_of(precision),
                precision == Precision::fp32 ? std::nullopt : std::optional(precision),
                {},
                {},
                {}};
    check.compute = [precision](vulkan::Programs &programs) { return net(programs, precision); };
    checks.push_back(std::move(check));
  }
  return checks;
}

} // namespace convscope::doctor
