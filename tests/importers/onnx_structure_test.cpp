// Functions, branches and nodes that are odd: what is read in their place, and what is said of them.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/names.h"
#include "graph/support.h"
#include "importers/expect_error.h"
#include "importers/layer_of.h"
#include "importers/onnx_models.h"

namespace convscope {
namespace {

std::string reason(const Graph &graph, const std::string &name) {
  const auto *op = std::get_if<Unsupported>(&layer_of(graph, name).op);
  return op == nullptr ? "it can be run" : op->reason;
}

void set_condition(OnnxBuilder &builder, bool value) {
  builder.initializer("condition", {}, onnx::TensorProto::BOOL).add_int32_data(value ? 1 : 0);
}

TEST(OnnxFunctions, CallsAreReadInPlace) {
  const Graph graph = model_with_functions().import().graph;
  ASSERT_EQ(graph.nodes.size(), 5U); // x, and twice a convolution and its activation
  const Node &first = layer_of(graph, "y/first/conv"), &second = layer_of(graph, "y/second/conv");
  EXPECT_TRUE(std::get<Conv>(first.op).bias.empty());
  EXPECT_EQ(std::get<Conv>(second.op).bias.size(), 4U);
  EXPECT_EQ(std::get<Unary>(layer_of(graph, "y/first").op).a, 0.5F);
  EXPECT_EQ(std::get<Unary>(layer_of(graph, "y").op).a, 0.01F);
  EXPECT_EQ(layer_of(graph, "y/second/act").name, "y"); // the call's name, and that of the node in it
}

TEST(OnnxFunctions, AnOpMeansWhatItDoesInTheFunctionsOpset) {
  OnnxBuilder builder;
  onnx::FunctionProto &old = function(builder, "old", {"x"}, "y", 11);
  set(inner_node(old, "Squeeze", {"x"}, "s"), "axes", std::vector<std::int64_t>{0});
  set(inner_node(old, "Unsqueeze", {"s"}, "y"), "axes", std::vector<std::int64_t>{0});
  call(builder.node("old", {"x"}, "o"));
  builder.node("Relu", {"o"}, "y");
  builder.output("y");
  EXPECT_EQ(builder.import().graph.nodes.size(), 2U);
  builder.model.mutable_functions(0)->mutable_opset_import(0)->set_version(5);
  expect_error([&] { builder.import(); }, "function 'old' uses opset 5");
}

TEST(OnnxFunctions, OutputsMayBeInputsAndBeLeftOut) {
  OnnxBuilder builder;
  onnx::FunctionProto &both = function(builder, "both", {"x", "unused"}, "x");
  both.add_output("r");
  inner_node(both, "Relu", {"x"}, "r");
  onnx::NodeProto &node = call(builder.node("both", {"x"}, "same"));
  node.add_output("relu");
  call(builder.node("both", {"relu"}, "second"));
  builder.node("Sigmoid", {"second"}, "y");
  builder.output("y");
  const Graph graph = builder.import().graph;
  EXPECT_EQ(layer_of(graph, "y").inputs, (std::vector<NodeId>{find_layer(graph, "relu")}));
  EXPECT_EQ(find_layer(graph, "same"), 0);
}

TEST(OnnxFunctions, RecursionIsRefusedAlone) {
  OnnxBuilder builder;
  call(inner_node(function(builder, "a", {"x"}, "y"), "b", {"x"}, "y", "of_a"));
  call(inner_node(function(builder, "b", {"x"}, "y"), "a", {"x"}, "y", "of_b"));
  builder.node("Relu", {"x"}, "relu");
  call(builder.node("a", {"relu"}, "y"));
  builder.output("y");
  const Graph graph = builder.import().graph;
  EXPECT_EQ(reason(graph, "y"), "function 'a' calls itself");
  EXPECT_NE(unsupported_text(graph, find_layer(graph, "y")).find("the deepest layer before it: 'relu'"),
            std::string::npos);
}

TEST(OnnxFunctions, BlowUpIsRefused) {
  OnnxBuilder builder;
  for (int i = 0; i < 40; ++i) {
    onnx::FunctionProto &doubling = function(builder, fmt::format("f{}", i), {"x"}, "y");
    for (int k = 0; k < 2; ++k)
      call(inner_node(doubling, fmt::format("f{}", i + 1), {k == 0 ? "x" : "t"}, k == 0 ? "t" : "y"));
  }
  call(builder.node("f0", {"x"}, "y"));
  builder.output("y");
  expect_error([&] { builder.import(); }, "more nodes than can be read");
}

TEST(OnnxBranches, AKnownConditionChooses) {
  for (const bool then : {true, false}) {
    OnnxBuilder builder = model_with_branches();
    set_condition(builder, then);
    const Graph graph = builder.import().graph;
    EXPECT_EQ(graph.nodes.size(), then ? 3U : 5U);
    const Node &after = layer_of(graph, "after");
    EXPECT_EQ(after.inputs[0], find_layer(graph, "chosen"));
    EXPECT_EQ(layer_of(graph, "chosen").name, then ? "before" : "u");
  }
}

TEST(OnnxBranches, ConditionsFollowFromSizes) {
  for (const int height : {8, 9}) {
    OnnxBuilder builder = model_with_branches({1, 3, height, 8});
    onnx::GraphProto &graph = *builder.model.mutable_graph();
    builder.integers("at", {2});
    builder.integers("nine", {9});
    builder.node("Shape", {"x"}, "shape");
    builder.node("Gather", {"shape", "at"}, "height");
    builder.node("Equal", {"height", "nine"}, "condition");
    std::rotate(graph.mutable_node()->pointer_begin(), graph.mutable_node()->pointer_begin() + 3,
                graph.mutable_node()->pointer_end());
    EXPECT_EQ(builder.import().graph.nodes.size(), height == 9 ? 3U : 5U);
  }
}

TEST(OnnxBranches, WhatAnIfTakesFromOutsideIsBeforeIt) {
  OnnxBuilder builder = model_with_branches();
  builder.node("NonZero", {"x"}, "condition");
  onnx::GraphProto &nodes = *builder.model.mutable_graph();
  std::rotate(nodes.mutable_node()->pointer_begin(), nodes.mutable_node()->pointer_end() - 1,
              nodes.mutable_node()->pointer_end());
  const Graph graph = builder.import().graph;
  EXPECT_NE(unsupported_text(graph, find_layer(graph, "chosen")).find("the deepest layer before it: 'before'"),
            std::string::npos);
}

// One node is odd; a convolution beside it works.
TEST(OnnxOddNodes, NeverRefuseTheFile) {
  const auto with = [](const std::function<void(OnnxBuilder &)> &odd, const std::string &said) {
    OnnxBuilder builder;
    builder.weights("w", {4, 3, 3, 3});
    builder.node("Conv", {"x", "w"}, "conv");
    odd(builder);
    builder.node("Relu", {"odd"}, "behind");
    builder.output("behind");
    const Graph graph = builder.import().graph;
    EXPECT_TRUE(std::holds_alternative<Conv>(layer_of(graph, "conv").op)) << said;
    EXPECT_NE(reason(graph, "odd").find(said), std::string::npos) << reason(graph, "odd");
    EXPECT_EQ(reason(graph, "behind"), "comes after 'odd'");
  };
  with([](OnnxBuilder &m) { m.node("Add", {"conv", "none"}, "odd"); }, "uses 'none', which nothing before it makes");
  with([](OnnxBuilder &m) { m.node("Later", {"conv"}, "odd").set_domain("else"); }, "op 'else.Later' is not supported");
  with(
      [](OnnxBuilder &m) {
        set(m.node("MaxPool", {"conv"}, "odd"), "kernel_shape", std::vector<std::int64_t>{0, 2});
      },
      "'kernel_shape'");
  with([](OnnxBuilder &m) { set(m.node("Softmax", {"conv"}, "odd"), "axis", 0.5F); }, "another type");
  with(
      [](OnnxBuilder &m) {
        m.initializer("texts", {1}, onnx::TensorProto::STRING).add_string_data("a");
        m.node("Add", {"conv", "texts"}, "odd");
      },
      "initializer 'texts' has elements of a type that can't be read");
  with(
      [](OnnxBuilder &m) {
        m.weights("cut", {4, 1, 1}).mutable_raw_data()->resize(3);
        m.node("Mul", {"conv", "cut"}, "odd");
      },
      "initializer 'cut' has 3 bytes");
  with(
      [](OnnxBuilder &m) {
        m.reals("empty", {0}, {});
        m.node("Mul", {"conv", "empty"}, "odd");
      },
      "op 'Mul'");
}

TEST(OnnxOddNodes, SparseInitializersAreToldOf) {
  OnnxBuilder builder;
  builder.node("Relu", {"x"}, "relu");
  builder.model.mutable_graph()->add_sparse_initializer()->mutable_values()->set_name("sparse");
  builder.node("Add", {"relu", "sparse"}, "y");
  builder.output("y");
  const Graph graph = builder.import().graph;
  EXPECT_EQ(reason(graph, "sparse"), "it is a sparse tensor, which can't be read");
  EXPECT_EQ(reason(graph, "y"), "comes after 'sparse'");
}

TEST(OnnxOddNodes, WhatNobodyUsesIsNotLookedAt) {
  OnnxBuilder builder;
  builder.node("Relu", {"x"}, "y");
  builder.weights("cut", {4}).mutable_raw_data()->resize(3);
  builder.initializer("complex", {2}, onnx::TensorProto::COMPLEX64);
  builder.output("y");
  builder.output("nobody makes this");
  EXPECT_EQ(builder.import().graph.nodes.size(), 2U);
}

TEST(OnnxOddNodes, OtherNetsAreToldWhatToDo) {
  OnnxBuilder old({1, 3, 8, 8}, 6);
  old.node("Relu", {"x"}, "y");
  expect_error([&] { old.import(); }, "onnx.version_converter");
  for (const std::vector<std::int64_t> &dims : {std::vector<std::int64_t>{1, 1, 16000}, {1, 3, 8, 16, 16}}) {
    OnnxBuilder other(dims);
    other.node("Relu", {"x"}, "y");
    expect_error([&] { other.import(); }, "Convscope shows nets of pictures");
  }
  OnnxBuilder fast;
  fast.node("Conv", {"x"}, "y").set_domain("com.microsoft.nchwc");
  expect_error([&] { fast.import(); }, "ORT_ENABLE_EXTENDED");
}

TEST(OnnxQuantized, WeightsAreDequantizedAndMapsRounded) {
  const Graph graph = quantized_model().import().graph;
  const auto &conv = std::get<Conv>(layer_of(graph, "conv").op);
  for (int i = 0; i < 4 * 27; ++i) {
    const float scale[] = {0.5F, 0.25F, 0.125F, 1};
    EXPECT_EQ(conv.weights[static_cast<std::size_t>(i)], static_cast<float>((i * 37 + 11) % 64 - 32) * scale[i / 27]);
  }
  const auto &inner = std::get<Conv>(layer_of(graph, "qconv/Conv").op);
  EXPECT_EQ(inner.weights[0], static_cast<float>(11 - 32 + 3) * 0.0625F);
  EXPECT_EQ(inner.bias[1], static_cast<float>(48) * 0.25F);
  EXPECT_EQ(std::count_if(graph.nodes.begin(), graph.nodes.end(),
                          [](const Node &node) {
                            const auto *op = std::get_if<Unary>(&node.op);
                            return op != nullptr && op->function == Function::round;
                          }),
            3);
}

} // namespace
} // namespace convscope
