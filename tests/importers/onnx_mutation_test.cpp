// Small models with some bytes changed: a graph or one line each. The fuzzer (tests/fuzz) does the same for longer.
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "importers/onnx_models.h"

namespace convscope {
namespace {

std::vector<OnnxBuilder> seeds() {
  std::vector<OnnxBuilder> models;
  {
    OnnxBuilder &model = models.emplace_back();
    model.weights("w", {4, 3, 3, 3});
    model.weights("b", {4});
    set(model.node("Conv", {"x", "w", "b"}, "conv"), "strides", std::vector<std::int64_t>{2, 2});
    set(model.node("LeakyRelu", {"conv"}, "relu"), "alpha", 0.1F);
    set(model.node("MaxPool", {"relu"}, "pool"), "kernel_shape", std::vector<std::int64_t>{2, 2});
    model.node("GlobalAveragePool", {"pool"}, "mean");
    model.node("Flatten", {"mean"}, "flat");
    model.weights("fc_w", {4, 5});
    model.node("Gemm", {"flat", "fc_w"}, "fc");
    model.node("Softmax", {"fc"}, "prob");
    model.output("prob");
  }
  {
    OnnxBuilder &model = models.emplace_back(std::vector<std::int64_t>{0, 3, 0, 0});
    model.node("Shape", {"x"}, "shape");
    model.integers("two", {2});
    model.integers("three", {3});
    set(model.node("Slice", {"shape", "two", "three"}, "height"), "unused", std::int64_t{1});
    model.integers("split", {0, 3, 1, -1});
    set(model.node("Concat", {"height", "two"}, "pair"), "axis", std::int64_t{0});
    model.node("Reshape", {"x", "split"}, "flat");
    set(model.node("Transpose", {"x"}, "last"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    model.weights("w", {3, 4});
    model.node("MatMul", {"last", "w"}, "linear");
    model.node("LayerNormalization", {"linear", "g", "g"}, "norm");
    model.weights("g", {4});
    model.integers("pads", {0, 1, 1, 0, 0, 1, 1, 0});
    model.node("Pad", {"norm", "pads"}, "padded");
    set(model.node("ReduceMean", {"padded"}, "mean"), "axes", std::vector<std::int64_t>{1, 2});
    model.output("mean");
  }
  { // weights that are computed
    OnnxBuilder &model = models.emplace_back(std::vector<std::int64_t>{1, 3, 8, 8}, 18);
    model.initializer("w8", {4, 3, 2, 2}, onnx::TensorProto::INT8).set_raw_data(std::string(48, '\x21'));
    model.reals("scale", {4}, {0.1F, 0.2F, 0.3F, 0.4F});
    set(model.node("DequantizeLinear", {"w8", "scale"}, "w"), "axis", std::int64_t{0});
    model.weights("k", {4, 4, 1, 1});
    model.weights("v", {1, 4, 6, 6});
    set(model.node("Conv", {"v", "k"}, "table"), "pads", std::vector<std::int64_t>{0, 0, 1, 1});
    set(model.node("ConvTranspose", {"table", "k"}, "wider"), "strides", std::vector<std::int64_t>{2, 2});
    set(model.node("MaxPool", {"wider"}, "pooled"), "kernel_shape", std::vector<std::int64_t>{7, 7});
    model.reals("ones", {4}, {1, 1, 1, 1});
    model.node("InstanceNormalization", {"pooled", "ones", "ones"}, "normal");
    model.reals("scales", {4}, {1, 1, 1.5F, 1.5F});
    model.node("Resize", {"normal", "", "scales"}, "resized");
    model.node("Softmax", {"resized"}, "soft");
    model.integers("by", {0, 0, 0, 1, 0, 0, -1, 1});
    model.node("Pad", {"soft", "by"}, "padded");
    set(model.node("Einsum", {"padded", "k"}, "sum"), "equation", std::string("nchw,ocij->nohw"));
    model.node("GlobalAveragePool", {"sum"}, "bias4");
    model.integers("flat", {4});
    model.node("Reshape", {"bias4", "flat"}, "bias");
    model.node("Conv", {"x", "w", "bias"}, "y");
    model.output("y");
  }
  { // tables of indices
    OnnxBuilder &model = models.emplace_back(std::vector<std::int64_t>{1, 3, 8, 8}, 18);
    model.weights("m", {4, 3});
    set(model.node("ArgMax", {"m"}, "best"), "axis", std::int64_t{1});
    model.initializer("three", {}, onnx::TensorProto::INT64).add_int64_data(3);
    model.reals("off_on", {2}, {0, 2});
    model.node("OneHot", {"best", "three", "off_on"}, "hot");
    model.node("NonZero", {"hot"}, "where");
    model.node("GatherND", {"m", "pairs"}, "rows");
    auto &pairs = model.initializer("pairs", {2, 1}, onnx::TensorProto::INT64);
    pairs.add_int64_data(3);
    pairs.add_int64_data(1);
    model.node("ScatterND", {"m", "pairs", "rows"}, "put");
    model.initializer("axis", {}, onnx::TensorProto::INT32).add_int32_data(1);
    model.node("CumSum", {"put", "axis"}, "total");
    model.node("Trilu", {"total"}, "upper");
    set(model.node("Gemm", {"upper", "m"}, "square"), "transB", std::int64_t{1});
    model.node("Det", {"square"}, "volume");
    model.integers("two", {2});
    model.node("TopK", {"square", "two"}, "top").add_output("top_indices");
    model.node("Unique", {"top_indices"}, "few");
    set(model.node("ReduceLogSumExp", {"square"}, "energy"), "keepdims", std::int64_t{0});
    model.node("Mul", {"x", "energy"}, "y");
    model.output("y");
    model.output("few");
    model.output("where");
    model.output("volume");
  }
  models.push_back(model_with_functions());
  models.push_back(quantized_model());
  models.push_back(model_with_branches());
  models.back().initializer("condition", {}, onnx::TensorProto::BOOL).add_int32_data(0);
  models.push_back(model_with_inputs());
  return models;
}

TEST(OnnxMutations, AnyBytes) {
  std::mt19937 random(1);
  for (const OnnxBuilder &model : seeds()) {
    const std::vector<std::uint8_t> whole = model.bytes();
    EXPECT_NO_THROW(static_cast<void>(import_onnx(whole, "seed.onnx", {})));
    for (int run = 0; run < 1500; ++run) {
      std::vector<std::uint8_t> bytes = whole;
      for (unsigned change = 0; change <= run % 4U; ++change)
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      try {
        const OnnxImport import = import_onnx(bytes, "mutated.onnx", {});
        infer_shapes(import.graph, {import.input.c, 40, 48});
      } catch (const UserError &error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      }
    }
  }
}

// The seeds of the fuzz target, into a folder that CONVSCOPE_SEEDS names.
TEST(FuzzSeeds, Onnx) {
  const char *kept = std::getenv("CONVSCOPE_SEEDS");
  if (!kept)
    GTEST_SKIP() << "CONVSCOPE_SEEDS names no folder";
  const std::filesystem::path folder = std::filesystem::path(kept) / "onnx";
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const OnnxBuilder &model : seeds())
    model.save(folder / ("seed" + std::to_string(++number)));
}

} // namespace
} // namespace convscope
