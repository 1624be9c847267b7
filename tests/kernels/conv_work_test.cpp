// What the static figures choose for GPUs, without a device.
#include "plan/conv_work.h"

#include <gtest/gtest.h>

#include "kernels/graphs.h"
#include "plan/conv.h"
#include "plan/conv_params.h"
#include "vulkan/device.h"
#include "vulkan/vendors.h"

namespace convscope {
namespace {

vulkan::DeviceInfo gpu_of(std::uint32_t vendor) {
  vulkan::DeviceInfo info;
  info.type = "discrete";
  info.vendor_id = vendor;
  info.max_invocations = info.max_group_size[0] = 256;
  return info;
}
using vulkan::vendor::amd, vulkan::vendor::intel;

// Of a 3x3 convolution whose sums by definition are in one part.
bool winograd_wins(int in_c, int out_c, int size) {
  const gpu::ConvParams p = forward_params(square_window(3, 1, 1), 1, {in_c, size, size}, {out_c, size, size}, 1);
  const bool wins = winograd_fused_pays(p, gpu_of(amd), 1);
  EXPECT_EQ(winograd_fused_pays(p, gpu_of(intel), 1), wins);
  return wins;
}

TEST(ConvWork, WinogradWinsWhereProductsAreTheTime) {
  EXPECT_TRUE(winograd_wins(64, 64, 224));
  EXPECT_TRUE(winograd_wins(128, 128, 112));
  EXPECT_TRUE(winograd_wins(256, 256, 56));
  EXPECT_TRUE(winograd_wins(512, 512, 28));
  EXPECT_TRUE(winograd_wins(512, 512, 14));
}

TEST(ConvWork, NotWhereBlocksAreMostlyEmptyOrMemoryIsTheTime) {
  EXPECT_FALSE(winograd_wins(3, 64, 224));  // a stem
  EXPECT_FALSE(winograd_wins(64, 3, 224));  // its gradient
  EXPECT_FALSE(winograd_wins(256, 256, 4)); // four tiles
  EXPECT_FALSE(winograd_wins(8, 8, 56));
}

TEST(ConvWork, IsAnImages) {
  const auto params = [](int batch) {
    return forward_params(square_window(3, 1, 1), 1, {64, 9, 8}, {48, 9, 8}, batch);
  };
  EXPECT_EQ(winograd_fused_work(params(1), gpu_of(amd)).flops, winograd_fused_work(params(7), gpu_of(amd)).flops);
  EXPECT_EQ(winograd_fused_work(params(1), gpu_of(amd)).bytes, winograd_fused_work(params(7), gpu_of(amd)).bytes);
  EXPECT_EQ(work_by_definition(params(1), 2).flops, 2.0 * 64 * 48 * 9 * 9 * 8);
  EXPECT_EQ(work_by_definition(params(1), 2).bytes, 4.0 * (64 * 72 + 48 * 72 * 5 + 64 * 48 * 9));
}

TEST(ConvWork, WorkgroupsMustBeLargeEnough) {
  const gpu::ConvParams p = forward_params(square_window(3, 1, 1), 1, {64, 9, 8}, {48, 9, 8}, 1);
  vulkan::DeviceInfo device = gpu_of(amd);
  EXPECT_TRUE(winograd_fused_applies(p, device));
  device.max_invocations = 128;
  EXPECT_FALSE(winograd_fused_applies(p, device));
  const gpu::ConvParams strided = forward_params(square_window(3, 2, 1), 1, {64, 9, 8}, {48, 5, 4}, 1);
  EXPECT_FALSE(winograd_fused_applies(strided, gpu_of(amd)));
}

// Honeykrisp says Mesa where others say Apple.
TEST(ConvWork, ApplesGpusAreThoseOfEitherDriver) {
  const gpu::ConvParams p = forward_params(square_window(3, 1, 1), 1, {128, 112, 112}, {128, 112, 112}, 1);
  const auto sums = [&](std::uint32_t vendor, const char *type) {
    vulkan::DeviceInfo device = gpu_of(vendor);
    device.type = type;
    device.max_shared_memory = 32768;
    const SharedTile tile = shared_tile(p, device);
    return tile.thread_m * tile.thread_n;
  };
  EXPECT_EQ(sums(amd, "integrated"), 64);
  EXPECT_EQ(sums(vulkan::vendor::apple, "integrated"), 32);
  EXPECT_EQ(sums(vulkan::vendor::mesa, "integrated"), 32);
  EXPECT_EQ(sums(vulkan::vendor::mesa, "discrete"), 64) << "a CPU driver that poses as a GPU";
}

TEST(ConvWork, OfFewRegistersNoneHoldWhatIsLoadedAhead) {
  using vulkan::vendor::arm, vulkan::vendor::broadcom, vulkan::vendor::qualcomm;
  const gpu::ConvParams p = forward_params(square_window(3, 1, 1), 1, {64, 56, 56}, {64, 56, 56}, 1);
  for (const std::uint32_t vendor : {amd, qualcomm}) {
    EXPECT_TRUE(shared_tile(p, gpu_of(vendor)).ahead);
    EXPECT_TRUE(winograd_fused_applies(p, gpu_of(vendor)));
  }
  for (const std::uint32_t vendor : {arm, broadcom}) {
    EXPECT_FALSE(shared_tile(p, gpu_of(vendor)).ahead);
    EXPECT_FALSE(winograd_fused_applies(p, gpu_of(vendor)));
  }
  // Intel's have registers, but more lanes without these.
  EXPECT_FALSE(shared_tile(p, gpu_of(intel)).ahead);
  EXPECT_TRUE(winograd_fused_applies(p, gpu_of(intel)));
  vulkan::DeviceInfo nvidia = gpu_of(vulkan::vendor::nvidia);
  for (const std::uint32_t later : {0x1004U, 0x1286U, 0x1380U, 0x2684U}) { // GK110, GK208, Maxwell, Ada
    nvidia.device_id = later;
    EXPECT_TRUE(shared_tile(p, nvidia).ahead);
  }
  for (const std::uint32_t small_kepler : {0x0FD1U, 0x1180U, 0x11C0U}) {
    nvidia.device_id = small_kepler;
    EXPECT_FALSE(shared_tile(p, nvidia).ahead);
    EXPECT_LE(shared_tile(p, nvidia).thread_m * shared_tile(p, nvidia).thread_n, 16);
    EXPECT_FALSE(winograd_fused_applies(p, nvidia));
  }
  EXPECT_EQ(shared_tile(p, gpu_of(arm)).unroll, 16);
  EXPECT_EQ(shared_tile(p, gpu_of(broadcom)).unroll, 1);
}

TEST(ConvWork, HalvesArePackedWhereTheCompilerPacks) {
  for (const std::uint32_t vendor : {amd, intel}) {
    vulkan::DeviceInfo device = gpu_of(vendor);
    device.float16 = device.subgroup_arithmetic = true;
    EXPECT_TRUE(halves_fit(device));
    EXPECT_EQ(halves_pay(device), vendor == amd);
    device.type = "cpu";
    EXPECT_FALSE(halves_pay(device));
    device.float16 = false;
    EXPECT_FALSE(halves_fit(device));
  }
}

// Every weight is in its place once, the rest is 0.
TEST(PackingTest, WinogradsFiltersForOneKernel) {
  for (const auto &[in_c, out_c] : {std::pair{4, 32}, {7, 33}, {3, 5}}) {
    gpu::ConvParams p = forward_params(square_window(3, 1, 1), 1, {in_c, 6, 6}, {out_c, 6, 6}, 1);
    std::vector<float> weights(std::size_t(in_c) * out_c * 9);
    for (std::size_t i = 0; i < weights.size(); ++i)
      weights[i] = float(i + 1);
    const std::vector<float> packed = winograd_fused_conv(p, p.out_c, 0, gpu_of(amd)).pack(weights);
    const int steps = (in_c + 3) / 4, blocks = (out_c + 31) / 32;
    ASSERT_EQ(packed.size(), std::size_t(blocks) * steps * 9 * 4 * 32);
    std::size_t at = 0;
    for (int block = 0; block < blocks; ++block)
      for (int step = 0; step < steps; ++step)
        for (int tap = 0; tap < 9; ++tap)
          for (int row = 0; row < 4; ++row)
            for (int column = 0; column < 32; ++column, ++at) {
              const int c = block * 32 + column, i = step * 4 + row;
              EXPECT_EQ(packed[at], c < out_c && i < in_c ? weights[(std::size_t(c) * in_c + i) * 9 + tap] : 0.0F);
            }
  }
}

} // namespace
} // namespace convscope
