// Damaged and hostile ONNX files: one line each, never a crash, a hang or a large allocation.
#include <ctime>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "importers/expect_error.h"
#include "importers/onnx_builder.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

void expect_import_error(const OnnxBuilder &model, const std::string &part) {
  expect_error([&] { static_cast<void>(model.import()); }, part);
}

OnnxBuilder with_conv() {
  OnnxBuilder model;
  model.weights("w", {4, 3, 3, 3});
  model.node("Conv", {"x", "w"}, "y");
  model.output("y");
  return model;
}
onnx::NodeProto &conv_of(OnnxBuilder &model) { return *model.model.mutable_graph()->mutable_node(0); }
onnx::TensorProto &weights_of(OnnxBuilder &model) { return *model.model.mutable_graph()->mutable_initializer(0); }

TEST(OnnxDamage, Files) {
  const TemporaryFolder folder;
  expect_error([&] { load_onnx(folder / "none.onnx"); }, "none.onnx: no such file");
  expect_error([&] { load_onnx(folder / ""); }, "is a folder");
  std::ofstream(folder / "empty.onnx").close();
  expect_error([&] { load_onnx(folder / "empty.onnx"); }, "is empty");
  std::ofstream(folder / "text.onnx") << "this is no model";
  expect_error([&] { load_onnx(folder / "text.onnx"); }, "is no ONNX file");
  const std::vector<std::uint8_t> bytes = with_conv().bytes();
  for (std::size_t length = 0; length < bytes.size(); length += 7) {
    try {
      static_cast<void>(import_onnx(std::span(bytes).first(length), "cut.onnx", {}));
    } catch (const UserError &) {
      // One line; a cut that is a whole message by chance may even work.
    }
  }
}

TEST(OnnxDamage, Structure) {
  OnnxBuilder old({1, 3, 8, 8}, 6);
  old.node("Relu", {"x"}, "y");
  expect_import_error(old, "opset 6");

  OnnxBuilder cycle;
  cycle.node("Add", {"x", "b"}, "a");
  cycle.node("Relu", {"a"}, "b");
  expect_import_error(cycle, "node 'a' can't be run: op 'Add' uses 'b', which nothing before it makes");

  OnnxBuilder twice;
  twice.node("Relu", {"x"}, "a");
  twice.node("Relu", {"x"}, "a");
  expect_import_error(twice, "makes 'a', which is made already");

  OnnxBuilder missing;
  missing.node("Conv", {"x", "w"}, "y");
  expect_import_error(missing, "uses 'w'");

  OnnxBuilder nothing;
  nothing.node("Attention", {"x"}, "y");
  expect_import_error(nothing, "nothing of it can be shown: node 'y' can't be run: op 'Attention' is not supported");

  OnnxBuilder vector({1, 10});
  vector.node("Relu", {"x"}, "y");
  expect_import_error(vector, "is no picture");
}

TEST(OnnxDamage, Tensors) {
  OnnxBuilder model = with_conv();
  weights_of(model).set_dims(0, std::int64_t{1} << 31);
  expect_import_error(model, "initializer 'w'");
  weights_of(model).set_dims(0, std::numeric_limits<std::int64_t>::max());
  expect_import_error(model, "initializer 'w'");
  weights_of(model).set_dims(0, -4);
  expect_import_error(model, "initializer 'w'");
  model = with_conv();
  weights_of(model).mutable_raw_data()->resize(17);
  expect_import_error(model, "has 17 bytes");
  model = with_conv();
  weights_of(model).set_data_type(onnx::TensorProto::STRING);
  expect_import_error(model, "STRING");
  model = with_conv();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  weights_of(model).mutable_raw_data()->replace(8, 4, reinterpret_cast<const char *>(&nan), 4);
  expect_import_error(model, "infinite or not a number");
}

TEST(OnnxDamage, Attributes) {
  const auto with = [](const std::string &name, const std::vector<std::int64_t> &values) {
    OnnxBuilder model = with_conv();
    set(conv_of(model), name, values);
    return model;
  };
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  expect_import_error(with("strides", {0, 1}), "'strides'");
  expect_import_error(with("strides", {huge, 1}), "'strides'");
  expect_import_error(with("strides", {1}), "'strides'");
  expect_import_error(with("dilations", {huge, huge}), "'dilations'");
  expect_import_error(with("dilations", {40000, 1}), "dilations");
  expect_import_error(with("pads", {-huge, 0, 0, 0}), "'pads'");
  expect_import_error(with("kernel_shape", {5, 5}), "kernel_shape");
  OnnxBuilder model = with_conv();
  set(conv_of(model), "group", std::int64_t{0});
  expect_import_error(model, "0 groups");
  model = with_conv();
  set(conv_of(model), "strides", std::int64_t{2});
  expect_import_error(model, "another type");
}

TEST(OnnxDamage, ConstantsCannotFillTheMemory) {
  OnnxBuilder model = with_conv();
  model.integers("many", {1 << 20, 1 << 20});
  model.node("ConstantOfShape", {"many"}, "big");
  model.output("big");
  const OnnxImport import = model.import();
  EXPECT_EQ(import.outputs.at(1).node, -1);

  OnnxBuilder doubling = with_conv();
  doubling.integers("v0", {1, 2, 3, 4});
  for (int i = 0; i < 64; ++i) {
    const std::string from = fmt::format("v{}", i);
    set(doubling.node("Concat", {from, from}, fmt::format("v{}", i + 1)), "axis", std::int64_t{0});
  }
  EXPECT_EQ(doubling.import().outputs.size(), 1U);
}

TEST(OnnxDamage, ManyNodesOfOneName) {
  OnnxBuilder model;
  std::string from = "x";
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    const std::string to = fmt::format("v{}", i);
    model.node("Relu", {from}, to).set_name("same");
    from = to;
  }
  model.output(from);
  const std::clock_t start = std::clock(); // of the CPU: others may be at work, too
  EXPECT_EQ(model.import().graph.nodes.size(), count + 1U);
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);
}

TEST(OnnxDamage, DeepNesting) {
  OnnxBuilder model = with_conv();
  onnx::GraphProto *graph = model.model.mutable_graph();
  for (int i = 0; i < 2000; ++i) {
    auto *node = graph->add_node();
    node->set_op_type("If");
    node->add_output("deep" + std::to_string(i));
    auto *attribute = node->add_attribute();
    attribute->set_name("then_branch");
    attribute->set_type(onnx::AttributeProto::GRAPH);
    graph = attribute->mutable_g();
  }
  expect_import_error(model, "is no ONNX file");
}

} // namespace
} // namespace convscope
