// The rows of `layers`: a net's layers, those of a deep one under the groups that their names make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/layer_groups.h"

namespace convscope {

struct LayerFacts {
  std::string name, op, output, objective;
  std::int64_t parameters = 0;
  bool found = true; // by --search
};

using Row = std::vector<std::string>; // name, op, output, parameters, objective

// 14714688 as "14,714,688".
std::string grouped(std::int64_t number);

// The table's rows below its head. `groups` is of the layers' names. A group stands as a row of its own over its
// layers, which are further in; nets that are read at a glance are without. `folded`: the outermost groups alone, each
// with how many layers it has, what its last one gives, and all its parameters. Groups with nothing found are left out.
std::vector<Row> layer_rows(const std::vector<LayerFacts> &layers, const LayerGroup &groups, bool folded);

} // namespace convscope
