#include "viewer/wall_order.h"

#include <limits>

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

using Channels = std::vector<int>;

TileState tile(float map_max, float value, int steps, Health health = Health::well) {
  return {map_max, value, steps, health};
}

const std::vector<TileState> tiles = {tile(1, 9, 4), tile(3, 2, 0), tile(8, 7, 24, Health::dead), tile(3, 5, 2),
                                      tile(0, 1, 1)};

TEST(WallOrder, ByIndexKeepsEverything) {
  EXPECT_EQ(wall_order(tiles, WallSort::index), (Channels{0, 1, 2, 3, 4}));
  EXPECT_TRUE(wall_order({}, WallSort::score).empty());
}

TEST(WallOrder, StrongestFirstEqualsByNumberDeadLast) {
  EXPECT_EQ(wall_order(tiles, WallSort::activation), (Channels{1, 3, 0, 4, 2}));
  EXPECT_EQ(wall_order(tiles, WallSort::score), (Channels{0, 3, 1, 4, 2}));
}

TEST(WallOrder, WhatIsNoNumberComesLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<TileState> broken = {tile(0, nan, 1), tile(0, -1, 1), tile(0, nan, 1), tile(0, 2, 1)};
  EXPECT_EQ(wall_order(broken, WallSort::score), (Channels{3, 1, 0, 2}));
}

TEST(WallOrder, RowsInViewIncludeThoseThatAreCut) {
  WallView view{4, 10, 0, 25};
  EXPECT_EQ(wall_rows(13, 4), 4);
  const Rows top = rows_in_view(view, 13);
  EXPECT_EQ(top.first, 0);
  EXPECT_EQ(top.end, 3);
  view.scroll = 19;
  const Rows bottom = rows_in_view(view, 13);
  EXPECT_EQ(bottom.first, 1);
  EXPECT_EQ(bottom.end, 4);
}

TEST(WallOrder, NothingIsInViewOfAWindowWithoutHeight) {
  EXPECT_TRUE(channels_in_view(Channels{0, 1, 2}, {2, 10, 0, 0}).empty());
  EXPECT_TRUE(channels_in_view(Channels{0, 1, 2}, {2, 0, 0, 10}).empty());
  EXPECT_TRUE(channels_in_view(Channels{0, 1, 2}, {2, 10, 1e30F, 10}).empty());
  EXPECT_TRUE(channels_in_view({}, {2, 10, 0, 10}).empty());
}

TEST(WallOrder, ChannelsInViewFollowTheOrder) {
  const Channels order = {4, 3, 2, 1, 0};
  EXPECT_EQ(channels_in_view(order, {2, 10, 0, 10}), (Channels{4, 3}));
  EXPECT_EQ(channels_in_view(order, {2, 10, 10, 100}), (Channels{2, 1, 0}));
}

TEST(WallOrder, OptimizesWhatIsInViewFirstFewestStepsFirst) {
  EXPECT_EQ(optimizing_order(tiles, Channels{0, 2, 3}), (Channels{3, 0, 1, 2, 4}));
  EXPECT_EQ(optimizing_order(tiles, {}), (Channels{1, 4, 3, 0, 2}));
}

TEST(WallOrder, WhatIsInViewWaitsForFirstImagesOnceItCanBeToldApart) {
  const std::vector<TileState> told = {tile(1, 1, told_apart), tile(1, 1, 0), tile(1, 1, 24), tile(1, 1, 24)};
  EXPECT_EQ(optimizing_order(told, Channels{0, 2}), (Channels{2, 1, 0, 3}));
}

TEST(WallOrder, WhatIsInViewTwiceOrNowhereDoesNoHarm) {
  EXPECT_EQ(optimizing_order(tiles, Channels{4, 4, -1, 99}), (Channels{4, 1, 3, 0, 2}));
}

TEST(WallOrder, NeighboursStopAtTheEnds) {
  const Channels order = {4, 0, 2};
  EXPECT_EQ(neighbour(order, 0, 1), 2);
  EXPECT_EQ(neighbour(order, 2, 1), 2);
  EXPECT_EQ(neighbour(order, 0, -5), 4);
  EXPECT_EQ(neighbour(order, 7, 1), 4);
  EXPECT_EQ(neighbour({}, 7, 1), 7);
}

} // namespace
} // namespace convscope::viewer
