// What is computed from constants at import: its limits, and what is no constant. Its values are tested by
// tests/conformance and tests/cases/folds.
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "graph/shapes.h"
#include "importers/expect_error.h"
#include "importers/onnx_builder.h"

namespace convscope {
namespace {

const Node &node_of(const OnnxImport &import, const std::string &name) {
  for (const Node &node : import.graph.nodes)
    if (node.name == name)
      return node;
  throw std::runtime_error("no node " + name);
}

std::string reason(const OnnxImport &import, const std::string &name) {
  const auto *unsupported = std::get_if<Unsupported>(&node_of(import, name).op);
  return unsupported == nullptr ? "" : unsupported->reason;
}

void expect_reason(const OnnxBuilder &model, const std::string &name, const std::string &part) {
  const std::string text = reason(model.import(), name);
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

// A layer that works, so that the file does.
OnnxBuilder with_relu(std::int64_t opset = 17) {
  OnnxBuilder model({1, 3, 8, 8}, static_cast<int>(opset));
  model.node("Relu", {"x"}, "relu");
  return model;
}

void zeros(OnnxBuilder &model, const std::string &name, const std::vector<std::int64_t> &dims) {
  model.integers(name + "_dims", dims);
  model.node("ConstantOfShape", {name + "_dims"}, name);
}

OnnxBuilder with_batch_normalization(int opset, const std::vector<std::string> &further) {
  OnnxBuilder model({1, 3, 8, 8}, opset);
  model.weights("w", {3, 3, 1, 1});
  model.node("Conv", {"x", "w"}, "conv");
  for (const char *name : {"scale", "bias", "mean", "variance"})
    model.reals(name, {3}, {1, 2, 3});
  onnx::NodeProto &node = model.node("BatchNormalization", {"conv", "scale", "bias", "mean", "variance"}, "bn");
  for (const std::string &name : further)
    node.add_output(name);
  model.output("bn");
  return model;
}

TEST(OnnxFolds, BatchNormalizationAsInTrainingIsRefused) {
  const std::vector<std::string> unused{"m", "v", "sm", "sv"};
  for (const int opset : {7, 9, 13}) {
    expect_reason(with_batch_normalization(opset, unused), "bn", "normalizes as in training");
    EXPECT_EQ(reason(with_batch_normalization(opset, {}).import(), "bn"), "");
    EXPECT_EQ(reason(with_batch_normalization(opset, {"", "", "", ""}).import(), "bn"), "");
  }
  OnnxBuilder newer = with_batch_normalization(15, {});
  set(*newer.model.mutable_graph()->mutable_node(1), "training_mode", std::int64_t{1});
  expect_reason(newer, "bn", "normalizes as in training");
}

TEST(OnnxFolds, WorkIsBounded) {
  OnnxBuilder product = with_relu();
  zeros(product, "a", {4096, 4096});
  product.node("MatMul", {"a", "a"}, "b");
  product.node("Mul", {"x", "b"}, "y");
  expect_reason(product, "b", "its constants need too much computing");

  OnnxBuilder sum = with_relu();
  zeros(sum, "a", {1000, 1000});
  set(sum.node("Einsum", {"a", "a"}, "b"), "equation", std::string("ab,cd->ac"));
  sum.node("Mul", {"x", "b"}, "y");
  expect_reason(sum, "b", "its constants need too much computing");

  OnnxBuilder conv = with_relu();
  zeros(conv, "a", {1, 1, 1000, 1000});
  zeros(conv, "k", {1, 1, 500, 500});
  conv.node("Conv", {"a", "k"}, "b");
  conv.node("Mul", {"x", "b"}, "y");
  expect_reason(conv, "b", "its constants need too much computing");

  OnnxBuilder pool = with_relu();
  zeros(pool, "a", {1, 1, 4000, 4000});
  set(pool.node("MaxPool", {"a"}, "b"), "kernel_shape", std::vector<std::int64_t>{1000, 1000});
  pool.node("Mul", {"x", "b"}, "y");
  expect_reason(pool, "b", "its constants need too much computing");

  OnnxBuilder many = with_relu();
  many.integers("place", {0});
  many.integers("depth", {std::int64_t{1} << 39});
  many.reals("values", {2}, {0, 1});
  many.node("OneHot", {"place", "depth", "values"}, "b");
  many.node("Mul", {"x", "b"}, "y");
  expect_reason(many, "b", "its constants need too much memory");
}

TEST(OnnxFolds, WhatIsDrawnAtRandomIsNoConstant) {
  OnnxBuilder model = with_relu();
  set(model.node("RandomNormal", {}, "noise"), "shape", std::vector<std::int64_t>{1, 3, 1, 1});
  model.node("Mul", {"x", "noise"}, "y");
  expect_reason(model, "noise", "op 'RandomNormal' is not supported");
  expect_reason(model, "y", "comes after 'noise'");
  OnnxBuilder dropout = with_relu();
  dropout.weights("w", {3, 3, 1, 1});
  dropout.reals("ratio", {}, {0.5});
  dropout.initializer("training", {}, onnx::TensorProto::BOOL).add_int32_data(1);
  dropout.node("Dropout", {"w", "ratio", "training"}, "dropped");
  dropout.node("Conv", {"x", "dropped"}, "y");
  expect_reason(dropout, "dropped", "drops out as in training");
}

TEST(OnnxFolds, WhatCannotBeReadRefusesItsNodesAlone) {
  OnnxBuilder text = with_relu();
  text.initializer("words", {1}, onnx::TensorProto::STRING).add_string_data("word");
  text.node("StringNormalizer", {"words"}, "y");
  expect_reason(text, "y", "type that can't be read (STRING)");
  OnnxBuilder infinite = with_relu();
  infinite.reals("zero", {3, 3, 1, 1}, {0, 0, 0, 0, 0, 0, 0, 0, 0});
  infinite.node("Reciprocal", {"zero"}, "w");
  infinite.node("Conv", {"relu", "w"}, "y");
  expect_reason(infinite, "y", "infinite or not a number");
}

TEST(OnnxFolds, ProductsSayTruly) {
  OnnxBuilder model = with_relu();
  model.node("Flatten", {"relu"}, "flat");
  model.weights("w", {4, 1});
  model.node("Gemm", {"w", "flat"}, "second");
  model.node("Gemm", {"flat", "flat"}, "both");
  expect_reason(model, "second", "its second factor alone is computed from the picture");
  expect_reason(model, "both", "multiplies two values that are both computed from the picture");
}

TEST(OnnxFolds, ElementsHaveTheirTypes) {
  const auto after = [](const std::vector<float> &values, const std::vector<int> &types) {
    OnnxBuilder model = with_relu();
    model.reals("v", {static_cast<std::int64_t>(values.size())}, values);
    std::string from = "v";
    for (const int type : types) {
      const std::string to = from + "c";
      set(model.node("Cast", {from}, to), "to", std::int64_t{type});
      from = to;
    }
    model.output(from);
    return model.import().outputs.at(0).values;
  };
  using T = onnx::TensorProto;
  using Values = std::vector<double>;
  EXPECT_EQ(after({-1.7F, 2.9F}, {T::INT8}), (Values{-1, 2}));
  EXPECT_EQ(after({300, -1, 256}, {T::INT32, T::UINT8}), (Values{44, 255, 0}));
  EXPECT_EQ(after({200, -200, 128}, {T::INT32, T::INT8}), (Values{-56, 56, -128}));
  EXPECT_EQ(after({70000, -32769}, {T::INT64, T::INT16}), (Values{4464, 32767}));
  EXPECT_EQ(after({0.5F, 0, -3}, {T::BOOL}), (Values{1, 0, 1}));
  EXPECT_EQ(after({2049, 1e6F, 0.1F}, {T::FLOAT16}),
            (Values{2048, std::numeric_limits<double>::infinity(), 0.0999755859375}));
  EXPECT_EQ(after({257, 1.00390625F, 1.01171875F}, {T::BFLOAT16}), (Values{256, 1, 1.015625}));
  // Arithmetic of few bits wraps around.
  OnnxBuilder model = with_relu();
  for (const char *name : {"a", "b"})
    model.initializer(name, {1}, T::UINT8).add_int32_data(200);
  model.node("Add", {"a", "b"}, "sum");
  model.output("sum");
  EXPECT_EQ(model.import().outputs.at(0).values, Values{144});
}

// Uses of folded ops that no well-made file has: one line, or an Unsupported node with its reason.
TEST(OnnxFolds, DamagedUses) {
  using Fill = std::function<onnx::NodeProto &(OnnxBuilder &)>;
  const auto list = [](std::initializer_list<std::int64_t> values) { return std::vector<std::int64_t>(values); };
  const std::vector<Fill> uses{
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("MatMul", {"one", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("MatMul", {"m", "t"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Gemm", {"t", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        auto &node = m.node("Einsum", {"m", "m"}, "y");
        set(node, "equation", std::string("ij,jk,kl->il"));
        return node;
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        auto &node = m.node("Einsum", {"m", "m"}, "y");
        set(node, "equation", std::string("ij,jk->iz"));
        return node;
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        auto &node = m.node("Einsum", {"m"}, "y");
        set(node, "equation", std::string("...ijk->i"));
        return node;
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("Einsum", {"m"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Conv", {"t", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("ConvTranspose", {"t", "none"}, "y");
      },
      [&](OnnxBuilder &m) -> onnx::NodeProto & {
        auto &node = m.node("MaxPool", {"t"}, "y");
        set(node, "kernel_shape", list({9}));
        return node;
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("AveragePool", {"t"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("GatherND", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("GatherElements", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Gather", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Gather", {"m", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("ScatterND", {"m", "far", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("ScatterElements", {"m", "far", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("OneHot", {"far", "m", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("TopK", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("ArgMax", {"none"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("ArgMax", {"one"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("CumSum", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("Trilu", {"one"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("EyeLike", {"t"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("Det", {"m"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Pad", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("DepthToSpace", {"t"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Resize", {"none", "", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("DequantizeLinear", {"far", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("DequantizeLinear", {"m", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("QuantizeLinear", {"m", "one", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("BitShift", {"m", "m"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("BitwiseNot", {"m"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("BatchNormalization", {"t", "one", "one", "one", "one"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("LayerNormalization", {"m", "t"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("GroupNormalization", {"t", "one", "one"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("ReverseSequence", {"m", "far"}, "y");
      },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("Softmax", {"one"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("LRN", {"m"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("ReduceMin", {"no_integers"}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & { return m.node("Add", {}, "y"); },
      [](OnnxBuilder &m) -> onnx::NodeProto & {
        return m.node("Where", {"m", "m", "m"}, "y");
      },
  };
  for (const Fill &fill : uses) {
    OnnxBuilder model = with_relu();
    model.reals("one", {}, {1});
    model.weights("m", {3, 4});
    model.weights("t", {1, 2, 5});
    model.reals("none", {0, 2, 3}, {});
    model.integers("no_integers", {});
    model.integers("far", {std::int64_t{1} << 40, -(std::int64_t{1} << 40), 7});
    const std::string op = fill(model).op_type();
    model.output("y");
    try {
      const OnnxImport import = model.import();
      if (import.outputs.at(0).constant)
        ADD_FAILURE() << op << " was computed";
      else
        EXPECT_NE(reason(import, "y"), "") << op;
    } catch (const UserError &error) {
      EXPECT_NE(std::string(error.what()).find("node 'y' (" + op + "): "), std::string::npos) << error.what();
    }
  }
}

} // namespace
} // namespace convscope
