// Files whose picture has an open size, or that compute from it: a graph for each size.
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/names.h"
#include "graph/shapes.h"
#include "importer/model.h"
#include "importer/onnx_model.h"
#include "importers/expect_error.h"
#include "importers/layer_of.h"
#include "importers/onnx_builder.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

class OnnxSizes : public testing::Test {
protected:
  Model load(OnnxBuilder &model) const {
    model.save((folder_ / "net.onnx").string());
    return load_model({(folder_ / "net.onnx").string(), "", ""});
  }
  static Shape shape(const Model &model, const std::string &name, Size size) {
    const Graph &graph = model.at(size);
    const NodeId node = find_layer(graph, name);
    return infer_shapes(graph, graph.input_of(size), node)[static_cast<std::size_t>(node)];
  }

private:
  TemporaryFolder folder_;
};

// A convolution, then a map of the picture's own size beside it.
OnnxBuilder resized_to_the_picture(const std::vector<std::int64_t> &input) {
  OnnxBuilder model(input);
  model.weights("w", {3, 3, 2, 2});
  onnx::NodeProto &conv = model.node("Conv", {"x", "w"}, "conv");
  set(conv, "strides", std::vector<std::int64_t>{2, 2});
  model.node("Shape", {"x"}, "size");
  model.node("Resize", {"conv", "", "", "size"}, "up");
  model.node("Add", {"up", "x"}, "sum");
  model.output("sum");
  return model;
}

TEST_F(OnnxSizes, SizesFollowThePicture) {
  for (const std::vector<std::int64_t> &input : {std::vector<std::int64_t>{1, 3, 0, 0}, {1, 3, 16, 16}}) {
    OnnxBuilder builder = resized_to_the_picture(input);
    const Model model = load(builder);
    for (const Size size : {Size{12, 10}, {13, 7}, {224, 224}, {16, 16}})
      EXPECT_EQ(shape(model, "sum", size), (Shape{3, size.height, size.width}));
  }
}

TEST_F(OnnxSizes, WeightsAreThereOnce) {
  OnnxBuilder builder = resized_to_the_picture({1, 3, 0, 0});
  const Model model = load(builder);
  const Graph &other = model.at({13, 7});
  EXPECT_NE(&other, &model.graph);
  EXPECT_EQ(&other, &model.at({13, 7})) << "kept";
  EXPECT_EQ(other.input, (Shape{3, 7, 13}));
  EXPECT_EQ(other.name, model.graph.name);
  EXPECT_EQ(other.preprocessing, model.graph.preprocessing);
  const auto weights = [](const Graph &graph) { return std::get<Conv>(layer_of(graph, "conv").op).weights; };
  EXPECT_TRUE(weights(other).shares(weights(model.graph)));
  EXPECT_EQ(layer_of(other, "conv").variant, "");
  EXPECT_EQ(layer_of(other, "up").variant, "@13x7");
  EXPECT_EQ(same_node(model.graph, find_layer(model.graph, "up"), other), find_layer(other, "up"));
}

// What needs no size is one graph.
TEST_F(OnnxSizes, AFixedFileThatAsksForNoSizeIsReadOnce) {
  OnnxBuilder builder = net_with_head(8, 6);
  const Model model = load(builder);
  EXPECT_FALSE(model.reread);
  EXPECT_EQ(&model.at({20, 20}), &model.graph);
}

TEST_F(OnnxSizes, APoolIsOfTheWholeMapWhereTheFileFixesItsSize) {
  for (const bool open : {false, true})
    for (const bool measures : {false, true}) {
      SCOPED_TRACE(testing::Message() << open << measures);
      OnnxBuilder builder({1, 3, open ? 0 : 8, open ? 0 : 8});
      set(builder.node("AveragePool", {"x"}, "y"), "kernel_shape", std::vector<std::int64_t>{8, 8});
      builder.output("y");
      if (measures) {
        builder.node("Shape", {"x"}, "size");
        builder.output("size");
      }
      const Model model = load(builder);
      EXPECT_EQ(shape(model, "y", {11, 12}), open ? (Shape{3, 5, 4}) : (Shape{3, 1, 1}));
    }
}

TEST_F(OnnxSizes, AResizeIsToItsSizeOrAMultipleWhereTheFileFixesThePictures) {
  for (const bool open : {false, true})
    for (const bool measures : {false, true}) {
      SCOPED_TRACE(testing::Message() << open << measures);
      OnnxBuilder builder({1, 3, open ? 0 : 8, open ? 0 : 8});
      builder.integers("sizes", {1, 3, 16, 24});
      builder.node("Resize", {"x", "", "", "sizes"}, "y");
      builder.output("y");
      if (measures) {
        builder.node("Shape", {"x"}, "size");
        builder.output("size");
      }
      const Model model = load(builder);
      EXPECT_EQ(shape(model, "y", {10, 12}), open ? (Shape{3, 16, 24}) : (Shape{3, 24, 30}));
    }
}

// A branch that is taken at some sizes alone: its layers are named where they are missing.
TEST_F(OnnxSizes, LayersMayBeMissingAtASize) {
  OnnxBuilder builder({1, 3, 0, 0});
  builder.weights("w", {4, 3, 3, 3});
  builder.node("Conv", {"x", "w"}, "conv");
  builder.integers("at", {2});
  builder.integers("limit", {100});
  builder.node("Shape", {"x"}, "shape");
  builder.node("Gather", {"shape", "at"}, "height");
  builder.node("Greater", {"height", "limit"}, "large");
  onnx::NodeProto &node = builder.node("If", {"large"}, "out");
  for (const bool then : {true, false}) {
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(then ? "then_branch" : "else_branch");
    attribute.set_type(onnx::AttributeProto::GRAPH);
    onnx::GraphProto &graph = *attribute.mutable_g();
    onnx::NodeProto &inner = *graph.add_node();
    inner.set_op_type(then ? "Sigmoid" : "Tanh");
    inner.set_name(then ? "if_large" : "if_small");
    inner.add_input("conv");
    inner.add_output("t");
    graph.add_output()->set_name("t");
  }
  builder.output("out");
  const Model model = load(builder);
  const NodeId large = find_layer(model.graph, "if_large");
  EXPECT_NO_THROW(find_layer(model.at(square(64)), "if_small"));
  expect_error(
      [&] {
        same_node(model.graph, large, model.at({64, 48}));
      },
      "'if_large' is no layer of net.onnx where its input is 64x48");
}

} // namespace
} // namespace convscope
