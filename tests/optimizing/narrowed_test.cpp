// Of a layer that objectives read a channel of, the block around it is computed: images are the same, bit for bit.
#include "kernels/graphs.h"
#include "optimizing/toy_optimization.h"
#include "visualization/narrowed_net.h"

namespace convscope {
namespace {

// Wide layers behind one stem: a small map with long sums, which GPUs cut in fewer parts than it has blocks of
// channels; channels that are joined; a depthwise convolution behind a 1x1 one; a dense layer.
Graph wide_net() {
  Graph graph = graph_with_input("wide");
  const auto conv = [&](NodeId from, int in_c, int out_c, int kernel, const char *name, int stride = 1) {
    const auto seed = static_cast<unsigned>(graph.nodes.size() * 7);
    return push(graph, random_conv(in_c, out_c, square_window(kernel, stride, kernel / 2), seed), {from}, name);
  };
  const NodeId stem = push(graph, Relu{}, {conv(0, 3, 128, 3, "stem/pre", 2)}, "stem");
  const NodeId wide = conv(stem, 128, 600, 3, "wide/pre");
  push(graph, Relu{}, {push(graph, random_scale_shift(600, 5), {wide}, "wide/norm")}, "wide");
  const NodeId a = push(graph, Relu{}, {conv(stem, 128, 48, 1, "a/pre")}, "a");
  const NodeId b = push(graph, Relu{}, {conv(stem, 128, 80, 3, "b/pre")}, "b");
  const NodeId c = push(graph, MaxPool{square_window(3, 1, 1)}, {stem}, "c");
  push(graph, Concat{}, {a, b, c}, "joined");
  const NodeId expanded = push(graph, Relu{6}, {conv(stem, 128, 96, 1, "expanded/pre")}, "expanded");
  push(graph, random_conv(96, 96, square_window(3, 2, 1), 77, 96), {expanded}, "depthwise");
  conv(stem, 128, 72, 3, "strided", 2);
  push(graph, random_conv(128, 92, {1, 7, 1, 1, 1, 1, {0, 3, 0, 3}}, 93), {stem}, "row");
  push(graph, random_dense(128 * 7 * 6, 90, 11), {push(graph, Flatten{}, {stem}, "flat")}, "dense");
  push(graph, GlobalAvgPool{}, {conv(stem, 128, 400, 1, "classes")}, "mean");
  push(graph, Flatten{}, {NodeId(graph.nodes.size()) - 1}, "logits");
  graph.preprocessing = {{0, 1, 2}, {2, 2, 2}, {-1, -1, -1}, "tf"};
  return graph;
}

class NarrowedTest : public OptimizationTest {
protected:
  NarrowedTest() {
    graph = wide_net();
    options.height = 13;
    options.width = 12;
  }
};

// In company of the layer's other end, nothing can be spared.
TEST_F(NarrowedTest, ImagesAreThoseOfTheWholeLayer) {
  struct Case {
    std::string channel, others; // of a layer whose far channels the others read
  };
  for (const auto &[channel, others] :
       {Case{"wide:3", "wide:599"}, Case{"wide/pre:40", "wide/pre:599"}, Case{"wide:98@center", "wide:1@center"},
        Case{"joined:60", "joined:3"}, Case{"joined:12", "joined:255"}, Case{"joined:121", "joined:0"},
        Case{"depthwise:33", "depthwise:95"}, Case{"strided:71", "strided:2"}, Case{"dense:89", "dense:0"},
        Case{"row:40", "row:91"}, Case{"logits:70", "logits:399"},
        Case{"wide:3 - 0.5*strided:70", "wide:597 - 0.5*strided:1"}, Case{"stem:2 + wide:66", "stem:127 + wide:1"}})
    for (const Precision precision : {Precision::fp32, Precision::fast}) {
      SCOPED_TRACE(channel + (precision == Precision::fast ? " fast" : ""));
      options.precision = precision;
      Optimization alone = make({channel}, recipe("plain")), together = make({channel, others}, recipe("plain"));
      alone.step(6);
      together.step(6);
      EXPECT_EQ(alone.images().data, image_of(together.images(), 0));
      EXPECT_EQ(alone.progress()[0].values, together.progress()[0].values);
      EXPECT_NE(alone.progress()[0].values.front(), alone.progress()[0].values.back());
      EXPECT_LT(alone.flops_per_step(), 0.95 * together.flops_per_step() / 2);
    }
}

// Channels of one block, of which neither is the first, and objectives that are the same but for these.
TEST_F(NarrowedTest, EachImageHasItsOwnChannel) {
  Optimization together = make({"wide:70", "wide:95", "wide:64"}, recipe("lucid"));
  together.step(8);
  for (std::size_t n = 0; n < 3; ++n) {
    Optimization alone = make({together.objectives()[n].text}, recipe("lucid"));
    alone.step(8);
    EXPECT_EQ(alone.images().data, image_of(together.images(), n)) << n;
  }
  EXPECT_NE(image_of(together.images(), 0), image_of(together.images(), 1));
}

// A gallery chooses its images, and with them their channels, anew in each step.
TEST_F(NarrowedTest, AGallerysImagesHaveTheirOwnChannels) {
  const std::vector<std::string> texts{"wide:70", "wide:95", "wide:64"};
  Optimization together = make(texts, recipe("plain"));
  options.gallery.emplace();
  Optimization gallery = make(texts, recipe("plain"));
  gallery.step(9);
  together.step(9);
  EXPECT_LT(relative_error(gallery.images().data, together.images().data), 1e-4);
  EXPECT_EQ(gallery.flops_per_step(), together.flops_per_step());
}

TEST_F(NarrowedTest, WhatReadsMoreThanAChannelHasAll) {
  const auto first_channels = [&](const std::string &text) {
    const NarrowedNet net = narrowed_net(graph, {parse_objective(text, graph)}, {3, 13, 12});
    return net.first_channels;
  };
  EXPECT_EQ(first_channels("wide:70"), std::vector<int>{64});
  EXPECT_EQ(first_channels("wide:70 + wide:70@center"), (std::vector<int>{64, 64}));
  EXPECT_EQ(first_channels("wide:70 - wide:71"), (std::vector<int>{0, 0}));
  EXPECT_EQ(first_channels("wide:70 - wide"), (std::vector<int>{0, 0}));
  EXPECT_EQ(first_channels("wide"), std::vector<int>{0});
  EXPECT_EQ(first_channels("wide:70 - tv + joined:60"), (std::vector<int>{0, 64, 48}));
}

} // namespace
} // namespace convscope
