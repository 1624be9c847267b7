// What ONNX models become: ops, layouts, names, sizes.
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "graph/shapes.h"
#include "importers/expect_error.h"
#include "importers/onnx_builder.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

// The ops of the graph that lead to its first output, without the input: "Conv Relu".
std::string ops_to_output(const OnnxImport &import) {
  std::string text;
  for (const NodeId id : ancestors(import.graph, {import.outputs.at(0).node}))
    if (id != 0)
      text +=
          fmt::format("{}{}", text.empty() ? "" : " ", op_name(import.graph.nodes[static_cast<std::size_t>(id)].op));
  return text;
}

const Node &output_node(const OnnxImport &import) {
  return import.graph.nodes[static_cast<std::size_t>(import.outputs.at(0).node)];
}

Shape output_shape(const OnnxImport &import, Shape input) {
  const NodeId node = import.outputs.at(0).node;
  return infer_shapes(import.graph, input, node)[static_cast<std::size_t>(node)];
}

void add_conv(OnnxBuilder &model, const std::string &input, const std::string &output, std::int64_t in,
              std::int64_t out, std::int64_t kernel = 1) {
  model.weights(output + "_w", {out, in, kernel, kernel});
  set(model.node("Conv", {input, output + "_w"}, output), "pads", std::vector<std::int64_t>(4, kernel / 2));
}

TEST(Onnx, NodesHaveTheirNamesAndTheirOutputsAsAliases) {
  OnnxBuilder model;
  add_conv(model, "x", "conv1", 3, 4, 3);
  model.model.mutable_graph()->mutable_node(0)->set_name("features/conv1");
  model.node("Identity", {"conv1"}, "same");
  model.node("Relu", {"same"}, "relu1").clear_name();
  model.output("relu1");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Conv Relu");
  const Node &conv = import.graph.nodes.at(1);
  EXPECT_EQ(conv.name, "features/conv1");
  EXPECT_EQ(conv.kind, "Conv");
  EXPECT_EQ(conv.aliases, (std::vector<std::string>{"conv1", "same"}));
  EXPECT_EQ(conv.parameters, 4 * 3 * 9);
  EXPECT_EQ(output_node(import).name, "relu1");
  EXPECT_EQ(import.graph.name, "test");
  EXPECT_EQ(import.graph.input, import.input);
}

TEST(Onnx, ChannelsLastOnlyRelabels) {
  OnnxBuilder model({0, 0, 0, 3}, 13);
  set(model.node("Transpose", {"x"}, "nchw"), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
  add_conv(model, "nchw", "conv", 3, 4, 3);
  set(model.node("Transpose", {"conv"}, "nhwc"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
  model.weights("bias", {4});
  model.node("Add", {"nhwc", "bias"}, "biased");
  set(model.node("ReduceMean", {"biased"}, "mean"), "axes", std::vector<std::int64_t>{1, 2});
  model.output("mean");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Conv ScaleShift GlobalAvgPool");
  EXPECT_EQ(output_shape(import, {3, 50, 70}), (Shape{4, 1, 1}));
}

TEST(Onnx, ChannelsLastFlattenPermutesTheDenseWeights) {
  OnnxBuilder model({1, 2, 2, 3}, 13);
  model.integers("flat", {0, -1});
  model.node("Reshape", {"x", "flat"}, "flatten");
  model.weights("w", {12, 5});
  model.node("MatMul", {"flatten", "w"}, "dense");
  model.output("dense");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Dense");
  const auto &dense = std::get<Dense>(output_node(import).op);
  // weights(o, c, h, w) = file(h, w, c, o)
  const auto file = [](int i, int o) { return static_cast<float>(((i * 5 + o) * 37 + 11) % 64 - 32) / 32.F; };
  for (int o = 0; o < 5; ++o)
    for (int c = 0; c < 3; ++c)
      for (int p = 0; p < 4; ++p)
        EXPECT_EQ(dense.weights[static_cast<std::size_t>(o * 12 + c * 4 + p)], file(p * 3 + c, o));
}

TEST(Onnx, FlattenByShapeArithmeticWorksAtOtherSizes) {
  OnnxBuilder model({0, 3, 0, 0});
  model.node("Relu", {"x"}, "relu");
  model.node("Shape", {"relu"}, "shape");
  model.integers("zero", {0});
  model.integers("minus", {-1});
  model.node("Gather", {"shape", "zero"}, "batch");
  set(model.node("Concat", {"batch", "minus"}, "to"), "axis", std::int64_t{0});
  model.node("Reshape", {"relu", "to"}, "flatten");
  model.output("flatten");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Relu Flatten");
  EXPECT_EQ(output_node(import).name, "flatten");
  EXPECT_EQ(output_shape(import, {3, 5, 7}), (Shape{105, 1, 1}));
}

TEST(Onnx, ShufflesAreRecognized) {
  const auto shuffled = [](const std::vector<std::int64_t> &split, const std::vector<std::int64_t> &order,
                           const std::vector<std::int64_t> &joined) {
    OnnxBuilder model({1, 3, 8, 8});
    add_conv(model, "x", "conv", 3, 12);
    model.integers("split", split);
    model.integers("joined", joined);
    model.node("Reshape", {"conv", "split"}, "a");
    set(model.node("Transpose", {"a"}, "b"), "perm", order);
    model.node("Reshape", {"b", "joined"}, "c");
    model.node("Relu", {"c"}, "relu");
    add_conv(model, "relu", "last", joined[1], 2);
    model.output("last");
    return ops_to_output(model.import());
  };
  EXPECT_EQ(shuffled({1, 3, 4, 8, 8}, {0, 2, 1, 3, 4}, {1, 12, 8, 8}), "Conv Relu ChannelShuffle Conv");
  EXPECT_EQ(shuffled({1, 3, 2, 2, 8, 8}, {0, 1, 4, 2, 5, 3}, {1, 3, 16, 16}), "Conv Relu DepthToSpace Conv");
  EXPECT_EQ(shuffled({1, 2, 2, 3, 8, 8}, {0, 3, 4, 1, 5, 2}, {1, 3, 16, 16}), "Conv Relu DepthToSpace Conv");
  EXPECT_EQ(shuffled({1, 12, 4, 2, 4, 2}, {0, 3, 5, 1, 2, 4}, {1, 48, 4, 4}), "Conv Relu SpaceToDepth Conv");
  EXPECT_EQ(shuffled({1, 12, 4, 2, 4, 2}, {0, 1, 3, 5, 2, 4}, {1, 48, 4, 4}),
            "Conv Relu SpaceToDepth ChannelShuffle Conv");
}

TEST(Onnx, LayerNormalizationOfChannelsLast) { // as ConvNeXt's
  OnnxBuilder model({0, 3, 0, 0});
  set(model.node("Transpose", {"x"}, "last"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
  model.weights("g", {3});
  model.weights("b", {3});
  model.node("LayerNormalization", {"last", "g", "b"}, "norm");
  model.weights("w", {3, 6});
  model.node("MatMul", {"norm", "w"}, "linear");
  set(model.node("Transpose", {"linear"}, "first"), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
  model.output("first");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Normalize ScaleShift Conv");
  EXPECT_EQ(output_shape(import, {3, 9, 11}), (Shape{6, 9, 11}));
  const auto &normalize = std::get<Normalize>(import.graph.nodes.at(1).op);
  EXPECT_TRUE(normalize.axes.c && !normalize.axes.h && !normalize.axes.w);
}

TEST(Onnx, FunctionsOfPrimitives) {
  const auto op_of = [](const std::function<void(OnnxBuilder &)> &fill) {
    OnnxBuilder model;
    model.reals("half", {}, {0.5F});
    model.reals("one", {}, {1});
    model.reals("three", {}, {3});
    model.reals("six", {}, {6});
    model.reals("zero", {}, {0});
    model.reals("two", {}, {2});
    model.reals("root", {}, {1.41421356F});
    model.reals("epsilon", {}, {1e-6F});
    fill(model);
    model.output("y");
    return model.import();
  };
  const auto function = [&](const std::function<void(OnnxBuilder &)> &fill) {
    const OnnxImport import = op_of(fill);
    EXPECT_EQ(ops_to_output(import), "Unary");
    return std::get<Unary>(output_node(import).op).function;
  };
  EXPECT_EQ(function([](OnnxBuilder &m) {
              m.node("Sigmoid", {"x"}, "s");
              m.node("Mul", {"x", "s"}, "y");
            }),
            Function::silu);
  EXPECT_EQ(function([](OnnxBuilder &m) {
              m.node("Div", {"x", "root"}, "a");
              m.node("Erf", {"a"}, "b");
              m.node("Add", {"b", "one"}, "c");
              m.node("Mul", {"x", "c"}, "d");
              m.node("Mul", {"d", "half"}, "y");
            }),
            Function::gelu);
  EXPECT_EQ(function([](OnnxBuilder &m) {
              m.node("Add", {"x", "three"}, "a");
              m.node("Clip", {"a", "zero", "six"}, "b");
              m.node("Div", {"b", "six"}, "c");
              m.node("Mul", {"x", "c"}, "y");
            }),
            Function::hard_swish);
  EXPECT_EQ(function([](OnnxBuilder &m) {
              m.node("Softplus", {"x"}, "a");
              m.node("Tanh", {"a"}, "b");
              m.node("Mul", {"x", "b"}, "y");
            }),
            Function::mish);
  EXPECT_EQ(ops_to_output(op_of([](OnnxBuilder &m) {
              set(m.node("ReduceMean", {"x"}, "mean"), "axes", std::vector<std::int64_t>{1});
              m.node("Sub", {"x", "mean"}, "d");
              m.node("Pow", {"d", "two"}, "squares");
              set(m.node("ReduceMean", {"squares"}, "variance"), "axes", std::vector<std::int64_t>{1});
              m.node("Add", {"variance", "epsilon"}, "more");
              m.node("Sqrt", {"more"}, "root_of");
              m.node("Div", {"d", "root_of"}, "y");
            })),
            "Normalize");
}

TEST(Onnx, GroupNormalizationByInstanceNormalization) {
  OnnxBuilder model;
  add_conv(model, "x", "conv", 3, 8);
  model.integers("groups", {0, 4, -1});
  model.node("Reshape", {"conv", "groups"}, "grouped");
  model.reals("ones", {4}, {1, 1, 1, 1});
  model.reals("zeros", {4}, {0, 0, 0, 0});
  model.node("InstanceNormalization", {"grouped", "ones", "zeros"}, "norm");
  model.node("Shape", {"conv"}, "shape");
  model.node("Reshape", {"norm", "shape"}, "back");
  model.node("Relu", {"back"}, "relu");
  model.output("relu");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Conv Normalize ScaleShift Relu");
  EXPECT_EQ(std::get<Normalize>(import.graph.nodes.at(2).op).groups, 4);
}

TEST(Onnx, AnOpenSizeIsTheOneThatFits) {
  OnnxBuilder model({1, 3, 0, 0});
  model.integers("to", {1, 3 * 299 * 299});
  model.node("Reshape", {"x", "to"}, "flat");
  model.node("Relu", {"flat"}, "relu");
  model.output("relu");
  const OnnxImport import = model.import();
  EXPECT_EQ(import.graph.size(), square(299));
  EXPECT_NE(ops_to_output(import).find("Relu"), std::string::npos);
}

TEST(Onnx, ClassifiersAreFound) {
  OnnxBuilder model;
  add_conv(model, "x", "conv", 3, 4);
  model.node("GlobalAveragePool", {"conv"}, "pool");
  model.node("Flatten", {"pool"}, "flat");
  model.weights("w", {10, 4});
  model.weights("b", {10});
  set(model.node("Gemm", {"flat", "w", "b"}, "fc"), "transB", std::int64_t{1});
  model.node("Softmax", {"fc"}, "prob");
  model.output("prob");
  const OnnxImport import = model.import();
  EXPECT_EQ(ops_to_output(import), "Conv GlobalAvgPool Dense Softmax");
  EXPECT_EQ(import.graph.nodes.at(static_cast<std::size_t>(import.graph.logits)).name, "fc");
  EXPECT_EQ(import.graph.nodes.at(static_cast<std::size_t>(import.graph.probabilities)).name, "prob");
}

TEST(Onnx, WhatIsNotSupportedLeavesTheLayersBefore) {
  OnnxBuilder model;
  add_conv(model, "x", "conv", 3, 4);
  model.node("NoSuchOp", {"conv"}, "strange");
  model.node("Relu", {"strange"}, "after");
  model.output("after");
  const OnnxImport import = model.import();
  const Graph &graph = import.graph;
  EXPECT_EQ(graph.nodes.at(2).name, "strange");
  EXPECT_EQ(graph.nodes.at(2).kind, "NoSuchOp");
  EXPECT_EQ(std::get<Unsupported>(graph.nodes.at(2).op).reason, "op 'NoSuchOp' is not supported");
  EXPECT_EQ(infer_shapes(graph, {3, 8, 8}, 1)[1], (Shape{4, 8, 8}));
  expect_error([&] { infer_shapes(graph, {3, 8, 8}, 3); }, "strange of test can't be run: op 'NoSuchOp'");
}

TEST(Onnx, TypedFieldsHalvesAndDoubles) {
  const auto weights_of = [](const std::function<void(onnx::TensorProto &)> &fill, int type) {
    OnnxBuilder model({1, 3, 8, 8});
    fill(model.initializer("w", {1, 3, 1, 1}, type));
    model.node("Conv", {"x", "w"}, "y");
    model.output("y");
    return std::get<Conv>(output_node(model.import()).op).weights;
  };
  const std::vector<float> expected{1, -2, 0.5F};
  EXPECT_EQ(weights_of(
                [](auto &t) {
                  for (const float value : {1.F, -2.F, 0.5F})
                    t.add_float_data(value);
                },
                onnx::TensorProto::FLOAT),
            expected);
  EXPECT_EQ(weights_of(
                [](auto &t) {
                  for (const int bits : {0x3c00, 0xc000, 0x3800})
                    t.add_int32_data(bits);
                },
                onnx::TensorProto::FLOAT16),
            expected);
  EXPECT_EQ(weights_of([](auto &t) { t.set_raw_data(std::string("\x80\x3f\x00\xc0\x00\x3f", 6)); },
                       onnx::TensorProto::BFLOAT16),
            expected);
  EXPECT_EQ(weights_of(
                [](auto &t) {
                  for (const double value : {1., -2., 0.5})
                    t.add_double_data(value);
                },
                onnx::TensorProto::DOUBLE),
            expected);
}

TEST(Onnx, ExternalDataStaysInTheFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "inside");
  const std::vector<float> values{9, 9, 1, -2, 0.5F};
  for (const char *name : {"inside/m.data", "outside.data"})
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char *>(values.data()), static_cast<std::streamsize>(values.size() * 4));
  std::filesystem::create_symlink(folder / "outside.data", folder / "inside/link.data");
  const auto load = [&](const std::string &location, const std::string &offset, const std::string &length) {
    OnnxBuilder model;
    set_external(model.weights("w", {1, 3, 1, 1}), location, offset, length);
    model.node("Conv", {"x", "w"}, "y");
    model.output("y");
    model.save(folder / "inside/m.onnx");
    return load_onnx(folder / "inside/m.onnx");
  };
  EXPECT_EQ(std::get<Conv>(load("m.data", "8", "12").graph.nodes.at(1).op).weights, (std::vector<float>{1, -2, 0.5F}));
  for (const std::string &location :
       std::vector<std::string>{"../outside.data", (folder / "outside.data").string(), "link.data", ""})
    expect_error([&] { load(location, "8", "12"); }, "which is not in the model's folder");
  expect_error([&] { load("missing.data", "0", "12"); }, "which is not beside the model");
  expect_error([&] { load("m.data", "12", "12"); }, "ends after the end");
  expect_error([&] { load("m.data", "18446744073709551615", "12"); }, "offset");
  expect_error([&] { load("m.data", "-4", "12"); }, "offset");
  expect_error([&] { load("m.data", "0", "16"); }, "needs 12");
}

// Each tensor in a file of its own, the small ones after a large one.
TEST(Onnx, ExternalDataInManyFiles) {
  const TemporaryFolder folder;
  OnnxBuilder model;
  const auto external = [&](const std::string &name, const std::vector<std::int64_t> &dims, std::size_t count) {
    const std::vector<float> values(count, 0.5F);
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char *>(values.data()), static_cast<std::streamsize>(count * 4));
    set_external(model.weights(name, dims), name, "0", std::to_string(count * 4));
  };
  external("w", {64, 3, 3, 3}, 64 * 27);
  external("b", {64}, 64);
  external("w2", {1, 64, 1, 1}, 64);
  model.node("Conv", {"x", "w", "b"}, "y");
  model.node("Conv", {"y", "w2"}, "z");
  model.output("z");
  model.save(folder / "m.onnx");
  EXPECT_EQ(load_onnx(folder / "m.onnx").graph.nodes.size(), 3U);
}

} // namespace
} // namespace convscope
