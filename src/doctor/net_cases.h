// A whole net that comes with the program: AlexNet's trained layers.
#pragma once

#include <string>
#include <vector>

#include "base/array.h"
#include "doctor/noise.h"
#include "graph/graph.h"

namespace convscope::doctor {

struct NetCase {
  static constexpr const char *model = "alexnet", *objective = "conv5"; // which no unit has to be alive for
  static constexpr int side = 67;
  static const std::vector<std::string> &layers() {
    static const std::vector<std::string> names{"conv1", "conv2", "conv3", "conv4", "conv5"};
    return names;
  }
  static Array input() { return {{1, 3, side, side}, noise(std::size_t{3} * side * side, 61, -2, 2)}; }
  static std::string key(const std::string &output) { return "net, alexnet > " + output; }
};

} // namespace convscope::doctor
