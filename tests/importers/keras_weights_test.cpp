#include "importer/keras_weights.h"

#include <cmath>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "importers/expect_error.h"
#include "importers/h5_writer.h"
#include "importers/temporary.h"

namespace convscope {
namespace {

// A convolution, a batch normalization, Flatten and Dense: every layout that a file can hold.
Architecture toy() {
  Architecture net;
  net.graph.name = "toy";
  Conv conv;
  conv.out_channels = 4;
  Dense dense;
  dense.out_features = 5;
  net.graph.nodes = {{"input", "InputLayer", Input{}, {}, true, 0},
                     {"c", "Conv2D", conv, {0}, true, 0},
                     {"b", "BatchNormalization", ScaleShift{}, {1}, true, 0},
                     {"flatten", "Flatten", Flatten{}, {2}, true, 0},
                     {"d", "Dense", dense, {3}, true, 0}};
  net.slots = {{"c", WeightKind::conv, 1, 2, 4, 3, 1, true, {}, 0},
               {"b", WeightKind::batch_norm, 2, 4, 4, 1, 1, true, {}, 0.5},
               {"d", WeightKind::dense, 4, 4 * 2 * 3, 5, 1, 1, true, {4, 2, 3}, 0}};
  return net;
}

std::vector<float> counted(std::size_t count, float first = 0) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = first + static_cast<float>(i);
  return values;
}

std::vector<H5Layer> toy_layers() {
  return {{"input_1", {}},
          {"c", {{"c/kernel:0", {3, 1, 2, 4}, counted(24)}, {"c/bias:0", {4}, counted(4, 100)}}},
          {"b",
           {{"b/gamma:0", {4}, counted(4, 1)},
            {"b/beta:0", {4}, counted(4, 7)},
            {"b/moving_mean:0", {4}, counted(4, -2)},
            {"b/moving_variance:0", {4}, counted(4, 0.5f)}}},
          {"flatten", {}},
          {"d", {{"d/kernel:0", {24, 5}, counted(120)}, {"d/bias:0", {5}, counted(5)}}}};
}

void expect_toy(const Graph &graph) {
  const auto &conv = std::get<Conv>(graph.nodes[1].op);
  ASSERT_EQ(conv.weights.size(), 24u);
  for (int o = 0; o < 4; ++o)
    for (int i = 0; i < 2; ++i)
      for (int y = 0; y < 3; ++y)
        EXPECT_EQ(conv.weights[(o * 2 + i) * 3 + y], (y * 2 + i) * 4 + o);
  EXPECT_EQ(conv.bias, counted(4, 100));

  const auto &norm = std::get<ScaleShift>(graph.nodes[2].op);
  ASSERT_EQ(norm.scale.size(), 4u);
  for (int c = 0; c < 4; ++c) {
    const double scale = (1 + c) / std::sqrt(0.5 + c + 0.5);
    EXPECT_DOUBLE_EQ(norm.scale[c], scale); // not rounded to float
    EXPECT_NEAR(norm.shift[c], 7 + c - (c - 2) * scale, 1e-14);
  }

  const auto &dense = std::get<Dense>(graph.nodes[4].op);
  ASSERT_EQ(dense.weights.size(), 120u);
  for (int o = 0; o < 5; ++o)
    for (int c = 0; c < 4; ++c)
      for (int p = 0; p < 6; ++p)
        EXPECT_EQ(dense.weights[o * 24 + c * 6 + p], (p * 4 + c) * 5 + o);
}

class KerasWeightsTest : public ::testing::Test {
protected:
  std::filesystem::path path() const { return folder_ / "x.h5"; }

  void write(const std::vector<H5Layer> &layers, const std::string &root = "/", TextKind kind = TextKind::fixed,
             std::size_t per_list = 0) {
    H5Writer(path(), kind).layers(root, layers, per_list);
  }
  Graph load() {
    Architecture net = toy();
    KerasWeights(path()).load(net);
    return net.graph;
  }
  void expect_bad(const std::vector<H5Layer> &layers, const std::string &part) {
    write(layers);
    expect_error([&] { load(); }, path().string() + ": " + part);
  }

  TemporaryFolder folder_;
};

TEST_F(KerasWeightsTest, LayoutsBecomeOurs) {
  write(toy_layers());
  expect_toy(load());
}

TEST_F(KerasWeightsTest, WholeModelsAndVariableTexts) {
  write(toy_layers(), "/model_weights", TextKind::variable);
  expect_toy(load());
}

TEST_F(KerasWeightsTest, NumberedLayersOfKeras3) {
  std::vector<H5Layer> layers = toy_layers();
  const auto write_numbered = [&] {
    H5Writer writer(path());
    for (const auto &[name, group] : {std::pair{1, "conv2d"}, {2, "batch_normalization"}, {4, "dense"}})
      for (std::size_t i = 0; i < layers[static_cast<std::size_t>(name)].tensors.size(); ++i)
        writer.dataset("/layers/" + std::string(group) + "/vars/" + std::to_string(i),
                       layers[static_cast<std::size_t>(name)].tensors[i]);
  };
  write_numbered();
  expect_toy(load());
  EXPECT_EQ(KerasWeights(path()).classes(), 5);
  layers[2].tensors.clear();
  write_numbered();
  expect_error([&] { load(); }, "x.h5: has no weights for layer 'b' of toy");
}

// Of two branches, that whose layer is farther from the output comes first, as in Keras's model.layers.
TEST_F(KerasWeightsTest, NumberedBranches) {
  Architecture net;
  net.graph.name = "branches";
  Conv conv;
  conv.out_channels = 1;
  const auto node = [&](const char *name, Op op, std::vector<NodeId> inputs) {
    net.graph.nodes.push_back({name, "", std::move(op), std::move(inputs), true, 0});
  };
  node("input", Input{}, {});
  node("shortcut", conv, {0});
  node("first", conv, {0});
  node("second", conv, {2});
  node("sum", Add{}, {1, 3});
  net.slots = {{"shortcut", WeightKind::conv, 1, 1, 1, 1, 1, false, {}, 0},
               {"first", WeightKind::conv, 2, 1, 1, 1, 1, false, {}, 0},
               {"second", WeightKind::conv, 3, 1, 1, 1, 1, false, {}, 0}};
  {
    H5Writer writer(path());
    writer.dataset("/layers/conv2d/vars/0", {"", {1, 1, 1, 1}, {7}});
    writer.dataset("/layers/conv2d_1/vars/0", {"", {1, 1, 1, 1}, {8}});
    writer.dataset("/layers/conv2d_2/vars/0", {"", {1, 1, 1, 1}, {9}});
  }
  KerasWeights(path()).load(net);
  const auto weight = [&](std::size_t id) { return std::get<Conv>(net.graph.nodes[id].op).weights[0]; };
  EXPECT_EQ(weight(2), 7); // first
  EXPECT_EQ(weight(1), 8); // shortcut, as far from the sum as second, but met before it
  EXPECT_EQ(weight(3), 9);
}

TEST_F(KerasWeightsTest, ListsCutInChunks) {
  write(toy_layers(), "/", TextKind::fixed, 2);
  expect_toy(load());
}

TEST_F(KerasWeightsTest, OldSpellingAndOtherFloats) {
  auto layers = toy_layers();
  layers[1].tensors[0].name = "c_W_1:0";
  layers[1].tensors[1].name = "c_b_1:0";
  layers[1].tensors[0].type = H5T_IEEE_F64LE;
  layers[1].tensors[1].type = H5T_IEEE_F32BE;
  const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  layers[4].tensors[0].type = half;
  write(layers);
  H5Tclose(half);
  expect_toy(load());
}

TEST_F(KerasWeightsTest, TamperedFiles) {
  auto layers = toy_layers();
  layers.erase(layers.begin() + 2);
  expect_bad(layers, "has no weights for layer 'b' of toy");

  layers = toy_layers();
  layers[1].tensors.pop_back();
  expect_bad(layers, "layer 'c' has 1 tensors; toy needs 2");

  layers = toy_layers();
  layers[4].tensors.push_back({"d/more:0", {1}, {1}});
  expect_bad(layers, "layer 'd' has 3 tensors; toy needs 2");

  layers = toy_layers();
  layers.push_back({"extra", {{"kernel:0", {1}, {1}}}});
  expect_bad(layers, "has weights for layer 'extra', which toy does not have");

  layers = toy_layers();
  layers[1].tensors[0] = {"c/kernel:0", {3, 3, 2, 4}, counted(72)};
  expect_bad(layers, "layer 'c' has a kernel of 3x3x2x4; toy needs 3x1x2x4");

  layers = toy_layers();
  layers[4].tensors[1] = {"d/bias:0", {}, {1}};
  expect_bad(layers, "layer 'd' has a bias of a single number; toy needs 5");

  layers = toy_layers();
  layers[2].tensors[1].values[2] = std::numeric_limits<float>::quiet_NaN();
  expect_bad(layers, "layer 'b' has weights that are infinite or not a number");

  layers = toy_layers();
  layers[4].tensors[0].type = H5T_STD_I32LE;
  expect_bad(layers, "'d/d/kernel:0' does not hold floating-point numbers");

  layers = toy_layers();
  layers[4].tensors[0].values.clear();
  expect_bad(layers, "'d/d/kernel:0' has no values");

  layers = toy_layers();
  for (H5Layer &layer : layers)
    layer.name += "_of_another";
  expect_bad(layers,
             "holds the weights of another net than toy (its layers: c_of_another, b_of_another, d_of_another)");

  expect_bad({{"input_1", {}}}, "holds no weights");
}

TEST_F(KerasWeightsTest, HugeShapesTakeNoMemory) {
  write(toy_layers());
  {
    const hid_t file = H5Fopen(path().string().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "/d/d/kernel:0", H5P_DEFAULT);
    const hsize_t shape[] = {hsize_t{1} << 40, 5};
    const hsize_t chunk[] = {1024, 5};
    const hid_t space = H5Screate_simple(2, shape, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Dclose(H5Dcreate2(file, "/d/d/kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Pclose(list);
    H5Sclose(space);
    H5Fclose(file);
  }
  expect_error([&] { load(); }, "layer 'd' has a kernel of 1099511627776x5; toy needs 24x5");
}

TEST_F(KerasWeightsTest, LinksAreNotFollowed) {
  const auto replace_with = [&](const auto &link) {
    write(toy_layers());
    const hid_t file = H5Fopen(path().string().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "/d/d/bias:0", H5P_DEFAULT);
    link(file);
    H5Fclose(file);
  };
  const char *where = "/d/d/bias:0";
  replace_with([&](hid_t file) { H5Lcreate_soft("/d/d/kernel:0", file, where, H5P_DEFAULT, H5P_DEFAULT); });
  expect_error([&] { load(); }, "'d/d/bias:0' is a link to elsewhere");
  replace_with([&](hid_t file) { H5Lcreate_external("other.h5", "/x", file, where, H5P_DEFAULT, H5P_DEFAULT); });
  expect_error([&] { load(); }, "'d/d/bias:0' is a link to elsewhere");
  replace_with([&](hid_t) {});
  expect_error([&] { load(); }, "has no 'd/d/bias:0'");
  replace_with([&](hid_t file) {
    const hsize_t count = 5;
    const hid_t space = H5Screate_simple(1, &count, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "other.bin", 0, 20);
    H5Dclose(H5Dcreate2(file, where, H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Pclose(list);
    H5Sclose(space);
  });
  expect_error([&] { load(); }, "'d/d/bias:0' keeps its values in another file");
}

TEST_F(KerasWeightsTest, FilesThatAreNoWeights) {
  expect_error([&] { load(); }, "x.h5: there is no such file");
  std::filesystem::create_directory(path());
  expect_error([&] { load(); }, "x.h5: is not a file");
  std::filesystem::remove(path());
  std::ofstream(path()) << "not HDF5 at all";
  expect_error([&] { load(); }, "x.h5: is not an HDF5 (.h5) file");
  { H5Writer writer(path()); }
  expect_error([&] { load(); }, "x.h5: is not a Keras weights file");
  H5Writer(path()).group("/layers");
  expect_error([&] { load(); }, "x.h5: holds no weights");
  {
    H5Writer writer(path());
    writer.texts("/", "layer_names", {"gone"});
  }
  expect_error([&] { load(); }, "x.h5: lists layer 'gone', but does not hold it");
  {
    H5Writer writer(path());
    writer.texts("/", "layer_names", {"two\nlines"});
  }
  expect_error([&] { load(); }, "x.h5: attribute 'layer_names' of '/' is not a list of texts");
  {
    H5Writer writer(path());
    writer.texts("/", "layer_names", {"../x"});
  }
  expect_error([&] { load(); }, "x.h5: holds the unusable name '../x'");
}

TEST_F(KerasWeightsTest, EveryTruncationIsAnError) {
  write(toy_layers());
  const auto size = std::filesystem::file_size(path());
  for (std::uintmax_t cut = 1; cut < size; cut += cut < 256 ? 7 : 613) {
    std::filesystem::copy_file(path(), folder_ / "cut.h5", std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder_ / "cut.h5", size - cut);
    Architecture net = toy();
    EXPECT_THROW(KerasWeights(folder_ / "cut.h5").load(net), UserError) << cut;
  }
}

TEST_F(KerasWeightsTest, ClassifiersTellTheirClasses) {
  auto layers = toy_layers();
  write(layers);
  EXPECT_EQ(KerasWeights(path()).classes(), 0);
  layers[4].name = "probs";
  write(layers);
  EXPECT_EQ(KerasWeights(path()).classes(), 5);
  layers[4].name = "fc2";
  write(layers);
  EXPECT_EQ(KerasWeights(path()).classes(), 1000);
}

} // namespace
} // namespace convscope
