#include "graph/layer_groups.h"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace convscope {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::vector<std::string>;

// "conv2_block1(12)", with what is inside in brackets.
std::string text_of(const LayerGroup &group) {
  std::string text;
  for (const LayerGroup &inside : group.groups) {
    const std::string deeper = text_of(inside);
    text += fmt::format("{}{}({}){}", text.empty() ? "" : " ", inside.name, inside.count,
                        deeper.empty() ? "" : "[" + deeper + "]");
  }
  return text;
}

// The ranges of a tree lie in each other, in order, and the names of a group's layers begin with its own.
void check(const LayerGroup &group, const Names &names) {
  int at = group.first;
  for (const LayerGroup &inside : group.groups) {
    EXPECT_GE(inside.first, at);
    EXPECT_GE(inside.count, 2);
    EXPECT_LT(inside.count, group.count);
    EXPECT_LE(inside.end(), group.end());
    EXPECT_TRUE(inside.name.starts_with(group.name));
    for (int i = inside.first; i < inside.end(); ++i)
      EXPECT_TRUE(names[static_cast<std::size_t>(i)].starts_with(inside.name));
    at = inside.end();
    check(inside, names);
  }
}

std::string groups_of(const Names &names) {
  const LayerGroup root = layer_groups(names);
  EXPECT_EQ(root.count, static_cast<int>(names.size()));
  check(root, names);
  return text_of(root);
}

TEST(LayerGroups, KerasVgg) {
  EXPECT_EQ(groups_of({"input", "block1_conv1", "block1_conv2", "block1_pool", "block2_conv1", "block2_conv2",
                       "block2_pool", "flatten", "fc1", "fc2", "predictions"}),
            "block1(3) block2(3)");
}

// A residual block of Keras's has 12 layers, which are told at a glance; a stage has many blocks.
TEST(LayerGroups, KerasResNet) {
  Names names = {"input_1", "conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pad", "pool1_pool"};
  for (const char *block : {"conv2_block1", "conv2_block2", "conv3_block1"})
    for (const char *part :
         {"1_conv", "1_bn", "1_relu", "2_conv", "2_bn", "2_relu", "0_conv", "3_conv", "0_bn", "3_bn", "add", "out"})
      names.push_back(fmt::format("{}_{}", block, part));
  names.insert(names.end(), {"avg_pool", "predictions"});
  EXPECT_EQ(groups_of(names), "conv1(4) pool1(2) conv2(24)[conv2_block1(12) conv2_block2(12)] conv3(12)");
}

TEST(LayerGroups, NumbersBelongToTheWordBeforeThem) {
  EXPECT_EQ(groups_of({"Conv1", "block_1_expand", "block_1_expand_BN", "block_1_add", "block_2_expand",
                       "block_2_expand_BN", "block_12_add", "block_12_project"}),
            "block_1(3) block_2(2) block_12(2)");
  // Keras's own names of a model that has none, and TensorFlow's.
  EXPECT_EQ(groups_of({"conv2d", "conv2d_1", "max_pooling2d", "conv2d_2", "conv2d_3", "dense", "dense_1"}), "");
}

TEST(LayerGroups, TorchsPaths) {
  Names names = {"/conv1/Conv", "/relu/Relu", "/maxpool/MaxPool"};
  for (const char *block : {"/layer1/layer1.0", "/layer1/layer1.1", "/layer2/layer2.0"})
    for (const char *part : {"conv1/Conv", "relu/Relu", "conv2/Conv", "Add", "relu_1/Relu"})
      names.push_back(fmt::format("{}/{}", block, part));
  names.insert(names.end(), {"/avgpool/GlobalAveragePool", "/Flatten", "/fc/Gemm"});
  EXPECT_EQ(groups_of(names), "/layer1(10)[/layer1/layer1.0(5) /layer1/layer1.1(5)] /layer2(5)");
}

TEST(LayerGroups, TorchsModules) {
  EXPECT_EQ(groups_of({"conv1", "layer1.0.conv1", "layer1.0.bn1", "layer1.1.conv1", "layer1.1.bn1", "layer1.10.conv1",
                       "layer1.10.bn1", "layer1.2.conv1", "layer1.2.bn1", "layer1.2.conv2", "fc"}),
            "layer1(9)[layer1.0(2) layer1.1(2) layer1.10(2) layer1.2(3)]");
}

// What is around all, or all but a head, is no group; what is in it is.
TEST(LayerGroups, WhatPartsNothingIsLeftOut) {
  const Names inside = {"/features/features.0/Conv", "/features/features.0/Relu", "/features/features.1/Conv",
                        "/features/features.1/Relu"};
  EXPECT_EQ(groups_of(inside), "/features/features.0(2) /features/features.1(2)");
  Names with_head;
  for (const char *block : {"/features/features.0", "/features/features.1", "/features/features.2"})
    for (const char *part : {"0/Conv", "1/Sigmoid", "1/Mul", "2/Conv"})
      with_head.push_back(fmt::format("{}/{}", block, part));
  with_head.emplace_back("/classifier/Gemm");
  EXPECT_EQ(groups_of(with_head), "/features/features.0(4) /features/features.1(4) /features/features.2(4)");
  EXPECT_EQ(groups_of({"a/b/c", "a/b/d"}), "");
  EXPECT_EQ(groups_of({"one"}), "");
  EXPECT_EQ(groups_of({}), "");
  EXPECT_EQ(groups_of({"", "_", "//", "..", "a", "a_"}), "a(2)");
}

TEST(LayerGroups, TorchsNewerExporterHasNone) {
  EXPECT_EQ(groups_of({"node_Conv_0", "node_relu", "node_max_pool2d", "node_conv2d_1", "node_Conv_123", "node_linear"}),
            "");
}

TEST(LayerGroups, TensorFlowsInception) {
  Names names = {"conv2d0_pre_relu", "conv2d0", "maxpool0"};
  for (const char *block : {"mixed4b", "mixed4c"}) {
    for (const char *part : {"1x1", "3x3_bottleneck", "5x5_bottleneck", "3x3", "5x5", "pool_reduce"}) {
      names.push_back(fmt::format("{}_{}_pre_relu", block, part));
      names.push_back(fmt::format("{}_{}", block, part));
    }
    names.push_back(block);
  }
  EXPECT_EQ(groups_of(names), "conv2d0(2) mixed4b(13) mixed4c(13)");
}

// Neighbours alone: the net's order stays as it is.
TEST(LayerGroups, BranchesInTurn) {
  EXPECT_EQ(groups_of({"left_conv", "left_relu", "right_conv", "right_relu", "left_pool", "left_add"}),
            "left(2) right(2) left(2)");
}

TEST(LayerGroups, NamesInside) {
  const LayerGroup group{"conv2_block1", 0, 2, {}}, path{"/layer1/layer1.0", 0, 2, {}}, root{"", 0, 2, {}};
  EXPECT_EQ(name_within("conv2_block1_1_conv", group), "1_conv");
  EXPECT_EQ(name_within("conv2_block1", group), "conv2_block1");
  EXPECT_EQ(name_within("conv3", group), "conv3");
  EXPECT_EQ(name_within("/layer1/layer1.0/conv1/Conv", path), "conv1/Conv");
  EXPECT_EQ(name_within("a_b", root), "a_b");
}

TEST(LayerGroups, AroundALayer) {
  Names names = {"conv1"};
  for (const char *block : {"/a/a.0", "/a/a.1"})
    for (int i = 0; i < 5; ++i)
      names.push_back(fmt::format("{}/{}", block, i));
  names.insert(names.end(), {"fc1", "fc2"});
  const LayerGroup root = layer_groups(names);
  const auto around = [&](int layer) {
    Names found;
    for (const LayerGroup *group : groups_around(root, layer))
      found.push_back(group->name);
    return found;
  };
  EXPECT_THAT(around(0), IsEmpty());
  EXPECT_THAT(around(1), ElementsAre("/a", "/a/a.0"));
  EXPECT_THAT(around(10), ElementsAre("/a", "/a/a.1"));
  EXPECT_THAT(around(11), IsEmpty());
}

// "> group" is a head, with how many were found where not all were.
std::string list_of(const Names &names, const std::string &search, bool open) {
  const LayerGroup root = layer_groups(names);
  std::vector<bool> found;
  for (const std::string &name : names)
    found.push_back(name.find(search) != std::string::npos);
  std::string text;
  for (const LayerLine &line : layer_lines(root, found, [open](const LayerGroup &) { return open; })) {
    text += std::string(static_cast<std::size_t>(line.depth), ' ');
    if (!line.group)
      text += name_within(names[static_cast<std::size_t>(line.layer)], *line.around);
    else if (line.found < line.group->count)
      text += fmt::format("> {} {}/{}", name_within(line.group->name, *line.around), line.found, line.group->count);
    else
      text += fmt::format("> {}", name_within(line.group->name, *line.around));
    text += '\n';
  }
  return text;
}

TEST(LayerGroups, Lines) {
  Names names = {"stem"};
  for (const char *block : {"a/0", "a/1"})
    for (const char *part : {"conv", "bn", "relu", "add", "out"})
      names.push_back(fmt::format("{}/{}", block, part));
  names.insert(names.end(), {"b_conv", "b_out", "head"});
  EXPECT_EQ(list_of(names, "", false), "stem\n> a\n> b\nhead\n");
  EXPECT_EQ(list_of(names, "", true), "stem\n> a\n > 0\n  conv\n  bn\n  relu\n  add\n  out\n"
                                      " > 1\n  conv\n  bn\n  relu\n  add\n  out\n> b\n conv\n out\nhead\n");
  EXPECT_EQ(list_of(names, "out", true), "> a 2/10\n > 0 1/5\n  out\n > 1 1/5\n  out\n> b 1/2\n out\n");
  EXPECT_EQ(list_of(names, "out", false), "> a 2/10\n> b 1/2\n");
  EXPECT_EQ(list_of(names, "none", true), "");
}

} // namespace
} // namespace convscope
