#include "importer/zoo.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "graph/shapes.h"
#include "importer/architecture.h"
#include "importer/labels.h"
#include "importer/manifest.h"
#include "importer/model.h"
#include "importer/weights_folder.h"
#include "importers/expect_error.h"
#include "importers/h5_writer.h"
#include "importers/temporary.h"
#include "io/npy.h"
#include "reference/network.h"

namespace convscope {
namespace {

const std::filesystem::path shared = std::filesystem::path(CONVSCOPE_SOURCE_DIR) / ".." / "shared";

std::int64_t parameters(const Graph &graph) {
  return std::accumulate(graph.nodes.begin(), graph.nodes.end(), std::int64_t{0},
                         [](std::int64_t sum, const Node &node) { return sum + node.parameters; });
}

std::int64_t stored_weights(const Graph &graph) {
  std::int64_t count = 0;
  for (const Node &node : graph.nodes)
    if (const auto *conv = std::get_if<Conv>(&node.op))
      count += static_cast<std::int64_t>(conv->weights.size() + conv->bias.size());
  return count;
}

// One corner of a golden tensor: the first `side` rows and columns of each channel, relative L2.
double corner_error(const reference::Tensor &got, const Array &golden, int side) {
  const auto h = static_cast<int>(golden.shape[2]), w = static_cast<int>(golden.shape[3]);
  double error = 0, norm = 0;
  for (int c = 0; c < static_cast<int>(golden.shape[1]); ++c)
    for (int y = 0; y < std::min(side, h); ++y)
      for (int x = 0; x < std::min(side, w); ++x) {
        const double wanted = golden.data[(std::size_t(c) * h + y) * w + x];
        error += std::pow(got.at(0, c, y, x) - wanted, 2);
        norm += wanted * wanted;
      }
  return std::sqrt(error / norm);
}

// Runs the net on the top left corner of the golden's input, and compares what the cut can't reach.
void expect_golden(const Graph &graph, const std::filesystem::path &folder, const std::string &layer, int input_side,
                   int side, double tolerance) {
  const Array input = read_npy(folder / "input.npy");
  const auto h = static_cast<int>(input.shape[2]), w = static_cast<int>(input.shape[3]);
  reference::Tensor corner(1, 3, std::min(input_side, h), std::min(input_side, w));
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < corner.h; ++y)
      for (int x = 0; x < corner.w; ++x)
        corner.at(0, c, y, x) = input.data[(std::size_t(c) * h + y) * w + x];
  const NodeId id = find_layer(graph, layer);
  const reference::Tensor got = reference::forward(graph, corner, id)[id];
  EXPECT_LT(corner_error(got, read_npy(folder / ("act." + layer + ".npy")), side), tolerance) << layer;
}

TEST(Zoo, CountsParametersAsKerasDoes) {
  EXPECT_EQ(parameters(load_architecture("vgg16")), 14714688);
  EXPECT_EQ(parameters(load_architecture("vgg16", true)), 138357544);
  EXPECT_EQ(parameters(load_architecture("resnet50v2")), 23564800);
  EXPECT_EQ(parameters(load_architecture("resnet50v2", true)), 25613800);
  EXPECT_EQ(parameters(load_architecture("alexnet")), 2469696);
}

TEST(Zoo, ActivationsAreSecondNodes) {
  const Graph graph = load_architecture("vgg16", true);
  const Node &conv = graph.nodes[1], &relu = graph.nodes[2];
  EXPECT_EQ(conv.name, "block1_conv1/linear");
  EXPECT_FALSE(conv.layer);
  EXPECT_EQ(conv.parameters, 0);
  EXPECT_EQ(relu.name, "block1_conv1");
  EXPECT_EQ(relu.kind, "Conv2D");
  EXPECT_EQ(relu.parameters, 3 * 64 * 9 + 64);
  EXPECT_EQ(graph.nodes[graph.logits].name, "predictions/logits");
  EXPECT_EQ(graph.nodes[graph.probabilities].name, "predictions");
  EXPECT_TRUE(std::holds_alternative<Softmax>(graph.nodes[graph.probabilities].op));

  std::vector<std::string> layers;
  for (const Node &node : graph.nodes)
    if (node.layer)
      layers.push_back(node.name);
  EXPECT_EQ(layers.size(), 23u); // Keras's 23, the input among them
  EXPECT_EQ(std::vector<std::string>(layers.end() - 5, layers.end()),
            (std::vector<std::string>{"block5_pool", "flatten", "fc1", "fc2", "predictions"}));
}

TEST(Zoo, ResNetHasKerasLayers) {
  const auto path = shared / "keras/resnet50v2-notop/meta.json";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << path << " is not there";
  std::ifstream stream(path);
  const auto layers = nlohmann::json::parse(stream)["layers"];
  const Graph graph = load_architecture("resnet50v2");
  const std::vector<Shape> shapes = infer_shapes(graph, {3, 224, 224});
  ASSERT_EQ(graph.nodes.size(), layers.size());
  ASSERT_EQ(layers.size(), 190u);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto name = layers[i][0].get<std::string>();
    // The names that Keras counts up depend on what it made before.
    if (name.starts_with("max_pooling2d")) {
      EXPECT_TRUE(graph.nodes[i].name.starts_with("max_pooling2d")) << graph.nodes[i].name;
    } else if (i > 0) {
      EXPECT_EQ(graph.nodes[i].name, name);
    }
    EXPECT_EQ(graph.nodes[i].kind, layers[i][1].get<std::string>()) << name;
    const auto &shape = layers[i][2];
    EXPECT_EQ(shapes[i], (Shape{shape[3], shape[1], shape[2]})) << name;
  }
  EXPECT_NO_THROW(find_layer(graph, "max_pooling2d_2"));
}

TEST(Zoo, EmbeddedNetsLoad) {
  const Graph vgg = load_zoo("vgg16", zoo_weights("vgg16"));
  EXPECT_EQ(stored_weights(vgg), 14714688);
  EXPECT_EQ(vgg.logits, -1);
  EXPECT_EQ(vgg.preprocessing.name, "torch");
  EXPECT_EQ(vgg.preprocessing.source, (std::vector<int>{0, 1, 2}));
  EXPECT_FLOAT_EQ(vgg.preprocessing.scale[0], 1 / 0.229f);
  EXPECT_FLOAT_EQ(vgg.preprocessing.shift[2], -0.406f / 0.225f);
  EXPECT_EQ(vgg.input, (Shape{3, 224, 224}));
  EXPECT_EQ(stored_weights(load_zoo("alexnet", zoo_weights("alexnet"))), 2469696);

  const Preprocessing raw = load_model({"alexnet", "", "raw"}).graph.preprocessing;
  EXPECT_EQ(raw.name, "raw");
  EXPECT_EQ(raw.scale[0], 1);
  EXPECT_EQ(raw.shift[0], 0);
}

TEST(Zoo, EmbeddedNetsGiveTheGoldens) {
  if (!std::filesystem::exists(shared / "golden"))
    GTEST_SKIP() << shared / "golden"
                 << " is not there";
  const Graph vgg = load_zoo("vgg16", zoo_weights("vgg16")), alexnet = load_zoo("alexnet", zoo_weights("alexnet"));
  expect_golden(vgg, shared / "golden/vgg16", "block3_conv1", 64, 10, 1e-5);
  expect_golden(alexnet, shared / "golden/alexnet", "pool5", 224, 6, 1e-5);
}

TEST(Zoo, ResNetLoadsAndGivesTheGoldens) {
  const auto folder = shared / "keras/resnet50v2-notop";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << folder << " is not there";
  const std::string file = (folder / "model.weights-legacy.h5").string();
  const Graph graph = load_zoo("resnet50v2", file);
  EXPECT_EQ(parameters(graph), 23564800);
  EXPECT_EQ(graph.preprocessing.name, "tf");
  EXPECT_FLOAT_EQ(graph.preprocessing.scale[0], 2);
  EXPECT_FLOAT_EQ(graph.preprocessing.shift[0], -1);
  expect_golden(graph, folder, "conv2_block3_out", 96, 5, 1e-5);
  expect_error([&] { load_zoo("vgg16", file); }, file + ": holds the weights of resnet50v2, not of vgg16");
}

// A file as Keras wrote it in 2016, made from the embedded weights.
TEST(Zoo, VggTakesKerasFiles) {
  const Graph embedded = load_zoo("vgg16", zoo_weights("vgg16"));
  std::vector<H5Layer> layers{{"input_1", {}}};
  for (const WeightSlot &slot : make_vgg16(0).slots) {
    const auto &conv = std::get<Conv>(embedded.nodes[slot.node].op);
    const std::size_t in = slot.in, out = slot.out;
    std::vector<float> kernel(conv.weights.size());
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t rest = 0; rest < in * 9; ++rest)
        kernel[((rest % 9) * in + rest / 9) * out + o] = conv.weights[o * in * 9 + rest];
    layers.push_back(
        {slot.layer,
         {{slot.layer + "_W_1:0", {3, 3, in, out}, std::move(kernel)}, {slot.layer + "_b_1:0", {out}, conv.bias}}});
    layers.push_back({slot.layer + "_pool", {}});
  }
  TemporaryFolder folder;
  const std::string path = (folder / "vgg.h5").string();
  H5Writer(path).layers("/", layers);
  const Graph graph = load_zoo("vgg16", path);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (const auto *conv = std::get_if<Conv>(&graph.nodes[i].op)) {
      EXPECT_TRUE(conv->weights == std::get<Conv>(embedded.nodes[i].op).weights) << graph.nodes[i].name;
    }
  EXPECT_EQ(graph.preprocessing.name, "caffe");
  EXPECT_EQ(graph.preprocessing.source, (std::vector<int>{2, 1, 0}));
  EXPECT_FLOAT_EQ(graph.preprocessing.scale[1], 255);
  EXPECT_FLOAT_EQ(graph.preprocessing.shift[2], -123.68f);

  layers[17].tensors[0].shape = {3, 3, 256, 256};
  layers[17].tensors[0].values.resize(3 * 3 * 256 * 256);
  ASSERT_EQ(layers[17].name, "block4_conv2");
  H5Writer(path).layers("/", layers);
  expect_error([&] { load_zoo("vgg16", path); },
               path + ": layer 'block4_conv2' has a kernel of 3x3x256x256; vgg16 needs 3x3x512x512");
  expect_error([&] { load_zoo("resnet50v2", path); }, path + ": holds the weights of vgg16, not of resnet50v2");
  expect_error([&] { load_zoo("alexnet", path); }, "alexnet takes .safetensors files");
}

TEST(Zoo, ClassifiersOfAnySizeLoad) {
  std::vector<H5Layer> layers;
  for (const WeightSlot &slot : make_resnet50v2(10).slots) {
    const hsize_t in = slot.in, out = slot.out;
    H5Layer layer{slot.layer == "predictions" ? "probs" : slot.layer, {}};
    std::vector<std::vector<hsize_t>> shapes{
        {static_cast<hsize_t>(slot.kernel_h), static_cast<hsize_t>(slot.kernel_w), in, out}};
    if (slot.kind == WeightKind::dense)
      shapes[0] = {in, out};
    if (slot.kind == WeightKind::batch_norm)
      shapes = {{out}, {out}, {out}};
    if (slot.bias)
      shapes.push_back({out});
    for (const auto &shape : shapes)
      layer.tensors.push_back(
          {"tensor_" + std::to_string(layer.tensors.size()), shape,
           std::vector<float>(std::accumulate(shape.begin(), shape.end(), hsize_t{1}, std::multiplies<>()), 1.0f)});
    layers.push_back(std::move(layer));
  }
  TemporaryFolder folder;
  const std::string path = (folder / "top.hdf5").string();
  H5Writer(path, TextKind::variable).layers("/", layers);
  const Graph graph = load_zoo("resnet50v2", path);
  EXPECT_EQ(parameters(graph), 23564800 + 2048 * 10 + 10);
  EXPECT_EQ(infer_shapes(graph, {3, 100, 80})[graph.logits], (Shape{10, 1, 1}));
  EXPECT_EQ(std::get<Dense>(graph.nodes[graph.logits].op).weights.size(), 20480u);
}

TEST(Zoo, SafetensorsOfAnotherNet) {
  const std::string alexnet = (weights_folder() / "alexnet.safetensors").string();
  expect_error([&] { load_zoo("vgg16", alexnet); }, alexnet + ": holds the weights of alexnet, not of vgg16");
  EXPECT_EQ(load_zoo("alexnet", alexnet).preprocessing.name, "torch");
}

// A cache of the test's own, as long as it lives.
class Cache {
public:
  Cache() : before_(std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "") {
    set("XDG_CACHE_HOME", (folder_ / "").parent_path().string());
  }
  ~Cache() { set("XDG_CACHE_HOME", before_); }
  Cache(const Cache &) = delete;
  Cache &operator=(const Cache &) = delete;

private:
  static void set(const char *name, const std::string &value) {
#ifdef _WIN32
    _putenv_s(name, value.c_str());
#else
    setenv(name, value.c_str(), 1);
#endif
  }
  TemporaryFolder folder_;
  std::string before_;
};

TEST(Zoo, ErrorsSayWhatToGive) {
  const Cache cache;
  expect_error([] { zoo_weights("vgg15"); }, "no model 'vgg15' (did you mean 'vgg16'?)");
  expect_error([] { zoo_weights(""); }, "no model ''; there are vgg16, alexnet, resnet50v2, and .onnx");
  expect_error([] { load_architecture("resnet50"); }, "no model 'resnet50' (did you mean 'resnet50v2'?)");
  expect_error([] { zoo_weights("a.safetensors"); }, "no model 'a.safetensors'");
  expect_error([] { zoo_weights("resnet50v2"); }, "resnet50v2 comes without weights: 'convscope fetch resnet50v2' gets "
                                                  "them, or give --weights resnet50v2_weights_tf_dim_ordering");
  expect_error([] { load_zoo("vgg16", "weights.pt"); }, "weights.pt: no such file");
  expect_error([] { load_zoo("vgg16", "gone.h5"); }, "gone.h5");
  expect_error([] { load_zoo("vgg16", "gone.safetensors"); }, "gone.safetensors");
  expect_error([] { load_model({"vgg16", "", "raw1"}); }, "--input-range 'raw1'");
}

#ifndef _WIN32
TEST(Zoo, FindsFetchedWeights) {
  const Cache cache;
  std::filesystem::create_directories(fetched_folder());
  EXPECT_FALSE(list_zoo()[2].works);
  const auto small = fetched_folder() / "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5";
  std::ofstream(small) << "bytes";
  EXPECT_EQ(zoo_weights("resnet50v2"), small);
  const auto big = fetched_folder() / "resnet50v2_weights_tf_dim_ordering_tf_kernels.h5";
  std::ofstream(big) << "bytes";
  EXPECT_EQ(zoo_weights("resnet50v2"), big); // with the classifier
  EXPECT_EQ(list_zoo()[2].weights, big);
  EXPECT_TRUE(list_zoo()[2].works);
  EXPECT_EQ(list_zoo()[2].fetched.size(), 2U);
  EXPECT_EQ(zoo_weights("vgg16"), weights_folder() / "vgg16.safetensors");
}
#endif

TEST(Zoo, ListsTheNets) {
  const Cache cache;
  const std::vector<ZooEntry> zoo = list_zoo();
  ASSERT_EQ(zoo.size(), 3u);
  EXPECT_EQ(zoo[0].name, "vgg16");
  EXPECT_TRUE(zoo[0].works);
  EXPECT_GT(zoo[0].bytes, 29'000'000u);
  EXPECT_EQ(zoo[2].name, "resnet50v2");
  EXPECT_FALSE(zoo[2].works);
  EXPECT_TRUE(zoo[2].weights.empty());
  const std::vector<std::string> labels = imagenet_labels();
  ASSERT_EQ(labels.size(), 1000u);
  EXPECT_EQ(labels[0], "tench, Tinca tinca");
  EXPECT_EQ(labels[281], "tabby, tabby cat");
}

TEST(Zoo, DamagedManifests) {
  TemporaryFolder folder;
  const auto path = folder / "manifest.json";
  expect_error([&] { read_manifest(path); }, "manifest.json");
  for (const char *text : {"{", "[]", "{\"nets\":[{}]}", "{\"nets\":[{\"name\":3}]}"}) {
    std::ofstream(path) << text;
    expect_error([&] { read_manifest(path); }, "manifest.json: is damaged");
  }
}

} // namespace
} // namespace convscope
