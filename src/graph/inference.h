// The shape of one node after another: what infer_shapes (shapes.h) does.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace convscope {

class Inference {
public:
  // Both must outlive it. `input` is the graph input's shape.
  Inference(const Graph &graph, Shape input) : graph_(graph), shapes_(graph.nodes.size()), input_(input) {}

  // In the order of the nodes, each after its inputs; nodes may be added in between. Throws UserError naming the layer.
  void infer(NodeId id);
  const Shape &shape(NodeId id) const { return shapes_[static_cast<std::size_t>(id)]; }
  std::vector<Shape> take() { return std::move(shapes_); }

private:
  struct Visitor;

  Shape in(std::size_t i = 0) const { return shapes_[static_cast<std::size_t>(graph_.nodes[id_].inputs.at(i))]; }
  std::string subject() const;
  std::string input_text() const;
  // UserError: the layer can't do `what` at this input size.
  [[noreturn]] void fail(const std::string &what) const;
  Shape checked(std::int64_t c, std::int64_t h, std::int64_t w) const;
  Shape windowed(const Window &window, int channels) const;
  std::string dense_message(std::int64_t takes) const;

  const Graph &graph_;
  std::vector<Shape> shapes_;
  Shape input_;
  NodeId id_ = 0;
};

} // namespace convscope
