// Groups and strongest channels of layers at the edges: activations below 0, none at all, one position, one channel.
#include "session/activation_groups.h"

#include <cmath>

#include <gmock/gmock.h>

#include "unit/scratch.h"

namespace convscope {
namespace {

using ::testing::HasSubstr;

void expect_sound(const ActivationGroups &groups, std::size_t channels) {
  double shares = 0;
  for (const ActivationGroup &group : groups.groups) {
    shares += group.share;
    EXPECT_EQ(group.vector.size(), channels);
    EXPECT_EQ(group.map.size(), std::size_t(groups.width * groups.height));
    for (const float v : group.map)
      EXPECT_TRUE(std::isfinite(v) && v >= 0);
  }
  EXPECT_NEAR(shares, 1, 1e-6);
  EXPECT_TRUE(std::isfinite(groups.residual));
}

TEST(ActivationGroups, PartsBelowZeroAreChannelsOfTheirOwn) {
  Array maps{{3, 4, 5}, {}};
  for (int i = 0; i < 60; ++i)
    maps.data.push_back(float(std::sin(0.7 * i)));
  const ActivationGroups groups = group_activations(maps, 2, "conv");
  EXPECT_TRUE(groups.negative);
  expect_sound(groups, 3);
  // A layer that is below 0 everywhere has directions, but no channel that fires.
  for (float &v : maps.data)
    v = -1 - std::abs(v);
  const ActivationGroups below = group_activations(maps, 1, "conv");
  expect_sound(below, 3);
  for (const float v : below.groups[0].vector)
    EXPECT_LT(v, 0);
  EXPECT_TRUE(strongest_channels(maps, 4, 3, 4).empty());
}

TEST(ActivationGroups, ASilentLayerIsSaid) {
  const Array maps{{3, 4, 5}, std::vector<float>(60)};
  EXPECT_THAT(complaint([&] { group_activations(maps, 2, "conv9"); }), HasSubstr("'conv9' is zero everywhere"));
  EXPECT_TRUE(strongest_channels(maps, 0, 0, 4).empty());
}

TEST(ActivationGroups, OnePositionAndOneChannelMakeOneGroup) {
  const Array pooled{{4, 1, 1}, {1, 0, 3, 2}};
  EXPECT_EQ(groups_at_most(shape_of(pooled)), 1);
  const ActivationGroups of_pooled = group_activations(pooled, 1, "pool");
  expect_sound(of_pooled, 4);
  EXPECT_LT(of_pooled.residual, 1e-6);
  EXPECT_THAT(complaint([&] { group_activations(pooled, 2, "pool"); }), HasSubstr("make 1 to 1"));
  const auto strongest = strongest_channels(pooled, 0, 0, 9);
  ASSERT_EQ(strongest.size(), 3U); // those above 0
  EXPECT_EQ(strongest[0].channel, 2);

  const Array single{{1, 2, 3}, {0, 1, 2, 0, 0, 4}};
  const ActivationGroups of_single = group_activations(single, 1, "map");
  expect_sound(of_single, 1);
  EXPECT_LT(of_single.residual, 1e-6);
  EXPECT_EQ(of_single.groups[0].map[0], 0);
  EXPECT_THAT(complaint([&] { group_activations(single, 2, "map"); }), HasSubstr("make 1 to 1"));
}

} // namespace
} // namespace convscope
