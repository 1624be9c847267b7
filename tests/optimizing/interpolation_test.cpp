#include "visualization/interpolation.h"

#include <set>

#include <gmock/gmock.h>

#include "optimizing/toy_net.h"

namespace convscope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Objective toy_objective(std::string_view text) { return parse_objective(text, toy_net()); }

std::vector<double> weights_of(const Objective &objective) {
  std::vector<double> weights;
  for (const Term &term : objective.terms)
    weights.push_back(term.weight);
  return weights;
}

TEST(Interpolation, WeightsGoFromOneObjectiveToTheOther) {
  const std::vector<Objective> path =
      interpolated(toy_objective("add.3:2"), toy_objective("2*conv1:1 - 0.5*add.3:4"), 5);
  ASSERT_EQ(path.size(), 5U);
  EXPECT_THAT(weights_of(path[0]), ElementsAre(0, 1, 0)); // by layer: conv1:1, add.3:2, add.3:4
  EXPECT_THAT(weights_of(path[1]), ElementsAre(0.5, 0.75, -0.125));
  EXPECT_THAT(weights_of(path[4]), ElementsAre(2, 0, -0.5));
  EXPECT_EQ(path[0].text, "add.3:2");
  EXPECT_EQ(path[1].text, "0.75*add.3:2 + 0.25*(2*conv1:1 - 0.5*add.3:4)");
  EXPECT_EQ(path[4].text, "2*conv1:1 - 0.5*add.3:4");
  EXPECT_EQ(group_into_batches(path).size(), 1U);
  std::set<std::string> keys;
  for (const Objective &objective : path)
    keys.insert(objective.canonical);
  EXPECT_EQ(keys.size(), 5U);
  EXPECT_NE(interpolated(toy_objective("add.3:2"), toy_objective("add.3:4"), 2)[0].canonical, path[0].canonical);
}

TEST(Interpolation, WhatBothHaveIsOneTerm) {
  const std::vector<Objective> path =
      interpolated(toy_objective("conv1:1 - 4*tv"), toy_objective("conv1:2 - 2*tv + conv1:1"), 3);
  EXPECT_THAT(weights_of(path[1]), ElementsAre(-3, 1, 0.5)); // tv, conv1:1, conv1:2
  EXPECT_THAT(weights_of(interpolated(toy_objective("conv1:1 + conv1:1"), toy_objective("conv1:1"), 3)[1]),
              ElementsAre(1, 0.5));
  // Positions tell terms apart, and so do their numbers.
  EXPECT_EQ(
      interpolated(toy_objective("conv1:1@2,1 + l1(0.5)"), toy_objective("conv1:1 + l1(0.25)"), 2)[0].terms.size(), 4U);
}

TEST(Interpolation, WhatIsBetweenImagesWeighsAlikeInAll) {
  const std::string with = " - 2*diversity(conv1)";
  const std::vector<Objective> path = interpolated(toy_objective("conv1:1" + with), toy_objective("add.3:1" + with), 4);
  for (const Objective &objective : path)
    EXPECT_EQ(objective.terms.at(1).weight, -2);
  EXPECT_EQ(group_into_batches(path).size(), 1U);
  for (const char *other : {"conv1:2", "conv1:2 - diversity(conv1)", "conv1:2 - 2*diversity(add.3)"})
    try {
      interpolated(toy_objective("conv1:1" + with), toy_objective(other), 3);
      ADD_FAILURE() << other;
    } catch (const UserError &error) {
      EXPECT_THAT(error.what(), HasSubstr("both must have it"));
    }
}

} // namespace
} // namespace convscope
