// Small graphs of odd shapes that together use every kernel of a net, forward and backward.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/network.h"

namespace convscope::doctor {

struct KernelCase {
  std::string group, name;
  Graph graph;
  NetworkOptions options;   // with targets and backward; every target gets a seed
  std::vector<float> input; // (batch, C, H, W) of options.input
  double tolerance = 1e-5;  // of each output; the design's for float32
  Variant variant = Variant::usual;

  std::string title() const { return group + ", " + name; }
  // What its outputs and its gradient go by in the table of right values.
  std::string output_key(NodeId target) const { return title() + " > " + node(target).name; }
  std::string gradient_key() const { return title() + " > gradient"; }
  const Node &node(NodeId id) const { return graph.nodes.at(static_cast<std::size_t>(id)); }
  // The gradient that comes to a target of that shape.
  std::vector<float> seed(NodeId target, const Shape &shape) const;
};

std::vector<KernelCase> convolution_cases(); // each to be run by every back end
std::vector<KernelCase> op_cases();          // all other ops
std::vector<KernelCase> exact_cases();       // the decisions of ReLUs and pools in double
KernelCase revive_case();                    // a ReLU that blocks an image's whole gradient lets some through
std::vector<KernelCase> all_kernel_cases();

// For those functions: a graph with its input, and nodes behind it.
NodeId push(Graph &graph, Op op, std::vector<NodeId> inputs, std::string name);
KernelCase make_case(std::string group, std::string name, const Shape &input, int batch, std::vector<float> values);
Window square_window(int kernel, int stride = 1, int pad = 0, int dilation = 1);
// With weights that are multiples of 1/32, of about unit gain, and a bias that keeps sums away from 0.
Conv coarse_conv(int in_c, int out_c, const Window &window, unsigned seed, int groups = 1, bool bias = true);

} // namespace convscope::doctor
