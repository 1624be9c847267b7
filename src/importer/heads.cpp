#include "importer/heads.h"

#include "base/error.h"
#include "graph/shapes.h"
#include "graph/support.h"

namespace convscope {

namespace {

class Heads {
public:
  Heads(Graph &graph, Shape input, const std::vector<NodeId> &outputs) : graph_(graph), runs_(runnable_nodes(graph)) {
    for (const NodeId output : outputs)
      if (runs_[static_cast<std::size_t>(output)])
        try {
          const std::vector<Shape> shapes = infer_shapes(graph, input, output);
          if (is_vector(shapes[static_cast<std::size_t>(output)]))
            vectors_.push_back({output, shapes});
        } catch (const UserError &) {
          // Of a size that the net's own picture does not reach: no classifier of it.
        }
  }

  bool take_activation() {
    for (const auto &[output, shapes] : vectors_) {
      const auto shape = [&shapes = shapes](NodeId id) { return shapes[static_cast<std::size_t>(id)]; };
      NodeId id = before_quantization(graph_, output);
      const bool rounded = id != output;
      while (is_view(node(id).op) || std::holds_alternative<Transpose>(node(id).op))
        id = before_quantization(graph_, node(id).inputs.at(0));
      if (!is_vector(shape(id)) || shape(id).c != shape(output).c || node(id).inputs.empty())
        continue;
      const auto *softmax = std::get_if<Softmax>(&node(id).op);
      const auto *unary = std::get_if<Unary>(&node(id).op);
      const bool classes = softmax && softmax->axis == Axis::c && shape(id).c > 1;
      if (!classes && !(unary && unary->function == Function::sigmoid))
        continue;
      graph_.logits = node(id).inputs[0];
      if (!classes || !softmax->log)
        graph_.probabilities = rounded ? output : id;
      return true;
    }
    return false;
  }

  void take_scores(bool (*gives_scores)(const Graph &, NodeId)) {
    for (const auto &[output, shapes] : vectors_)
      if (shapes[static_cast<std::size_t>(output)].c > 1 && gives_scores(graph_, output)) {
        graph_.logits = output;
        return;
      }
  }

private:
  struct Vector {
    NodeId output;
    std::vector<Shape> shapes; // of what it depends on
  };

  static bool is_vector(const Shape &shape) { return shape.c >= 1 && shape.h == 1 && shape.w == 1; }
  const Node &node(NodeId id) const { return graph_.nodes[static_cast<std::size_t>(id)]; }

  Graph &graph_;
  std::vector<bool> runs_;
  std::vector<Vector> vectors_;
};

} // namespace

NodeId before_quantization(const Graph &graph, NodeId id) {
  bool rounded = false;
  for (NodeId at = id;;) {
    const Node &node = graph.nodes[static_cast<std::size_t>(at)];
    const auto *op = std::get_if<Unary>(&node.op);
    if (op == nullptr ||
        (op->function != Function::linear && op->function != Function::clip && op->function != Function::round))
      return rounded ? at : id;
    rounded = rounded || op->function == Function::round;
    at = node.inputs[0];
  }
}

void find_classifier(Graph &graph, const std::vector<NodeId> &outputs, Shape input,
                     bool (*gives_scores)(const Graph &, NodeId)) {
  Heads heads(graph, input, outputs);
  if (!heads.take_activation())
    heads.take_scores(gives_scores);
}

} // namespace convscope
