#include "importer/preprocessing.h"

#include <fstream>

#include <fmt/format.h>

#include "importer/model.h"
#include "importer/prepared.h"
#include "importer/sidecar.h"
#include "importers/expect_error.h"
#include "importers/keras_files.h"
#include "importers/onnx_builder.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

// What a pixel becomes in channel i of the input.
double prepared(const Preprocessing &p, std::array<double, 3> rgb, std::size_t i) {
  return rgb[static_cast<std::size_t>(p.source[i])] * p.scale[i] + p.shift[i];
}

TEST(Preprocessings, AreWhatTheirUsersKnow) {
  const std::array<double, 3> rgb{0.25, 0.5, 1};
  const Preprocessing torch = *named_preprocessing("torch"), tf = *named_preprocessing("tf"),
                      caffe = *named_preprocessing("caffe");
  EXPECT_NEAR(prepared(torch, rgb, 0), (0.25 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(prepared(torch, rgb, 2), (1 - 0.406) / 0.225, 1e-6);
  EXPECT_NEAR(prepared(tf, rgb, 0), -0.5, 1e-6);
  EXPECT_NEAR(prepared(caffe, rgb, 0), 255 - 103.939, 1e-4); // blue first
  EXPECT_NEAR(prepared(caffe, rgb, 2), 63.75 - 123.68, 1e-4);
  EXPECT_EQ(prepared(*named_preprocessing("raw01"), rgb, 1), 0.5);
  EXPECT_EQ(prepared(*named_preprocessing("raw255"), rgb, 1), 127.5);
  EXPECT_FALSE(named_preprocessing("raw"));
  EXPECT_EQ(tf.name, "tf");
}

TEST(Preprocessings, AreReadFromTheOption) {
  const Preprocessing torch = parse_preprocessing("mean=.485,.456,.406,std=.229,.224,.225");
  EXPECT_EQ(torch.scale, named_preprocessing("torch")->scale);
  EXPECT_EQ(torch.shift, named_preprocessing("torch")->shift);
  const Preprocessing caffe = parse_preprocessing("order=bgr,range=0,255,mean=103.939,116.779,123.68");
  EXPECT_EQ(caffe.scale, named_preprocessing("caffe")->scale);
  EXPECT_EQ(caffe.shift, named_preprocessing("caffe")->shift);
  EXPECT_EQ(caffe.source, named_preprocessing("caffe")->source);
  EXPECT_EQ(parse_preprocessing("range=-1,1").shift, named_preprocessing("tf")->shift);
  EXPECT_EQ(parse_preprocessing("tf"), *named_preprocessing("tf"));
  const std::pair<const char *, const char *> wrong[] = {
      {"tensorflow", "--preprocess: no preprocessing 'tensorflow'; there are torch, tf, caffe, raw01, raw255"},
      {"torhc", "(did you mean 'torch'?)"},
      {"", "no preprocessing ''"},
      {"mean=1,2,x", "--preprocess: mean needs a number for each channel"},
      {"mean=1,2,3,std=1,2", "mean has 3 numbers and std 2"},
      {"range=0,1,2", "range needs 2 numbers"},
      {"order=bgr,mean=1,2,3,4", "only three channels have an order"},
      {"std=1,0,1", "std 0"},
      {"std=1,nan,1", "std needs a number"},
      {"std=1,1e-300,1", "std"},
      {"mean=1e300,0,0", "mean"},
      {"range=255,0", "range"},
      {"range=5,5", "range"},
      {"order=rbg", "order must be rgb or bgr"},
      {"mena=1,2,3", "no 'mena' (did you mean 'mean'?)"},
      {"mean=1,2,3,mean=1,2,3", "'mean' is given twice"},
      {"1,2,3", "no preprocessing '1,2,3'"}};
  for (const auto &[text, part] : wrong)
    expect_error([text = text] { parse_preprocessing(text); }, part);
}

TEST(Preprocessings, OfOtherNumbersOfChannels) {
  EXPECT_EQ(of_channels(*named_preprocessing("tf"), 1, "x").scale, std::vector<float>{2});
  const Preprocessing four = of_channels(parse_preprocessing("range=0,255,mean=5"), 4, "x");
  EXPECT_EQ(four.source, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(four.shift, (std::vector<float>{-5, -5, -5, -5}));
  EXPECT_EQ(parse_preprocessing("mean=.1,.2,std=2").shift, (std::vector<float>{-0.05F, -0.1F}));
  EXPECT_EQ(parse_preprocessing("mean=.1,.2").channels(), 2);
  expect_error([] { of_channels(*named_preprocessing("torch"), 1, "x"); },
               "x: 'torch' prepares pictures of 3 channels");
  expect_error([] { of_channels(*named_preprocessing("caffe"), 4, "x"); }, "and the net's input has 4");
  expect_error([] { of_channels(parse_preprocessing("mean=1,2"), 3, "x"); }, "'own' prepares pictures of 2 channels");
}

TEST(Preprocessings, OfKerasNets) {
  const std::pair<const char *, const char *> nets[] = {{"resnet50", "caffe"},
                                                        {"resnet101v2", "tf"},
                                                        {"ResNet152V2", "tf"},
                                                        {"vgg19", "caffe"},
                                                        {"densenet121", "torch"},
                                                        {"mobilenetv2_1.00_224", "tf"},
                                                        {"MobilenetV3small", "raw255"},
                                                        {"inception_v3", "tf"},
                                                        {"xception", "tf"},
                                                        {"NASNet", "tf"},
                                                        {"inception_resnet_v2", "tf"},
                                                        {"efficientnetb0", "raw255"},
                                                        {"efficientnetv2-b0", "raw255"},
                                                        {"convnext_tiny", "raw255"},
                                                        {"regnetx002", "raw255"},
                                                        {"resnet-rs-50", "raw255"},
                                                        {"resnet", "caffe"},
                                                        {"my_model", ""},
                                                        {"", ""}};
  for (const auto &[name, way] : nets)
    EXPECT_EQ(keras_preprocessing(name), way) << name;
}

// The way, and that the user is told of it.
void expect_usual(const std::filesystem::path &file, const std::string &way, const std::string &reason) {
  const Model model = load_model({file.string(), "", ""});
  EXPECT_EQ(model.graph.preprocessing, parse_preprocessing(way)) << file;
  EXPECT_NE(model.note.find(reason), std::string::npos) << model.note;
  EXPECT_NE(model.note.find(way), std::string::npos) << model.note;
}

TEST(Preprocessings, OfFilesThatDoNotSay) {
  const TemporaryFolder folder;
  OnnxBuilder inception;
  inception.node("Relu", {"x"}, "conv2d0");
  inception.node("Relu", {"conv2d0"}, "localresponsenorm1");
  inception.output("localresponsenorm1");
  inception.save(folder / "a.onnx");
  expect_usual(folder / "a.onnx", "torch", "does not say");
  inception.node("Relu", {"localresponsenorm1"}, "mixed4c");
  inception.save(folder / "b.onnx");
  expect_usual(folder / "b.onnx", "mean=117,117,117,range=0,255", "InceptionV1");

  const Json input = keras_input("in", {nullptr, 8, 8, 3});
  write_keras(folder / "c.keras", keras_sequential("resnet50", {input, keras_layer("ReLU", "r")}), {});
  expect_usual(folder / "c.keras", "caffe", "is a resnet50");
  const Json rescaling = keras_layer("Rescaling", "s", {{"scale", 1 / 255.0}, {"offset", 0}});
  write_keras(folder / "d.keras", keras_sequential("resnet50", {input, rescaling}), {});
  expect_usual(folder / "d.keras", "raw255", "layer 's' brings 0..255 to 0..1, so");
  const Json whole = keras_layer("InputLayer", "in", {{"batch_shape", {nullptr, 8, 8, 3}}, {"dtype", "uint8"}});
  write_keras(folder / "e.keras", keras_sequential("net", {whole, keras_layer("ReLU", "r")}), {});
  expect_usual(folder / "e.keras", "raw255", "takes whole numbers");
}

TEST(Preprocessings, SizesTellForWhichPicturesAScalingIsMeant) {
  struct Case {
    std::vector<double> scale, shift;
    const char *range;
  };
  const Case all[] = {{{1 / 255.0}, {0}, "raw255"},
                      {{1 / 127.5}, {-1}, "raw255"},
                      {{0.0175, 0.0171, 0.0174}, {-2.1, -2.0, -1.8}, "raw255"},
                      {{1}, {-117}, "raw255"},
                      {{1, 1, 1}, {-103.9, -116.8, -123.7}, "raw255"},
                      {{-1}, {255}, "raw255"},
                      {{2}, {-1}, "raw01"},
                      {{255}, {0}, "raw01"},
                      {{255, 255, 255}, {-123.7, -116.3, -103.5}, "raw01"},
                      {{4.37, 4.46, 4.44}, {-2.1, -2.0, -1.8}, "raw01"},
                      {{1}, {-0.5}, "raw01"},
                      {{-1}, {1}, "raw01"},
                      {{127.5}, {127.5}, "tf"},
                      {{0.5}, {0.5}, "tf"},
                      {{1}, {0}, ""},
                      {{0.458, 0.448, 0.45}, {-0.03, -0.09, -0.19}, ""},
                      {{0}, {1}, ""}};
  for (const Case &each : all)
    EXPECT_EQ(meant_range(each.scale, each.shift).value_or(""), each.range) << each.scale[0] << " " << each.shift[0];
}

// The first layers, of which several together say it.
TEST(Preprocessings, OfNetsThatScaleTheirInputThemselves) {
  const TemporaryFolder folder;
  const auto expect = [&](std::vector<Json> layers, const std::string &way, const std::string &reason) {
    layers.insert(layers.begin(), keras_input("in", {nullptr, 8, 8, 3}));
    layers.push_back(keras_layer("ReLU", "r"));
    write_keras(folder / "a.keras", keras_sequential("net", layers), {});
    expect_usual(folder / "a.keras", way, reason);
  };
  const auto rescaling = [](double scale, double offset) {
    return keras_layer("Rescaling", fmt::format("s{:.0f}", scale), {{"scale", scale}, {"offset", offset}});
  };
  const auto normalization = [](double mean, double variance) {
    return keras_layer("Normalization", "n",
                       {{"mean", {mean, mean, mean}}, {"variance", {variance, variance, variance}}});
  };
  expect({rescaling(2, -1)}, "raw01", "layer 's2' brings 0..1 to -1..1");
  expect({rescaling(1 / 127.5, -1)}, "raw255", "layer 's0' brings 0..255 to -1..1");
  expect({rescaling(127.5, 127.5)}, "tf", "layer 's128' brings -1..1 to 0..255");
  expect({rescaling(1 / 255.0, 0), normalization(0.45, 0.05)}, "raw255", "layers 's0' to 'n' bring 0..255 to");
  expect({normalization(0.45, 0.05)}, "raw01", "layer 'n' brings 0..1 to");
  expect({normalization(115, 3300)}, "raw255", "layer 'n' brings 0..255 to");
  expect({keras_layer("RandomFlip", "f"), rescaling(1 / 255.0, 0)}, "raw255", "brings");
  expect({rescaling(1, 0)}, "torch", "does not say");
}

TEST(Sidecars, AreRead) {
  const TemporaryFolder folder;
  const auto put = [&](const char *name, const char *text) { std::ofstream(folder / name) << text; };
  EXPECT_EQ(sidecar_file(folder / "net.onnx"), "");
  put("net.convscope.json", R"({"size": 96})");
  EXPECT_EQ(sidecar_file(folder / "net.onnx"), folder / "net.convscope.json");
  put("net.onnx.convscope.json",
      R"({"range": [0, 255], "mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4], "order": "rgb", "size": 224,
          "labels": "imagenet.txt"})");
  ASSERT_EQ(sidecar_file(folder / "net.onnx"), folder / "net.onnx.convscope.json");
  const Sidecar sidecar = read_sidecar(folder / "net.onnx.convscope.json");
  EXPECT_EQ(sidecar.size, square(224));
  EXPECT_EQ(sidecar.labels, folder / "imagenet.txt");
  EXPECT_NEAR(prepared(*sidecar.preprocessing, {1, 0, 0}, 0), (255 - 123.7) / 58.4, 1e-5);
  EXPECT_NEAR(prepared(*sidecar.preprocessing, {1, 0, 0}, 2), -103.5 / 57.4, 1e-5);
  EXPECT_FALSE(read_sidecar(folder / "net.convscope.json").preprocessing);
  put("net.convscope.json", R"({"preprocess": "caffe"})");
  EXPECT_EQ(read_sidecar(folder / "net.convscope.json").preprocessing, named_preprocessing("caffe"));
}

TEST(Sidecars, ErrorsNameTheKey) {
  const TemporaryFolder folder;
  const auto file = folder / "net.convscope.json";
  const std::pair<const char *, const char *> wrong[] = {
      {"", "is empty"},
      {"{", "is no JSON object"},
      {"[1]", "is no JSON object"},
      {R"({"maen": [1,2,3]})", "no key 'maen' (did you mean 'mean'?)"},
      {R"({"mean": []})", "'mean' must be a number, or one for each channel"},
      {R"({"mean": ["1",2,3]})", "'mean' must be a number"},
      {R"({"mean": [1,2], "std": [1,2,3]})", "mean has 2 numbers and std 3"},
      {R"({"mean": [1,2], "order": "bgr"})", "only three channels have an order"},
      {R"({"std": [1,0,1]})", "std 0"},
      {R"({"std": [1,-1,1]})", "std -1"},
      {R"({"range": 255})", "'range' must be 2 numbers"},
      {R"({"range": [1,0]})", "range"},
      {R"({"order": "hsv"})", "'order'"},
      {R"({"order": 3})", "'order'"},
      {R"({"size": 0})", "'size' must be a whole number from 1 to 4096"},
      {R"({"size": 224.5})", "'size'"},
      {R"({"size": 1e30})", "'size'"},
      {R"({"labels": ""})", "'labels'"},
      {R"({"preprocess": "tensor"})", "no preprocessing 'tensor'"},
      {R"({"preprocess": "tf", "mean": [0,0,0]})", "'preprocess' takes the place"}};
  for (const auto &[text, part] : wrong) {
    std::ofstream(file) << text;
    expect_error([&] { read_sidecar(file); }, part);
    expect_error([&] { read_sidecar(file); }, "net.convscope.json");
  }
}

} // namespace
} // namespace convscope
