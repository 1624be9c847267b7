#include "viewer/place.h"

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

Snapshot snapshot() {
  Snapshot now;
  now.layers = {{"conv1", "Conv2D", 64, 56, 56, 0, true},
                {"conv2", "Conv2D", 128, 28, 28, 0, true},
                {"logits", "Dense", 1000, 1, 1, 0, true}};
  return now;
}

TEST(Places, MapsOfOptimizedImagesNeverPromiseMoreThanThereIs) {
  EXPECT_EQ(optimized_map(snapshot(), "conv2", 128, 224), (MapSize{16, 16}));
  EXPECT_EQ(optimized_map(snapshot(), "conv2", 100, 224), (MapSize{12, 12}));
  EXPECT_EQ(optimized_map(snapshot(), "logits", 64, 224), (MapSize{1, 1}));
  EXPECT_EQ(optimized_map(snapshot(), "conv2", 128, 0), MapSize{});
}

TEST(Places, BecomeUnitsWithinTheMap) {
  Unit unit{"conv2", 3};
  set_place(unit, {0.5F, 0.99F}, {16, 8});
  EXPECT_EQ(unit, (Unit{"conv2", 3, 8, 7}));
  set_place(unit, {1, 0}, {16, 8});
  EXPECT_EQ(unit, (Unit{"conv2", 3, 15, 0}));
  set_place(unit, {}, {16, 8});
  EXPECT_EQ(unit, (Unit{"conv2", 3}));
  set_place(unit, {0.5F, 0.5F}, {});
  EXPECT_EQ(unit, (Unit{"conv2", 3}));
}

} // namespace
} // namespace convscope::viewer
