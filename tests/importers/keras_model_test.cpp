// Whole models: configurations, weights in each layout, names, what is known of the net.
#include "importer/keras_model.h"

#include <fstream>

#include <gtest/gtest.h>

#include "graph/shapes.h"
#include "importers/expect_error.h"
#include "importers/keras_files.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

std::vector<std::string> names(const Graph &graph) {
  std::vector<std::string> result;
  for (const Node &node : graph.nodes)
    result.push_back((node.layer ? "" : "~") + node.name);
  return result;
}
const Node &node(const Graph &graph, const std::string &name) {
  const auto found =
      std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node &each) { return each.name == name; });
  if (found == graph.nodes.end())
    throw std::out_of_range(name);
  return *found;
}

class KerasModelTest : public ::testing::Test {
protected:
  std::filesystem::path keras() const { return folder_ / "x.keras"; }
  std::filesystem::path h5() const { return folder_ / "x.h5"; }
  void expect_bad(const std::filesystem::path &path, const std::string &part) {
    expect_error([&] { load_keras_model(path); }, path.string() + ": " + part);
  }
  // The only layer, without which there is nothing to see.
  void expect_bad_layer(const std::filesystem::path &path, const std::string &layer, const std::string &part) {
    expect_bad(path, "nothing of it can be shown: layer '" + layer + "' can't be run: " + part);
  }
  TemporaryFolder folder_;
};

using Names = std::vector<std::string>;

std::vector<Json> classifier_layers() {
  return {keras_input("picture", small_picture),
          keras_layer("Conv2D", "a",
                      {{"filters", 2}, {"kernel_size", {3, 3}}, {"padding", "same"}, {"activation", "relu"}},
                      {"picture"}),
          keras_layer("BatchNormalization", "b", {{"axis", 3}}, {"a"}),
          keras_layer("Flatten", "f", {{"data_format", "channels_last"}}, {"b"}),
          keras_layer("Dense", "d", {{"units", 5}, {"activation", "softmax"}}, {"f"})};
}

void expect_classifier(const Graph &graph) {
  EXPECT_EQ(names(graph), (Names{"picture", "~a/conv", "a", "b", "~f/transpose", "f", "~d/dense", "d"}));
  EXPECT_EQ(node(graph, "a").kind, "Conv2D");
  EXPECT_EQ(node(graph, "a").parameters, 3 * 3 * 3 * 2 + 2);
  EXPECT_EQ(node(graph, "b").parameters, 8);
  EXPECT_EQ(node(graph, "d").parameters, 128 * 5 + 5);
  const Conv &conv = std::get<Conv>(node(graph, "a/conv").op);
  EXPECT_TRUE(conv.window.same);
  for (int o = 0; o < 2; ++o)
    for (int i = 0; i < 3; ++i)
      for (int p = 0; p < 9; ++p)
        EXPECT_EQ(conv.weights[static_cast<std::size_t>((o * 3 + i) * 9 + p)], static_cast<float>((p * 3 + i) * 2 + o));
  EXPECT_EQ(conv.bias, counted_values(2, 7));
  const Dense &dense = std::get<Dense>(node(graph, "d/dense").op);
  EXPECT_EQ(dense.weights[128 + 3], 3.0F * 5 + 1);
  EXPECT_EQ(graph.nodes[static_cast<std::size_t>(graph.logits)].name, "d/dense");
  EXPECT_EQ(graph.nodes[static_cast<std::size_t>(graph.probabilities)].name, "d");
  EXPECT_EQ(graph.input, (Shape{3, 8, 8}));
  EXPECT_EQ(infer_shapes(graph, {3, 8, 8}).back(), (Shape{5, 1, 1}));
}

std::vector<H5Layer> classifier_weights() {
  return {{"picture", {}},
          {"a", {{"a/kernel:0", {3, 3, 3, 2}, counted_values(54)}, {"a/bias:0", {2}, counted_values(2, 7)}}},
          {"b",
           {{"b/gamma:0", {2}, {1, 2}},
            {"b/beta:0", {2}, {3, 4}},
            {"b/moving_mean:0", {2}, {5, 6}},
            {"b/moving_variance:0", {2}, {0.25F, 1}}}},
          {"f", {}},
          {"d", {{"d/kernel:0", {128, 5}, counted_values(640)}, {"d/bias:0", {5}, counted_values(5)}}}};
}
std::vector<H5Tensor> classifier_variables() {
  return {{"layers/conv2d/vars/0", {3, 3, 3, 2}, counted_values(54)},
          {"layers/conv2d/vars/1", {2}, counted_values(2, 7)},
          {"layers/batch_normalization/vars/0", {2}, {1, 2}},
          {"layers/batch_normalization/vars/1", {2}, {3, 4}},
          {"layers/batch_normalization/vars/2", {2}, {5, 6}},
          {"layers/batch_normalization/vars/3", {2}, {0.25F, 1}},
          {"layers/dense/vars/0", {128, 5}, counted_values(640)},
          {"layers/dense/vars/1", {5}, counted_values(5)}};
}

TEST_F(KerasModelTest, Archive) {
  write_keras(keras(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables());
  expect_classifier(load_keras_model(keras()));
}

TEST_F(KerasModelTest, PackedArchive) {
  write_keras(keras(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables(), true);
  expect_classifier(load_keras_model(keras()));
}

TEST_F(KerasModelTest, ChecksumOfWeights) {
  write_keras(keras(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables());
  std::fstream file(keras(), std::ios::binary | std::ios::in | std::ios::out);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const float value = 639; // the last of the dense layer's
  const std::size_t at = bytes.find(std::string(reinterpret_cast<const char *>(&value), sizeof(value)));
  ASSERT_NE(at, std::string::npos);
  file.seekp(static_cast<std::streamoff>(at));
  file.put('\x01');
  file.close();
  expect_bad(keras(), "'model.weights.h5' is damaged or truncated");
}

TEST_F(KerasModelTest, WholeModelHdf5) {
  write_keras_h5(h5(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_weights());
  expect_classifier(load_keras_model(h5()));
}

TEST_F(KerasModelTest, OldFormOfCalls) {
  std::vector<Json> layers = classifier_layers();
  const std::vector<std::string> from{"", "picture", "a", "b", "f"};
  for (std::size_t i = 1; i < layers.size(); ++i)
    layers[i] = keras2_layer(layers[i]["class_name"], layers[i]["name"], layers[i]["config"], {from[i]});
  layers[0]["config"] = {{"batch_input_shape", small_picture}, {"name", "picture"}};
  Json model = keras_functional("net", layers, "picture", "d");
  model["class_name"] = "Model";
  model["config"]["input_layers"] = Json::array({Json::array({"picture", 0, 0})});
  model["config"]["output_layers"] = Json::array({Json::array({"d", 0, 0})});
  write_keras_h5(h5(), model, classifier_weights(), "2.3.1");
  expect_classifier(load_keras_model(h5()));
}

TEST_F(KerasModelTest, LayersInAnyOrder) {
  std::vector<Json> layers = classifier_layers();
  std::swap(layers[1], layers[4]);
  std::swap(layers[2], layers[3]);
  write_keras_h5(h5(), keras_functional("net", layers, "picture", "d"), classifier_weights());
  expect_classifier(load_keras_model(h5()));
}

TEST_F(KerasModelTest, Sequential) {
  std::vector<Json> layers = classifier_layers();
  write_keras(keras(), keras_sequential("net", layers), classifier_variables());
  expect_classifier(load_keras_model(keras()));
  // Without an InputLayer, as Keras 2 wrote them; and as a bare list, as Keras before 2.2.3.
  layers.erase(layers.begin());
  layers[0]["config"]["batch_input_shape"] = small_picture;
  Json model = keras_sequential("net", layers);
  write_keras_h5(h5(), model, classifier_weights(), "2.4.0");
  EXPECT_EQ(load_keras_model(h5()).nodes[0].name, "input");
  for (Json &layer : layers)
    layer.erase("name");
  model = {{"class_name", "Sequential"}, {"config", layers}};
  write_keras_h5(h5(), model, classifier_weights(), "2.1.0");
  EXPECT_EQ(load_keras_model(h5()).logits, 6);
}

TEST_F(KerasModelTest, LongConfigurations) {
  std::vector<Json> layers = classifier_layers();
  layers[1]["config"]["note"] = std::string(200'000, 'x');
  write_keras_h5(h5(), keras_functional("net", layers, "picture", "d"), classifier_weights());
  expect_classifier(load_keras_model(h5()));
}

Json nested_model() {
  const Json base = keras_sequential(
      "base", {keras_input("in", small_picture), keras_layer("Conv2D", "c1", {{"filters", 3}, {"kernel_size", 1}}),
               keras_layer("Conv2D", "c2", {{"filters", 3}, {"kernel_size", 1}, {"use_bias", false}})});
  Json call = keras_layer("Sequential", "base", {}, {"picture"});
  call["config"] = base["config"];
  Json again = call;
  call["inbound_nodes"].push_back({{"args", Json::array({keras_tensor("base")})}, {"kwargs", Json::object()}});
  return keras_functional(
      "net",
      {keras_input("picture", small_picture),
       call,
       {{"module", "keras.layers"},
        {"class_name", "Add"},
        {"config", {{"name", "sum"}}},
        {"name", "sum"},
        {"inbound_nodes",
         Json::array({{{"args", Json::array({Json::array({keras_tensor("base", 0), keras_tensor("base", 1)})})},
                       {"kwargs", Json::object()}}})}}},
      "picture", "sum");
}

TEST_F(KerasModelTest, NestedAndShared) {
  write_keras(keras(), nested_model(),
              {{"layers/sequential/layers/conv2d/vars/0", {1, 1, 3, 3}, counted_values(9)},
               {"layers/sequential/layers/conv2d/vars/1", {3}, counted_values(3)},
               {"layers/sequential/layers/conv2d_1/vars/0", {1, 1, 3, 3}, counted_values(9, 50)}});
  const Graph graph = load_keras_model(keras());
  EXPECT_EQ(names(graph), (Names{"picture", "base/c1", "base/c2", "base/2/c1", "base/2/c2", "sum"}));
  EXPECT_EQ(graph.nodes[2].aliases, Names{"base"});
  EXPECT_EQ(std::get<Conv>(graph.nodes[2].op).weights[1], 53);
  EXPECT_EQ(std::get<Conv>(graph.nodes[4].op).weights[1], 53);
  EXPECT_EQ(graph.nodes[5].inputs, (std::vector<NodeId>{2, 4}));

  write_keras_h5(h5(), nested_model(),
                 {{"base",
                   {{"base/c1/kernel", {1, 1, 3, 3}, counted_values(9)},
                    {"base/c1/bias", {3}, counted_values(3)},
                    {"base/c2/kernel", {1, 1, 3, 3}, counted_values(9, 50)}}}});
  EXPECT_EQ(std::get<Conv>(load_keras_model(h5()).nodes[4].op).weights[1], 53);
}

TEST_F(KerasModelTest, WhatIsNotSupportedLeavesWhatIsBefore) {
  write_keras(keras(),
              keras_sequential("net", {keras_input("picture", small_picture), keras_layer("ReLU", "r"),
                                       keras_layer("MultiHeadAttention", "attention"), keras_layer("ReLU", "s")}),
              {});
  const Graph graph = load_keras_model(keras());
  EXPECT_TRUE(std::holds_alternative<Relu>(graph.nodes[1].op));
  EXPECT_EQ(std::get<Unsupported>(graph.nodes[2].op).reason,
            "layers of the class MultiHeadAttention are not supported");
  EXPECT_TRUE(std::holds_alternative<Unsupported>(graph.nodes[3].op));
}

TEST_F(KerasModelTest, InputsOfOtherChannels) {
  for (const int channels : {1, 2, 4, 6}) {
    write_keras(keras(),
                keras_sequential(
                    "net", {keras_input("picture", Json::array({nullptr, 8, 8, channels})), keras_layer("ReLU", "r")}),
                {});
    const Graph graph = load_keras_model(keras());
    EXPECT_EQ(graph.input, (Shape{channels, 8, 8}));
    EXPECT_EQ(graph.nodes.size(), 2U);
    EXPECT_EQ(graph.preprocessing.channels(), channels);
  }
}

TEST_F(KerasModelTest, BadFiles) {
  expect_bad(keras(), "there is no such file");
  std::ofstream(keras()) << "not a zip";
  expect_bad(keras(), "is not a .keras file");
  write_zip(keras(), {{"a", "b"}});
  expect_bad(keras(), "is a zip archive, but not a .keras file");
  write_zip(keras(), {{"config.json", "{}"}});
  expect_bad(keras(), "holds no 'model.weights.h5'");
  write_zip(keras(), {{"config.json", "{}"}, {"model.weights.h5", std::string(80'000'000, '\0')}}, true);
  expect_bad(keras(), "claims that 'model.weights.h5' has 80000000 bytes");
  write_zip(keras(), {{"config.json", "{}"}, {"model.weights.h5", "abc"}});
  expect_bad(keras(), "its configuration has no usable class name");
  write_zip(keras(), {{"config.json", keras_sequential("n", {keras_input("i", small_picture)}).dump()},
                      {"model.weights.h5", "abc"}});
  expect_bad(keras(), "its weights are no HDF5 file");
  { H5Writer writer(h5()); }
  expect_bad(h5(), "is not a Keras model: it has no 'model_config'");
  H5Writer(h5()).layers("/", {{"block1_conv1", {{"k", {1}, {1}}}}, {"block1_conv2", {{"k", {1}, {1}}}}});
  expect_bad(h5(), "holds weights alone, not the net that they belong to: give --model vgg16 --weights ");
  write_keras(keras(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables());
  const auto size = std::filesystem::file_size(keras());
  for (const double part : {0.2, 0.5, 0.9, 0.99}) {
    write_keras(keras(), keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables());
    std::filesystem::resize_file(keras(), static_cast<std::uintmax_t>(static_cast<double>(size) * part));
    expect_bad(keras(), "is not a .keras file");
  }
}

TEST_F(KerasModelTest, BadConfigurations) {
  const auto bad = [&](const std::string &config, const std::string &part) {
    write_zip(keras(), {{"config.json", config}, {"model.weights.h5", "abc"}});
    expect_bad(keras(), part);
  };
  bad("{", "its configuration is not valid JSON");
  bad(std::string(100'000, '['), "its configuration is nested too deeply");
  bad("[]", "its configuration has no usable class name");
  bad(R"({"class_name": "MyModel", "config": {}})", "its net is of the class 'MyModel', whose code is not in the file");
  bad(R"({"class_name": "Functional", "config": {"layers": [], "input_layers": [], "output_layers": []}})",
      "model 'model' has no 'input_layers'");
  Json deep = keras_sequential("n", {keras_input("i", small_picture)});
  for (int i = 0; i < 10; ++i)
    deep = keras_sequential("n", {deep});
  bad(deep.dump(), "nests models more than 8 deep");
}

TEST_F(KerasModelTest, BadLayers) {
  const auto bad = [&](const std::vector<Json> &layers, const std::string &part) {
    write_keras(keras(), keras_functional("net", layers, "i", "z"), {});
    expect_bad(keras(), part);
  };
  const Json input = keras_input("i", small_picture);
  bad({input, keras_layer("ReLU", "z", {}, {"y"})},
      "nothing of it can be shown: layer 'z' can't be run: it reads a layer 'y' that is not there");
  bad({input, keras_layer("ReLU", "y", {}, {"z"}), keras_layer("ReLU", "z", {}, {"y"})},
      "layer 'y' reads its own output by way of others");
  bad({input, input}, "has two layers named 'i'");
  bad({keras_input("i", Json::array({nullptr, 5})), keras_layer("ReLU", "z", {}, {"i"})}, "its input is not a picture");
  bad({keras_input("i", Json::array({nullptr, 5, 5, 70000})), keras_layer("ReLU", "z", {}, {"i"})},
      "its input has 70000 channels");
  expect_error([&] { load_keras_model(keras(), {"j", {}}); }, "--input-name: it has no input 'j'; there are 'i'");
  bad({keras_input("i", Json::array({nullptr, 1e9, 5, 3})), keras_layer("ReLU", "z", {}, {"i"})},
      "its input has sides that are no numbers");
  const auto bad_layer = [&](const std::string &kind, const Json &arguments, const std::string &part) {
    bad({input, keras_layer(kind, "z", arguments, {"i"})},
        "nothing of it can be shown: layer 'z' can't be run: " + part);
  };
  bad_layer("Conv2D", {{"filters", "many"}}, "its 'filters' is not a whole number in range");
  bad_layer("Conv2D", {{"filters", 1e300}}, "its 'filters' is not a whole number in range");
  bad_layer("Conv2D", {{"filters", -1}}, "its 'filters' is -1");
  bad_layer("Conv2D", {{"filters", 4}, {"kernel_size", {3, 3, 3}}}, "its 'kernel_size' is not one number or two");
  bad_layer("Conv2D", {{"filters", 4}, {"strides", 0}}, "its 'strides' is not from 1 to");
  bad_layer("Conv2D", {{"filters", 4}, {"groups", 2}}, "it can't divide 3 and 4 channels into 2 groups");
  bad_layer("Conv2D", {{"filters", 4}}, "it has no kernel in the file");
  bad_layer("Conv2D", {{"filters", 4}, {"padding", 7}}, "its 'padding' is not a text");
  bad_layer("ReLU", {{"max_value", Json::array()}}, "its 'max_value' is not a number");
  bad_layer("Reshape", {{"target_shape", {-1, -1}}}, "it makes a tensor of which two sides are unknown");
  bad_layer("Permute", {{"dims", {1, 1, 2}}}, "its 'dims' are no permutation");
  bad_layer("ZeroPadding2D", {{"padding", {{1, 2}, {3}}}}, "its 'padding' is not made of four numbers");
  bad_layer("Activation", {{"activation", 5}}, "its 'activation' can't be read");
  bad({input, keras_layer("Cropping2D", "z", {{"cropping", 9}}, {"i"})},
      "nothing of it can be shown: layer 'z' can't be run: z of net needs a larger input");
}

TEST_F(KerasModelTest, BadWeights) {
  const Json model =
      keras_sequential("net", {keras_input("i", small_picture), keras_layer("Dense", "d", {{"units", 2}})});
  const auto bad = [&](const std::vector<H5Tensor> &tensors, const std::string &part) {
    write_keras(keras(), model, tensors);
    expect_bad_layer(keras(), "d", "it " + part);
  };
  bad({{"layers/dense/vars/0", {2, 3}, counted_values(6)}}, "has a kernel of 2x3, but needs 3x2");
  bad({{"layers/dense/vars/0", {3, 2}, counted_values(6)}}, "has no bias in the file");
  bad({{"layers/dense/vars/0", {3, 2}, std::vector<float>(6, std::numeric_limits<float>::quiet_NaN())}},
      "has weights that are infinite or not a number");
  const auto link = [&](bool external) {
    write_keras_h5(h5(), model, {{"d", {}}});
    H5Writer writer(folder_ / "other.h5");
    const hid_t file = H5Fopen(h5().string().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "/model_weights/d", H5P_DEFAULT);
    if (external)
      H5Lcreate_external((folder_ / "other.h5").string().c_str(), "/", file, "/model_weights/d", H5P_DEFAULT,
                         H5P_DEFAULT);
    else
      H5Lcreate_soft("/model_weights", file, "/model_weights/d", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_bad_layer(h5(), "d", "'model_weights/d' is a link to elsewhere, which is not followed");
  };
  link(true);
  link(false);
}

// Each in a net whose other layers work.
TEST_F(KerasModelTest, OneOddLayerLeavesTheOthers) {
  const auto odd = [&](const Json &layer, const std::vector<H5Tensor> &tensors, const std::string &reason) {
    SCOPED_TRACE(layer.dump());
    std::vector<Json> layers{keras_input("picture", small_picture), keras_layer("ReLU", "before", {}, {"picture"}),
                             layer, keras_layer("ReLU", "beside", {}, {"before"})};
    write_keras(keras(), keras_functional("net", layers, "picture", "beside"), tensors);
    const Graph graph = load_keras_model(keras());
    EXPECT_TRUE(std::holds_alternative<Relu>(node(graph, "before").op));
    EXPECT_TRUE(std::holds_alternative<Relu>(node(graph, "beside").op));
    const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                    [](const Node &each) { return std::holds_alternative<Unsupported>(each.op); });
    ASSERT_NE(found, graph.nodes.end());
    EXPECT_EQ(std::get<Unsupported>(found->op).reason, reason);
  };
  const auto from = [](const std::string &kind, Json more = Json::object()) {
    return keras_layer(kind, "odd", std::move(more), {"before"});
  };
  odd(from("Dense", {{"units", 2}}), {{"layers/dense/vars/0", {3, 2}, counted_values(6)}},
      "it has no bias in the file");
  odd(from("Dense", {{"units", 2}}), {{"layers/dense/vars/0", {3, 3}, counted_values(9)}},
      "it has a kernel of 3x3, but needs 3x2");
  odd(from("Dense", {{"units", 2}, {"use_bias", false}}),
      {{"layers/dense/vars/0", {3, 2}, counted_values(6)}, {"layers/dense/vars/1", {1}, {1}}},
      "it has more tensors in the file than Keras's layers of its class have");
  odd(from("Conv2D", {{"filters", 2}, {"kernel_size", "wide"}}), {},
      "its 'kernel_size' is not made of whole numbers in range");
  odd(from("Lambda"), {}, "a Lambda layer's code is not read");
  Json layer = from("ReLU");
  layer["inbound_nodes"] = {5};
  odd(layer, {}, "its 'inbound_nodes' can't be read");
  layer = from("ReLU");
  layer["config"] = "relu";
  odd(layer, {}, "it has no configuration");
  layer = from("ReLU");
  layer.erase("class_name");
  odd(layer, {}, "its class has no name");
  layer = from("Conv2D");
  layer["module"] = "mylib.layers";
  odd(layer, {}, "its class 'Conv2D' is none of Keras's, and the file does not hold its code");
  layer = from("Wrapped", {{"layers", 3}});
  odd(layer, {}, "layers of the class Wrapped are not supported");
}

TEST_F(KerasModelTest, LayersGetNamesOfTheirOwn) {
  // Without a name, in a Sequential model.
  Json mine = keras_layer("Mine", "x"), again = mine;
  for (Json *each : {&mine, &again}) {
    each->erase("name");
    (*each)["config"].erase("name");
  }
  write_keras(keras(),
              keras_sequential("net", {keras_input("i", small_picture), keras_layer("ReLU", "mine"), mine, again}), {});
  EXPECT_EQ(names(load_keras_model(keras())), (Names{"i", "mine", "mine_1", "mine_2"}));
  // An inner step gives way to the layer whose name it has.
  std::vector<Json> layers{
      keras_input("i", small_picture),
      keras_layer("Conv2D", "a", {{"filters", 2}, {"kernel_size", 1}, {"activation", "relu"}}, {"i"}),
      keras_layer("ReLU", "a/conv", {}, {"a"})};
  write_keras(keras(), keras_functional("net", layers, "i", "a/conv"),
              {{"layers/conv2d/vars/0", {1, 1, 3, 2}, counted_values(6)}, {"layers/conv2d/vars/1", {2}, {0, 0}}});
  const Graph graph = load_keras_model(keras());
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(graph.nodes.back().name, "a/conv");
  EXPECT_NE(graph.nodes[1].name, "a/conv");
}

TEST_F(KerasModelTest, RenormalizedAsAnyOther) {
  const Json model = keras_sequential("net", {keras_input("i", small_picture),
                                              keras_layer("BatchNormalization", "b", {{"axis", 3}, {"renorm", true}})});
  std::vector<H5Tensor> tensors;
  for (const char *name : {"gamma", "beta", "mean", "variance", "stddev", "renorm_mean", "renorm_stddev"})
    tensors.push_back({name, {3}, {1, 2, 3}});
  write_keras_h5(h5(), model, {{"b", tensors}}, "2.15.0");
  EXPECT_TRUE(std::holds_alternative<ScaleShift>(load_keras_model(h5()).nodes.back().op));
}

TEST_F(KerasModelTest, ByContentNotByEnding) {
  write_keras(folder_ / "zip.h5", keras_functional("net", classifier_layers(), "picture", "d"), classifier_variables());
  expect_classifier(load_keras_model(folder_ / "zip.h5"));
  write_keras_h5(folder_ / "hdf5.keras", keras_functional("net", classifier_layers(), "picture", "d"),
                 classifier_weights());
  expect_classifier(load_keras_model(folder_ / "hdf5.keras"));
}

TEST_F(KerasModelTest, NumbersThatJsonDoesNotHave) {
  std::string config =
      keras_sequential("net", {keras_input("i", small_picture), keras_layer("ReLU", "NaN", {{"max_value", 77}})})
          .dump();
  config.replace(config.find("77"), 2, "Infinity");
  H5Writer writer(folder_ / "w.h5");
  write_keras(keras(), keras_sequential("net", {keras_input("i", small_picture)}), {});
  std::ifstream stream(keras().string() + ".weights.h5", std::ios::binary);
  const std::string weights{std::istreambuf_iterator<char>(stream), {}};
  write_zip(keras(), {{"config.json", config}, {"model.weights.h5", weights}});
  EXPECT_EQ(load_keras_model(keras()).nodes.back().name, "NaN");
}

TEST_F(KerasModelTest, InputsWhoseShapeIsOpen) {
  for (const Json &shape :
       {Json(nullptr), Json::array({nullptr, nullptr, nullptr, nullptr}), Json::array({-1, -1, -1, 3})}) {
    write_keras(keras(), keras_sequential("net", {keras_input("i", shape), keras_layer("ReLU", "r")}), {});
    const Graph graph = load_keras_model(keras());
    EXPECT_EQ(infer_shapes(graph, {3, 97, 113}).back(), (Shape{3, 97, 113})) << shape;
  }
}

TEST_F(KerasModelTest, AHeadThatIsNotSquareTellsItsMap) {
  write_keras(keras(),
              keras_sequential("net", {keras_input("i", Json::array({nullptr, 6, 10, 3})), keras_layer("Flatten", "f"),
                                       keras_layer("Dense", "d", {{"units", 2}})}),
              {{"layers/dense/vars/0", {180, 2}, counted_values(360)}, {"layers/dense/vars/1", {2}, {0, 0}}});
  const Graph graph = load_keras_model(keras());
  EXPECT_EQ(graph.input, (Shape{3, 6, 10}));
  expect_error(
      [&] {
        infer_shapes(graph, {3, 8, 8});
      },
      "d of net needs a 10x6 map (input 10x6), but an input of 8x8 gives 8x8");
}

} // namespace
} // namespace convscope
