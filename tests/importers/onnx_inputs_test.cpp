// Which of a model's inputs is the picture, what its dimensions are, and what the others get.
#include <gtest/gtest.h>

#include "importers/expect_error.h"
#include "importers/onnx_builder.h"

namespace convscope {
namespace {

using Dimensions = std::vector<std::int64_t>; // 0: open

onnx::ValueInfoProto &add_input(OnnxBuilder &model, const std::string &name, const Dimensions &dims,
                                int type = onnx::TensorProto::FLOAT) {
  onnx::ValueInfoProto &input = *model.model.mutable_graph()->add_input();
  input.set_name(name);
  auto *tensor = input.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const std::int64_t dim : dims)
    if (dim != 0)
      tensor->mutable_shape()->add_dim()->set_dim_value(dim);
    else
      tensor->mutable_shape()->add_dim();
  return input;
}

// A net whose first node, "first", takes the input of that name.
OnnxBuilder with_inputs(const std::vector<std::pair<std::string, Dimensions>> &inputs, const std::string &used) {
  OnnxBuilder model;
  model.model.mutable_graph()->clear_input();
  for (const auto &[name, dims] : inputs)
    add_input(model, name, dims);
  model.node("Relu", {used}, "first");
  model.output("first");
  return model;
}

std::string picture_of(const OnnxBuilder &model, const InputChoice &choice = {}) {
  OnnxOptions options;
  options.inputs = choice;
  return model.import(options).graph.nodes[0].name;
}

TEST(OnnxInputs, ThePictureIsTheColourOne) {
  const Dimensions rgb{1, 3, 8, 8}, last{1, 8, 8, 3}, grey{1, 1, 8, 8}, four{1, 4, 8, 8}, vector{1, 10},
      open{0, 0, 0, 0};
  EXPECT_EQ(picture_of(with_inputs({{"depth", grey}, {"rgb", rgb}}, "rgb")), "rgb");
  EXPECT_EQ(picture_of(with_inputs({{"depth", grey}, {"rgb", last}}, "rgb")), "rgb");
  EXPECT_EQ(picture_of(with_inputs({{"meta", vector}, {"rgb", open}}, "rgb")), "rgb");
  EXPECT_EQ(picture_of(with_inputs({{"four", four}, {"grey", grey}}, "grey")), "grey");
  EXPECT_EQ(picture_of(with_inputs({{"grey_mask", grey}, {"four", four}}, "four")), "four");
  EXPECT_EQ(picture_of(with_inputs({{"mean", {1, 3, 1, 1}}, {"grey", grey}}, "grey")), "grey");
  EXPECT_EQ(picture_of(with_inputs({{"a", rgb}, {"b", rgb}}, "a")), "a");
  EXPECT_EQ(picture_of(with_inputs({{"a", rgb}, {"b", rgb}}, "b"), {"b", {}}), "b");
}

TEST(OnnxInputs, LengthsTellWhichAreChannels) {
  const auto input = [](const Dimensions &dims) { return with_inputs({{"x", dims}}, "x").import().graph.input; };
  EXPECT_EQ(input({1, 8, 9, 3}), (Shape{3, 8, 9}));
  EXPECT_EQ(input({1, 8, 9, 1}), (Shape{1, 8, 9}));
  EXPECT_EQ(input({1, 4, 9, 10}), (Shape{4, 9, 10}));
  EXPECT_EQ(input({1, 9, 10, 4}), (Shape{4, 9, 10}));
  EXPECT_EQ(input({-1, 6, -1, -1}), (Shape{6, 224, 224}));
  EXPECT_EQ(input({0, 0, 0, 0}), (Shape{3, 224, 224}));
}

TEST(OnnxInputs, FurtherOnesGetValues) {
  OnnxBuilder model;
  add_input(model, "alpha", {});
  add_input(model, "noise", {1});
  add_input(model, "mask", {1, 1, 8, 8});
  add_input(model, "vector", {1, 5});
  model.node("Mul", {"x", "alpha"}, "a");
  model.node("Add", {"a", "noise"}, "b");
  model.node("Mul", {"b", "mask"}, "c");
  model.node("Mul", {"c", "vector"}, "d");
  model.node("Relu", {"c"}, "shown");
  model.output("shown");
  const Graph graph = model.import().graph;
  ASSERT_EQ(graph.notes.size(), 1U);
  EXPECT_EQ(graph.notes[0], "its input 'alpha' is 1, 'noise' is 0, 'mask' is 1; --set changes that");
  const auto unsupported = [](const Graph &of, const std::string &name) {
    for (const Node &node : of.nodes)
      if (node.name == name)
        return std::holds_alternative<Unsupported>(node.op) ? std::get<Unsupported>(node.op).reason : "";
    return std::string("is not there");
  };
  EXPECT_EQ(unsupported(graph, "vector"),
            "it is an input besides the picture; --set vector=0.5, or =FILE.npy, gives it a value");
  EXPECT_EQ(unsupported(graph, "d"), "comes after 'vector'");

  OnnxOptions options;
  options.inputs.values = {{"alpha", {{}, {0.5F}}}, {"mask", {{1, 1, 8, 8}, std::vector<float>(64, 2)}}};
  EXPECT_EQ(model.import(options).graph.notes[0], "its input 'noise' is 0; --set changes that");
  const auto refused = [&](const std::string &name, const Array &value, const std::string &part) {
    options.inputs.values = {{name, value}};
    expect_error([&] { model.import(options); }, part);
  };
  refused("beta", {{}, {1}}, "--set: it has no input 'beta'; there are 'x' (1x3x8x8), 'alpha' (a number)");
  refused("x", {{}, {1}}, "--set x: this is the picture");
  refused("mask", {{8, 8}, std::vector<float>(64, 2)}, "--set mask: the file's shape is 8x8");
  options.inputs = {"y", {}};
  expect_error([&] { model.import(options); }, "--input-name: it has no input 'y'; there are 'x'");
  options.inputs = {"vector", {}};
  expect_error([&] { model.import(options); }, "its input 'vector' is no picture");
}

TEST(OnnxInputs, WholeNumbersKeepTheirType) {
  OnnxBuilder model;
  add_input(model, "steps", {}, onnx::TensorProto::INT32);
  add_input(model, "flag", {}, onnx::TensorProto::BOOL);
  set(model.node("Cast", {"steps"}, "real"), "to", std::int64_t{onnx::TensorProto::FLOAT});
  model.node("Mul", {"x", "real"}, "y");
  model.output("y");
  OnnxOptions options;
  options.inputs.values = {{"steps", {{}, {1.5F}}}};
  expect_error([&] { model.import(options); }, "--set steps: 1.5 is none of its whole numbers");
  options.inputs.values = {{"steps", {{}, {3}}}};
  EXPECT_EQ(model.import(options).graph.notes[0], "its input 'flag' is 0; --set changes that");
}

} // namespace
} // namespace convscope
