#include "session/input_size.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"

namespace convscope {

namespace {

// Whatever size a step's canvas has: but where it is only too small, the step has a larger one.
void check_canvases(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image) {
  if (!scales_canvas(recipe, false))
    return;
  for (const double scale : canvas_scales(recipe))
    try {
      for (const NodeId layer : layers)
        shape_at(model, layer,
                 {scaled_canvas_side(recipe, image.width, scale), scaled_canvas_side(recipe, image.height, scale)});
    } catch (const InputTooSmall &) {
    }
}

// What is said of layers that get too little to see of an image; empty of others.
std::string too_small(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image) {
  try {
    if (!input_size_for(model, layers, recipe, image).given())
      for (const NodeId layer : layers)
        shape_at(model, layer, net_size({}, recipe, image));
  } catch (const InputTooSmall &error) {
    return error.what();
  } catch (const UserError &) { // which no size mends
  }
  return "";
}

} // namespace

Size size_of(const Array &input) { return {static_cast<int>(input.shape.at(3)), static_cast<int>(input.shape.at(2))}; }

Shape shape_at(const Model &model, NodeId layer, Size input) {
  const Graph &graph = model.at(input);
  const NodeId node = same_node(model.graph, layer, graph);
  return infer_shapes(graph, graph.input_of(input), node)[static_cast<std::size_t>(node)];
}

bool runs_at(const Model &model, const std::vector<NodeId> &layers, Size input) {
  try {
    for (const NodeId layer : layers)
      shape_at(model, layer, input);
    return true;
  } catch (const UserError &) {
    return false;
  }
}

Size input_size_for(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image) {
  const Size own = model.graph.size();
  bool too_small = false;
  try {
    for (const NodeId layer : layers)
      shape_at(model, layer, net_size({}, recipe, image));
    check_canvases(model, layers, recipe, image);
    return {};
  } catch (const InputTooSmall &) {
    too_small = true;
  } catch (const UserError &) {
  }
  // An image that is too small for a net that takes any size is better refused than blown up.
  const bool any_larger = too_small && runs_at(model, layers, {2 * own.width, 2 * own.height});
  return !any_larger && runs_at(model, layers, own) ? own : Size{};
}

Size image_size(const Recipe &recipe, int side, Size input_size) {
  if (!input_size.given() || input_size.width == input_size.height || recipe.crops > 0) // crops are square
    return square(side);
  // Of a long one, some pixels are left of the shorter side, whatever that does to its proportions.
  const int margin = canvas_side(recipe, 0), least = std::min(side, 16);
  const double aspect = double(input_size.width) / input_size.height, whole = side + margin;
  const auto image = [&](double canvas) {
    return std::clamp(static_cast<int>(std::lround(canvas)) - margin, least, std::max(side, 4096));
  };
  // The shorter side first: the longer one is a better multiple of it.
  if (aspect > 1) {
    const int height = image(whole / std::sqrt(aspect));
    return {image((height + margin) * aspect), height};
  }
  const int width = image(whole * std::sqrt(aspect));
  return {width, image((width + margin) / aspect)};
}

Size least_image(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image) {
  constexpr int largest = 4096;
  const int side = std::min(image.width, image.height);
  const auto scaled = [&](int shorter) {
    const auto length = [&](int of) { return static_cast<int>(std::lround(double(of) * shorter / side)); };
    return Size{length(image.width), length(image.height)};
  };
  const auto does = [&](int shorter) { return too_small(model, layers, recipe, scaled(shorter)).empty(); };
  if (does(side))
    return image;
  int small = side, enough = 2 * side;
  for (; !does(enough); enough *= 2) {
    if (enough >= largest)
      return image;
    small = enough;
  }
  while (enough - small > 1) {
    const int middle = (small + enough) / 2;
    (does(middle) ? enough : small) = middle;
  }
  return scaled(enough);
}

void check_image(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, Size image) {
  const std::string problem = too_small(model, layers, recipe, image);
  if (problem.empty())
    return;
  const Size least = least_image(model, layers, recipe, image);
  if (least == image)
    throw UserError(problem);
  throw UserError(fmt::format("size {}x{}: {}; {}x{} is the least that does", image.width, image.height, problem,
                              least.width, least.height));
}

Size image_size_for(const Model &model, const std::vector<NodeId> &layers, const Recipe &recipe, int side) {
  return least_image(model, layers, recipe,
                     image_size(recipe, side, input_size_for(model, layers, recipe, square(side))));
}

Size in_proportions_of(Size photo, int side) {
  const double ratio = std::sqrt(double(photo.width) / photo.height);
  const auto rounded = [](double length) { return std::clamp(static_cast<int>(std::lround(length)), 1, 4096); };
  return {rounded(side * ratio), rounded(side / ratio)};
}

Size image_size_for(const Model &model, const Objective &objective, const Recipe &recipe, int side, Size photo) {
  const Size size = image_size_for(model, layers_of(objective), recipe, side);
  const bool free = size.width == size.height && photo.given() && objective.needs().photo;
  return free ? in_proportions_of(photo, side) : size;
}

void check_objective(const Model &model, const Objective &objective, const Recipe &recipe, Size image,
                     Size input_size) {
  std::vector<Shape> shapes(model.graph.nodes.size());
  for (const NodeId layer : layers_of(objective))
    shapes[static_cast<std::size_t>(layer)] = shape_at(model, layer, net_size(input_size, recipe, image));
  check_objective(objective, model.graph, shapes);
}

Size net_size(Size input_size, const Recipe &recipe, Size image) {
  return input_size.given() ? input_size : Size{canvas_side(recipe, image.width), canvas_side(recipe, image.height)};
}

} // namespace convscope
