// Measured choices of back ends as text, and the steps that follow from them.
#include <gtest/gtest.h>

#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/graphs.h"
#include "plan/conv_params.h"
#include "plan/conv_profile.h"

namespace convscope {
namespace {

gpu::ConvParams params(int batch) { return forward_params(square_window(3, 1, 1), 1, {16, 9, 8}, {20, 9, 8}, batch); }

TEST(ConvProfile, SurvivesItsText) {
  ConvProfile profile;
  profile.set(params(1), Precision::fast, ConvBackend::winograd2);
  const std::string text = profile.text("a device");
  const auto read = ConvProfile::parse(text, "a device");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find(params(1), Precision::fast), ConvBackend::winograd2);
  EXPECT_EQ(read->find(params(3), Precision::fast), ConvBackend::winograd2); // whatever the batch
  EXPECT_EQ(read->find(params(1), Precision::fp32), std::nullopt);
  EXPECT_EQ(read->text("a device"), text);
}

TEST(ConvProfile, DamagedOrForeignTextIsNone) {
  ConvProfile profile;
  profile.set(params(1), Precision::fp32, ConvBackend::broadcast);
  const std::string text = profile.text("a device");
  EXPECT_FALSE(ConvProfile::parse(text, "another device"));
  EXPECT_FALSE(ConvProfile::parse("", "a device"));
  EXPECT_FALSE(ConvProfile::parse(text + "c1-2 fastest", "a device"));
  EXPECT_FALSE(ConvProfile::parse(text + "nonsense", "a device"));
}

// A profile's choice is what runs: direct's one dispatch, or Winograd's three.
TEST(ConvProfile, DecidesWhatRuns) {
  Graph graph = graph_with_input();
  NetworkOptions options;
  options.targets = {push(graph, random_conv(16, 20, square_window(3, 1, 1), 1), {0})};
  options.input = {16, 9, 8};
  options.precision = Precision::fast;
  ConvProfile profile;
  options.profile = &profile;
  const auto dispatches = [&](ConvBackend backend) {
    profile.set(params(1), Precision::fast, backend);
    Weights weights(test_device());
    return DeviceNetwork(weights, graph, options).plan().dispatches();
  };
  EXPECT_EQ(dispatches(ConvBackend::direct), 1);
  EXPECT_EQ(dispatches(ConvBackend::winograd4), 3);
}

} // namespace
} // namespace convscope
