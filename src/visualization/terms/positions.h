// Which positions of a map a term is of, as a rectangle.
#pragma once

#include "graph/graph.h"
#include "visualization/objective.h"

namespace convscope {

struct Rectangle {
  int x = 0, y = 0, width = 1, height = 1;
};

// The centre of an even side is the later of the two in its middle.
inline Rectangle rectangle_of(const Positions &positions, const Shape &map) {
  switch (positions.kind) {
  case Positions::Kind::all:
    return {0, 0, map.w, map.h};
  case Positions::Kind::centre:
    return {map.w / 2, map.h / 2, 1, 1};
  default:
    return {positions.x, positions.y, positions.width, positions.height};
  }
}

} // namespace convscope
