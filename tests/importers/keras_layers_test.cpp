// Each kind of Keras layer: what it becomes, and where elements go, against Keras's definition in (h, w, c) order.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/shapes.h"
#include "importer/keras_model.h"
#include "importers/expect_error.h"
#include "importers/keras_files.h"
#include "importers/temporary.h"
#include "reference/network.h"

namespace convscope {
namespace {

class KerasLayersTest : public ::testing::Test {
protected:
  // A model of these layers one after another, for pictures (h, w, 3).
  Graph chain(std::vector<Json> layers, int h, int w, const std::vector<H5Tensor> &tensors = {}) {
    layers.insert(layers.begin(), keras_input("i", Json::array({nullptr, h, w, 3})));
    write_keras(path(), keras_sequential("net", layers), tensors);
    return load_keras_model(path());
  }
  Graph one(const std::string &kind, const Json &arguments, const std::vector<H5Tensor> &tensors = {}) {
    return chain({keras_layer(kind, "z", arguments)}, 4, 6, tensors);
  }
  // Two branches of 1x1 convolutions with 3 channels, and a layer of both.
  Graph two(const Json &layer) {
    const auto branch = [](const std::string &name) { return keras_layer("ReLU", name, Json::object(), {"i"}); };
    write_keras(path(),
                keras_functional("net",
                                 {keras_input("i", Json::array({nullptr, 4, 6, 3})), branch("a"), branch("b"), layer},
                                 "i", "z"),
                {});
    return load_keras_model(path());
  }
  // Why the only layer can't be run: the error, or what is noted of it.
  template <typename Load> std::string reason(Load load) {
    try {
      const Graph graph = load();
      const auto *op = std::get_if<Unsupported>(&graph.nodes.back().op);
      return op ? op->reason : "";
    } catch (const UserError &error) {
      const std::string text = error.what(), mark = "can't be run: ";
      return text.find(mark) == std::string::npos ? text : text.substr(text.find(mark) + mark.size());
    }
  }
  std::filesystem::path path() const { return folder_ / "x.keras"; }
  TemporaryFolder folder_;
};

Shape output(const Graph &graph, int h = 4, int w = 6) { return infer_shapes(graph, {3, h, w}).back(); }

template <typename T> const T &last(const Graph &graph) { return std::get<T>(graph.nodes.back().op); }
template <typename T> const T &first(const Graph &graph) { return std::get<T>(graph.nodes.at(1).op); }

// The picture whose value at (y, x, c) is its index in Keras's order, and what a net makes of it, in our order.
std::vector<double> of_counted(const Graph &graph, int h, int w) {
  reference::Tensor input(1, 3, h, w);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        input.at(0, c, y, x) = (y * w + x) * 3 + c;
  return reference::forward(graph, input).back().data;
}

TEST_F(KerasLayersTest, FlattenInKerasOrder) {
  const std::vector<double> flat = of_counted(chain({keras_layer("Flatten", "z")}, 2, 4), 2, 4);
  for (std::size_t i = 0; i < flat.size(); ++i)
    EXPECT_EQ(flat[i], static_cast<double>(i));
}

TEST_F(KerasLayersTest, ReshapeInKerasOrder) {
  const Graph graph = chain({keras_layer("Reshape", "z", {{"target_shape", {4, 3, -1}}})}, 2, 4);
  EXPECT_EQ(output(graph, 2, 4), (Shape{2, 4, 3}));
  const std::vector<double> values = of_counted(graph, 2, 4);
  for (int c = 0, i = 0; c < 2; ++c)
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 3; ++x, ++i)
        EXPECT_EQ(values[static_cast<std::size_t>(i)], (y * 3 + x) * 2 + c);
  // A vector becomes one pixel, and back.
  const Graph pixel =
      chain({keras_layer("GlobalAveragePooling2D", "g"), keras_layer("Reshape", "z", {{"target_shape", {1, 1, 3}}}),
             keras_layer("Reshape", "y", {{"target_shape", {3}}})},
            4, 6);
  EXPECT_EQ(output(pixel), (Shape{3, 1, 1}));
}

TEST_F(KerasLayersTest, PermuteInKerasOrder) {
  const Graph graph = chain({keras_layer("Permute", "z", {{"dims", {3, 1, 2}}})}, 2, 4);
  EXPECT_EQ(output(graph, 2, 4), (Shape{4, 3, 2})); // Keras's (2, 4, 3) -> (3, 2, 4)
  const std::vector<double> values = of_counted(graph, 2, 4);
  for (int c = 0, i = 0; c < 4; ++c)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 2; ++x, ++i)
        EXPECT_EQ(values[static_cast<std::size_t>(i)], (x * 4 + c) * 3 + y);
}

TEST_F(KerasLayersTest, DepthwiseConvolution) {
  const Graph graph = one("DepthwiseConv2D",
                          {{"kernel_size", {3, 1}}, {"depth_multiplier", 2}, {"strides", {2, 2}}, {"use_bias", false}},
                          {{"layers/depthwise_conv2d/vars/0", {3, 1, 3, 2}, counted_values(18)}});
  const Conv &conv = last<Conv>(graph);
  EXPECT_EQ(conv.groups, 3);
  EXPECT_EQ(conv.out_channels, 6);
  for (int c = 0; c < 6; ++c)
    for (int y = 0; y < 3; ++y)
      EXPECT_EQ(conv.weights[static_cast<std::size_t>(c * 3 + y)], static_cast<float>(y * 6 + c));
  EXPECT_EQ(output(graph), (Shape{6, 1, 3}));
}

TEST_F(KerasLayersTest, SeparableConvolution) {
  const Graph graph = one("SeparableConv2D", {{"filters", 4}, {"kernel_size", 3}, {"padding", "same"}},
                          {{"layers/separable_conv2d/vars/0", {3, 3, 3, 1}, counted_values(27)},
                           {"layers/separable_conv2d/vars/1", {1, 1, 3, 4}, counted_values(12)},
                           {"layers/separable_conv2d/vars/2", {4}, counted_values(4)}});
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(first<Conv>(graph).groups, 3);
  EXPECT_TRUE(first<Conv>(graph).window.same);
  EXPECT_EQ(last<Conv>(graph).weights[1], 4);
  EXPECT_EQ(last<Conv>(graph).bias, counted_values(4));
  EXPECT_EQ(graph.nodes.back().parameters, 27 + 12 + 4);
}

TEST_F(KerasLayersTest, TransposedConvolution) {
  const auto make = [&](Json more) {
    more.update({{"filters", 2}, {"kernel_size", {3, 2}}, {"use_bias", false}});
    return one("Conv2DTranspose", more, {{"layers/conv2d_transpose/vars/0", {3, 2, 2, 3}, counted_values(36)}});
  };
  const Graph same = make({{"strides", 2}, {"padding", "same"}});
  EXPECT_EQ(output(same), (Shape{2, 8, 12}));
  EXPECT_EQ(last<ConvTranspose>(same).window.pad, (Padding{0, 0, 1, 0}));
  for (int in = 0; in < 3; ++in)
    for (int out = 0; out < 2; ++out)
      for (int p = 0; p < 6; ++p)
        EXPECT_EQ(last<ConvTranspose>(same).weights[static_cast<std::size_t>((in * 2 + out) * 6 + p)],
                  static_cast<float>((p * 2 + out) * 3 + in));
  EXPECT_EQ(output(make({{"strides", 2}})), (Shape{2, 9, 12}));
  EXPECT_EQ(output(make({{"strides", 4}})), (Shape{2, 16, 24})); // the stride is longer than the kernel
  EXPECT_EQ(output(make({{"strides", 4}, {"padding", "same"}})), (Shape{2, 16, 24}));
  EXPECT_EQ(output(make({{"strides", 2}, {"output_padding", {1, 0}}})), (Shape{2, 10, 12}));
  EXPECT_EQ(output(make({{"strides", 2}, {"padding", "same"}, {"output_padding", {1, 0}}})), (Shape{2, 8, 10}));
}

TEST_F(KerasLayersTest, DenseOnMaps) {
  const Graph graph = one("Dense", {{"units", 2}, {"activation", "gelu"}},
                          {{"layers/dense/vars/0", {3, 2}, counted_values(6)}, {"layers/dense/vars/1", {2}, {8, 9}}});
  EXPECT_EQ(output(graph), (Shape{2, 4, 6}));
  EXPECT_EQ(first<Conv>(graph).weights, (std::vector<float>{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(last<Unary>(graph).function, Function::gelu);
}

TEST_F(KerasLayersTest, BatchNormalization) {
  const Graph graph = one("BatchNormalization", {{"axis", -1}, {"scale", false}, {"center", false}, {"epsilon", 0.5}},
                          {{"layers/batch_normalization/vars/0", {3}, {1, 2, 3}},
                           {"layers/batch_normalization/vars/1", {3}, {0.5F, 1.5F, 3.5F}}});
  for (std::size_t c = 0; c < 3; ++c) {
    const double scale = 1 / std::sqrt(std::vector{1.0, 2.0, 4.0}[c]);
    EXPECT_DOUBLE_EQ(last<ScaleShift>(graph).scale[c], scale);
    EXPECT_DOUBLE_EQ(last<ScaleShift>(graph).shift[c], -scale * static_cast<double>(c + 1));
  }
  EXPECT_NE(reason([&] {
              return one("BatchNormalization", {{"axis", 1}});
            }).find("along another axis"),
            std::string::npos);
}

TEST_F(KerasLayersTest, OtherNormalizations) {
  const Graph layer = one("LayerNormalization", {{"epsilon", 1e-6}, {"center", false}},
                          {{"layers/layer_normalization/vars/0", {3}, {1, 2, 3}}});
  EXPECT_TRUE(first<Normalize>(layer).axes.c && !first<Normalize>(layer).axes.h);
  EXPECT_EQ(last<ScaleShift>(layer).scale, (std::vector<double>{1, 2, 3}));
  // gamma of (h, w, c) becomes a constant of (c, h, w).
  const Graph all = one("LayerNormalization", {{"axis", {1, 2, 3}}, {"center", false}},
                        {{"layers/layer_normalization/vars/0", {4, 6, 3}, counted_values(72)}});
  const auto &gamma = std::get<Constant>(all.nodes[2].op);
  EXPECT_EQ(gamma.shape, (Shape{3, 4, 6}));
  EXPECT_EQ(gamma.values[1], 3);
  EXPECT_EQ(gamma.values[24], 1);
  const Graph group = one("GroupNormalization", {{"groups", -1}, {"scale", false}},
                          {{"layers/group_normalization/vars/0", {3}, {1, 2, 3}}});
  EXPECT_EQ(first<Normalize>(group).groups, 3);
  EXPECT_EQ(last<ScaleShift>(group).shift, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(one("UnitNormalization", Json::object()).nodes.size(), 5u);
  const Graph scaled = one("Rescaling", {{"scale", {1, 2, 4}}, {"offset", -1}});
  EXPECT_EQ(last<ScaleShift>(scaled).scale, (std::vector<double>{1, 2, 4}));
  EXPECT_EQ(last<ScaleShift>(scaled).shift, (std::vector<double>{-1, -1, -1}));
  const Graph inverse = one("Normalization", {{"mean", {1, 2, 3}}, {"variance", {4, 4, 4}}, {"invert", true}});
  EXPECT_EQ(last<ScaleShift>(inverse).scale, (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(last<ScaleShift>(inverse).shift, (std::vector<double>{1, 2, 3}));
  const Graph learned = one("Normalization", Json::object(),
                            {{"layers/normalization/vars/0", {3}, {1, 2, 3}},
                             {"layers/normalization/vars/1", {3}, {4, 4, 4}},
                             {"layers/normalization/vars/2", {}, {10}}});
  EXPECT_EQ(last<ScaleShift>(learned).shift, (std::vector<double>{-0.5, -1, -1.5}));
  const Graph factor = one("LayerScale", {{"projection_dim", 3}}, {{"layers/layer_scale/vars/0", {3}, {1, 2, 3}}});
  EXPECT_EQ(last<ScaleShift>(factor).scale, (std::vector<double>{1, 2, 3}));
}

TEST_F(KerasLayersTest, Pools) {
  EXPECT_EQ(output(one("MaxPooling2D", {{"pool_size", {3, 2}}, {"strides", nullptr}})), (Shape{3, 1, 3}));
  EXPECT_EQ(output(one("AveragePooling2D", {{"pool_size", 3}, {"strides", 1}, {"padding", "same"}})), (Shape{3, 4, 6}));
  EXPECT_FALSE(last<AvgPool>(one("AveragePooling2D", {{"padding", "same"}})).count_padding);
  EXPECT_TRUE(std::holds_alternative<GlobalMaxPool>(one("GlobalMaxPooling2D", Json::object()).nodes.back().op));
  // With keepdims the tensor still has four axes.
  const Json flatten = keras_layer("Flatten", "f");
  EXPECT_EQ(chain({keras_layer("GlobalAveragePooling2D", "z", {{"keepdims", true}}), flatten}, 4, 6).nodes.size(), 4u);
  EXPECT_EQ(chain({keras_layer("GlobalAveragePooling2D", "z"), flatten}, 4, 6).nodes.size(), 3u);
}

TEST_F(KerasLayersTest, Images) {
  EXPECT_EQ(last<ZeroPad>(one("ZeroPadding2D", {{"padding", {{1, 2}, {3, 4}}}})).pad, (Padding{1, 3, 2, 4}));
  EXPECT_EQ(last<ZeroPad>(one("ZeroPadding2D", {{"padding", {1, 2}}})).pad, (Padding{1, 2, 1, 2}));
  EXPECT_EQ(last<ZeroPad>(one("Cropping2D", {{"cropping", 1}})).pad, (Padding{-1, -1, -1, -1}));
  EXPECT_EQ(output(one("UpSampling2D", {{"size", {2, 3}}, {"interpolation", "bilinear"}})), (Shape{3, 8, 18}));
  EXPECT_EQ(output(one("Resizing", {{"height", 5}, {"width", 7}})), (Shape{3, 5, 7}));
  EXPECT_EQ(last<Resize>(one("UpSampling2D", Json::object())).mode, ResizeMode::nearest);
  EXPECT_EQ(reason([&] {
              return one("UpSampling2D", {{"interpolation", "lanczos3"}});
            }),
            "its interpolation 'lanczos3' is not supported");
}

TEST_F(KerasLayersTest, Merges) {
  const auto merge = [&](const std::string &kind, const Json &arguments = Json::object()) {
    return two(keras_layer(kind, "z", arguments, {"a", "b"}));
  };
  EXPECT_TRUE(std::holds_alternative<Add>(merge("Add").nodes.back().op));
  EXPECT_EQ(last<Binary>(merge("Subtract")).arithmetic, Arithmetic::subtract);
  EXPECT_EQ(last<Binary>(merge("Multiply")).arithmetic, Arithmetic::multiply);
  EXPECT_EQ(last<Binary>(merge("Maximum")).arithmetic, Arithmetic::maximum);
  EXPECT_EQ(last<Binary>(merge("Minimum")).arithmetic, Arithmetic::minimum);
  EXPECT_EQ(last<Unary>(merge("Average")).a, 0.5F);
  EXPECT_EQ(output(merge("Concatenate")), (Shape{6, 4, 6}));
  EXPECT_EQ(output(merge("Concatenate", {{"axis", 1}})), (Shape{3, 8, 6}));
  EXPECT_EQ(output(merge("Concatenate", {{"axis", 2}})), (Shape{3, 4, 12}));
  EXPECT_TRUE(std::holds_alternative<Add>(merge("CustomScaleLayer", {{"scale", 0.17}}).nodes.back().op));
  EXPECT_TRUE(std::holds_alternative<Add>(merge("Lambda", {{"arguments", {{"scale", 0.17}}}}).nodes.back().op));
  EXPECT_EQ(reason([&] { return merge("Lambda"); }), "a Lambda layer's code is not read");
  EXPECT_EQ(reason([&] {
              return merge("Concatenate", {{"axis", 4}});
            }),
            "its axis 4 is outside of a tensor with 4 axes");
}

TEST_F(KerasLayersTest, Activations) {
  const auto function = [&](const Json &name) {
    return last<Unary>(one("Activation", {{"activation", name}})).function;
  };
  EXPECT_EQ(function("swish"), Function::silu);
  EXPECT_EQ(function("keras_hub>mish"), Function::mish);
  EXPECT_EQ(function({{"class_name", "function"}, {"config", "tanh"}, {"module", "builtins"}}), Function::tanh);
  EXPECT_EQ(function({{"class_name", "LeakyReLU"}, {"config", {{"negative_slope", 0.1}}}}), Function::leaky_relu);
  for (const char *name :
       {"elu",         "selu",     "celu",      "sigmoid",     "hard_sigmoid", "hard_silu",  "silu",
        "gelu",        "softplus", "softsign",  "exponential", "relu6",        "relu",       "softmax",
        "log_softmax", "linear",   "hard_tanh", "tanh_shrink", "log_sigmoid",  "squareplus", "leaky_relu"})
    EXPECT_FALSE(std::holds_alternative<Unsupported>(one("Activation", {{"activation", name}}).nodes.back().op))
        << name;
  EXPECT_EQ(reason([&] { return one("Activation", {{"activation", "glu"}}); }), "activation 'glu' is not supported");
  EXPECT_EQ(last<Relu>(one("ReLU", {{"max_value", 6.0}})).ceiling, 6);
  EXPECT_EQ(last<Unary>(one("ReLU", {{"negative_slope", 0.25}})).a, 0.25F);
  EXPECT_EQ(last<Unary>(one("LeakyReLU", {{"alpha", 0.2}})).a, 0.2F);
  EXPECT_EQ(last<Unary>(one("ELU", {{"alpha", 2}})).a, 2);
  EXPECT_EQ(last<Softmax>(one("Softmax", {{"axis", 1}})).axis, Axis::h);
  EXPECT_EQ(one("ReLU", {{"negative_slope", 0.25}, {"threshold", 1}}).nodes.size(), 6u);
  const Graph shared = one("PReLU", {{"shared_axes", {1, 2}}}, {{"layers/p_re_lu/vars/0", {1, 1, 3}, {1, 2, 3}}});
  EXPECT_EQ(last<PRelu>(shared).slopes, (std::vector<float>{1, 2, 3}));
  const Graph full = one("PReLU", Json::object(), {{"layers/p_re_lu/vars/0", {4, 6, 3}, counted_values(72)}});
  const auto found = std::find_if(full.nodes.begin(), full.nodes.end(),
                                  [](const Node &node) { return std::holds_alternative<Constant>(node.op); });
  ASSERT_NE(found, full.nodes.end());
  EXPECT_EQ(std::get<Constant>(found->op).values[24], 1);
}

TEST_F(KerasLayersTest, TrainingTimeLayersAreIdentities) {
  for (const char *kind : {"Dropout", "SpatialDropout2D", "GaussianNoise", "RandomFlip", "StochasticDepth"})
    EXPECT_TRUE(std::holds_alternative<Identity>(one(kind, {{"rate", 0.5}}).nodes.back().op)) << kind;
}

TEST_F(KerasLayersTest, Operations) {
  const auto operation = [&](const std::string &kind, const Json &arguments) {
    return two(keras_operation(kind, "z", arguments));
  };
  const Json a = keras_tensor("a"), b = keras_tensor("b");
  EXPECT_TRUE(std::holds_alternative<Add>(operation("Add", {a, b}).nodes.back().op));
  EXPECT_EQ(last<Unary>(operation("Add", {a, 3.0})).b, 3);
  EXPECT_EQ(last<Unary>(operation("Subtract", {1, a})).a, -1);
  EXPECT_EQ(last<Unary>(operation("TrueDivide", {a, 4})).a, 0.25F);
  EXPECT_EQ(last<Unary>(operation("Maximum", {a, 4})).function, Function::clip);
  EXPECT_EQ(last<Binary>(operation("Multiply", {a, b})).arithmetic, Arithmetic::multiply);
  EXPECT_EQ(last<Unary>(operation("Silu", Json::array({a}))).function, Function::silu);
  EXPECT_EQ(reason([&] { return operation("Einsum", {a, b}); }), "the operation 'einsum' is not supported");
  Json mean = keras_operation("Mean", "z", Json::array({a}));
  mean["config"].update({{"axis", {1, 2}}, {"keepdims", true}});
  EXPECT_TRUE(std::holds_alternative<GlobalAvgPool>(two(mean).nodes.back().op));

  // Keras 3's .h5 files leave the module out: only a missing dtype tells an operation from the layer of its name.
  Json moduleless = keras_operation("Add", "z", {a, 3.0});
  moduleless.erase("module");
  EXPECT_EQ(last<Unary>(two(moduleless)).b, 3);
  moduleless["config"]["dtype"] = "float32";
  EXPECT_EQ(reason([&] { return two(moduleless); }), "it combines 1 tensors");

  // TensorFlow's functions in Keras 2's form: 2 - a; a[..., ::-1]
  Json difference = keras2_layer("TFOpLambda", "z", {{"function", "math.subtract"}}, {});
  difference["inbound_nodes"] =
      Json::array({Json::array({"_CONSTANT_VALUE", -1, 2.0, {{"y", {"a", 0, 0}}, {"name", nullptr}}})});
  const Graph from_constant = two(difference);
  EXPECT_EQ(last<Unary>(from_constant).a, -1);
  EXPECT_EQ(last<Unary>(from_constant).b, 2);
  Json slice = keras2_layer("SlicingOpLambda", "z", {{"function", "__operators__.getitem"}}, {});
  const Json reversed = {{"start", nullptr}, {"stop", nullptr}, {"step", -1}};
  slice["inbound_nodes"] = Json::array(
      {Json::array({"a", 0, 0, {{"slice_spec", Json::array({{{"class_name", "__ellipsis__"}}, reversed})}}})});
  const Graph swapped = two(slice);
  EXPECT_EQ(last<Slice>(swapped).axis, Axis::c);
  EXPECT_EQ(last<Slice>(swapped).step, -1);
  EXPECT_EQ(output(swapped), (Shape{3, 4, 6}));
}

// Keras 2 writes a function's arguments at its call alone.
TEST_F(KerasLayersTest, FunctionsTakeTheArgumentsOfTheirCall) {
  const auto called = [this](const char *function, const Json &arguments) {
    Json layer = keras2_layer("TFOpLambda", "z", {{"function", function}}, {});
    layer["inbound_nodes"] = Json::array({Json::array({"a", 0, 0, arguments})});
    return two(layer);
  };
  EXPECT_FLOAT_EQ(last<Unary>(called("nn.leaky_relu", {{"alpha", 0.1}})).a, 0.1F);
  EXPECT_FLOAT_EQ(last<Unary>(called("nn.leaky_relu", {{"name", nullptr}})).a, 0.2F);
  EXPECT_EQ(last<Softmax>(called("nn.softmax", {{"axis", 1}})).axis, Axis::h);
  EXPECT_EQ(last<Unary>(called("nn.gelu", {{"approximate", true}})).function, Function::gelu_tanh);
  EXPECT_EQ(last<Relu>(called("keras.activations.relu", {{"max_value", 6.0}})).ceiling, 6);
  EXPECT_EQ(reason([&] {
              return called("nn.silu", {{"beta", 2.0}});
            }),
            "the argument 'beta' of 'silu' is not supported");
  EXPECT_EQ(reason([&] { return called("cast", {{"dtype", "int32"}}); }), "makes 'int32', which is no float");
  EXPECT_EQ(output(called("cast", {{"dtype", "float16"}})), output(called("nn.relu", Json::object())));
}

TEST_F(KerasLayersTest, ChannelsFirst) {
  const std::vector<Json> layers{
      keras_input("i", Json::array({nullptr, 3, 4, 6})),
      keras_layer("Conv2D", "c",
                  {{"filters", 2}, {"kernel_size", 1}, {"use_bias", false}, {"data_format", "channels_first"}}),
      keras_layer("BatchNormalization", "b", {{"axis", 1}}),
      keras_layer("Flatten", "f", {{"data_format", "channels_last"}})};
  write_keras(path(), keras_sequential("net", layers),
              {{"layers/conv2d/vars/0", {1, 1, 3, 2}, counted_values(6)},
               {"layers/batch_normalization/vars/0", {2}, {1, 1}},
               {"layers/batch_normalization/vars/1", {2}, {1, 1}},
               {"layers/batch_normalization/vars/2", {2}, {1, 1}},
               {"layers/batch_normalization/vars/3", {2}, {1, 1}}});
  const Graph graph = load_keras_model(path());
  EXPECT_EQ(graph.nodes.size(), 4u); // no transpose: the order is ours
  EXPECT_EQ(output(graph), (Shape{48, 1, 1}));
}

} // namespace
} // namespace convscope
