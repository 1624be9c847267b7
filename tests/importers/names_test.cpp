// Layers by name, and what of a net can be run.
#include "graph/names.h"

#include "graph/shapes.h"
#include "graph/support.h"
#include "importers/expect_error.h"

namespace convscope {
namespace {

Graph net_of(const std::vector<Node> &nodes) {
  Graph graph;
  graph.name = "net.onnx";
  graph.nodes = nodes;
  return graph;
}

Graph junk() {
  return net_of({{"input", "", Input{}, {}, true, 0, {}},
                 {"/features/features.3/Conv", "Conv", Relu{}, {0}, true, 0, {"conv_out"}},
                 {"/features/features.4/Conv", "Conv", Relu{}, {1}, true, 0, {}},
                 {"/features/features.4/Relu", "Relu", Relu{}, {2}, true, 0, {}},
                 {"model/conv1/Relu", "Relu", Relu{}, {3}, true, 0, {"model/conv1/Relu:0"}},
                 {"a b+c*2-d@1:0", "Relu", Relu{}, {4}, true, 0, {}},
                 {"inner", "Relu", Relu{}, {5}, false, 0, {}},
                 {"12", "Relu", Relu{}, {6}, true, 0, {"out:0"}}});
}

TEST(Names, FindLayers) {
  const Graph graph = junk();
  const std::pair<const char *, NodeId> found[] = {{"/features/features.3/Conv", 1},
                                                   {"conv_out", 1},
                                                   {"features.3", 1},
                                                   {"features.3/Conv", 1},
                                                   {"features.4/Conv", 2},
                                                   {"model/conv1/Relu", 4},
                                                   {"model/conv1/Relu:0", 4},
                                                   {"conv1", 4},
                                                   {"conv1/Relu:0", 4},
                                                   {"a b+c*2-d@1:0", 5},
                                                   {"12", 7},
                                                   {"out", 7},
                                                   {"out:0", 7}};
  for (const auto &[name, id] : found)
    EXPECT_EQ(find_layer(graph, name), id) << name;
  expect_error(
      [&] { find_layer(graph, "Conv"); },
      "'Conv' could be more than one layer of net.onnx: '/features/features.3/Conv', '/features/features.4/Conv'");
  expect_error([&] { find_layer(graph, "features.4"); }, "could be more than one layer");
  expect_error([&] { find_layer(graph, "eatures.3"); }, "no layer 'eatures.3'");
  EXPECT_EQ(graph.nodes[static_cast<std::size_t>(find_layer(graph, "inner"))].name, "inner"); // a step in a layer
  expect_error([&] { find_layer(graph, "inne"); }, "no layer 'inne'");
  expect_error([&] { find_layer(graph, ""); }, "no layer ''");
  expect_error([&] { find_layer(graph, "model/conv2/Relu"); }, "did you mean 'model/conv1/Relu'?");
}

TEST(Names, StandInText) {
  const Graph graph = junk();
  const std::pair<const char *, const char *> begins[] = {{"/features/features.3/Conv:5", "/features/features.3/Conv"},
                                                          {"features.3/Conv + conv1", "features.3/Conv"},
                                                          {"model/conv1/Relu:0", "model/conv1/Relu"}, // its channel 0
                                                          {"conv1/Relu:0", "conv1/Relu"},
                                                          {"model/conv1/Relu:0:5", "model/conv1/Relu:0"},
                                                          {"a b+c*2-d@1:0", "a b+c*2-d@1:0"},
                                                          {"a b+c*2-d@1:0:7@3,4", "a b+c*2-d@1:0"},
                                                          {"12:3", "12"},
                                                          {"123:3", ""},
                                                          {"conv9:1", ""},
                                                          {"", ""}};
  for (const auto &[text, name] : begins)
    EXPECT_EQ(std::string_view(text).substr(0, layer_name_length(graph, text)), name) << text;
}

TEST(Support, NamesTheDeepestLayersThatRun) {
  const Graph graph = net_of({{"input", "", Input{}, {}},
                              {"stem", "Conv", Relu{}, {0}},
                              {"left", "Conv", Relu{}, {1}},
                              {"right", "Conv", Relu{}, {1}},
                              {"attention", "Attention", Unsupported{"op 'Attention' is not supported"}, {2, 3}},
                              {"after", "Relu", Relu{}, {4}},
                              {"aside", "Relu", Relu{}, {3}}});
  EXPECT_EQ(runnable_nodes(graph), (std::vector<bool>{true, true, true, true, false, false, true}));
  EXPECT_EQ(first_unsupported(graph), 4);
  EXPECT_EQ(unsupported_text(graph, 4), "attention of net.onnx can't be run: op 'Attention' is not supported; the "
                                        "deepest layers before it: 'right', 'left'");
  expect_error(
      [&] {
        infer_shapes(graph, {3, 8, 8}, 5);
      },
      "op 'Attention' is not supported; the deepest layers before");
  EXPECT_EQ(infer_shapes(graph, {3, 8, 8}, 6)[6], (Shape{3, 8, 8}));
  const Graph none = net_of({{"input", "", Input{}, {}}, {"first", "Cast", Unsupported{"strings"}, {0}}});
  EXPECT_NE(unsupported_text(none, 1).find("no layer before it"), std::string::npos);
}

} // namespace
} // namespace convscope
