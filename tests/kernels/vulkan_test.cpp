// The Vulkan layer itself: transfers, recordings, programs, selection, the cache on disk. Validation is on
// wherever the layer is installed, and must stay silent.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "params.h"
#include "shaders.h"
#include "vulkan/buffer.h"
#include "vulkan/device.h"
#include "vulkan/pipeline_cache.h"
#include "vulkan/program.h"
#include "vulkan/recording.h"
#include "vulkan/spirv.h"

namespace convscope::vulkan {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Device> open_device(bool map_buffers = true) {
  DeviceOptions options;
  options.map_buffers = map_buffers;
  options.validation = true;
  try {
    return std::make_unique<Device>(options);
  } catch (const DeviceError &) {
    options.validation = false; // the layer is not installed
    return std::make_unique<Device>(options);
  }
}

const Device &device() {
  static const auto opened = open_device();
  return *opened;
}

template <typename T> std::span<const std::byte> bytes_of(const std::vector<T> &values) {
  return std::as_bytes(std::span(values));
}

std::vector<std::byte> noise(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::vector<std::byte> bytes(size);
  for (auto &byte : bytes)
    byte = static_cast<std::byte>(random() & 255);
  return bytes;
}

std::vector<std::uint32_t> words(const Buffer &buffer) {
  std::vector<std::uint32_t> values(buffer.bytes() / 4);
  buffer.read(0, std::as_writable_bytes(std::span(values)));
  return values;
}

template <typename Error, typename Call> std::string message_of(Call call) {
  try {
    call();
  } catch (const Error &error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

class VulkanTest : public ::testing::Test {
protected:
  void TearDown() override { EXPECT_EQ(total_validation_messages(), messages_); }

private:
  int messages_ = total_validation_messages();
};

TEST_F(VulkanTest, DescribesItsDevice) {
  const auto devices = list_devices();
  ASSERT_FALSE(devices.empty());
  const DeviceInfo &info = device().info();
  EXPECT_EQ(devices.at(static_cast<std::size_t>(info.index)).name, info.name);
  EXPECT_TRUE(info.usable);
  EXPECT_GE(info.api_version, VK_API_VERSION_1_1);
  EXPECT_GE(info.subgroup_size, 1u);
  EXPECT_GE(info.max_push_constants, 128u);
  EXPECT_GE(info.max_storage_buffers, 4u);
  EXPECT_GT(info.memory_bytes, 0u);
  EXPECT_GE(info.max_allocation, std::uint64_t{1} << 30);
  EXPECT_FALSE(device().has_extension("VK_CONVSCOPE_no_such_thing"));
}

TEST_F(VulkanTest, SelectsByIndexAndPartOfAName) {
  const DeviceInfo info = device().info();
  DeviceOptions options;
  options.select = std::to_string(info.index);
  EXPECT_EQ(Device(options).info().name, info.name);
  options.select = info.name.substr(0, 5);
  std::transform(options.select.begin(), options.select.end(), options.select.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_EQ(Device(options).info().name.substr(0, 5), info.name.substr(0, 5));
  for (const char *wrong : {"999", "-1", "no such device", "18446744073709551616"}) {
    options.select = wrong;
    const std::string text = message_of<UserError>([&] { Device{options}; });
    EXPECT_NE(text.find(wrong), std::string::npos);
    EXPECT_NE(text.find(info.name), std::string::npos);
  }
}

TEST_F(VulkanTest, OptionalExtensionsThatAreAbsentAreLeftOut) {
  DeviceOptions options;
  options.instance_extensions = {"VK_CONVSCOPE_no_such_thing", "VK_KHR_surface"};
  options.device_extensions = {"VK_CONVSCOPE_no_such_thing"};
  EXPECT_FALSE(Device(options).has_extension("VK_CONVSCOPE_no_such_thing"));
}

class Transfers : public VulkanTest, public ::testing::WithParamInterface<bool> {};

TEST_P(Transfers, GiveBackWhatWasWritten) {
  const auto own = GetParam() ? nullptr : open_device(false);
  const Device &on = own ? *own : device();
  for (const std::size_t size : {std::size_t{4}, std::size_t{1021}, std::size_t{65536}, std::size_t{40} << 20}) {
    Buffer buffer(on, size, "round trip");
    const auto sent = noise(size);
    std::vector<std::byte> got(size);
    buffer.write(0, sent);
    buffer.read(0, got);
    EXPECT_EQ(sent, got) << size;
    const std::size_t from = size / 3, count = size / 2;
    auto expected = sent;
    const auto patch = noise(count);
    std::copy(patch.begin(), patch.end(), expected.begin() + static_cast<std::ptrdiff_t>(from));
    buffer.write(from, patch);
    buffer.read(0, got);
    EXPECT_EQ(expected, got) << size;
    std::vector<std::byte> part(count);
    buffer.read(from, part);
    EXPECT_EQ(patch, part) << size;
  }
  EXPECT_EQ(on.memory_used(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Paths, Transfers, ::testing::Bool(),
                         [](const auto &path) { return path.param ? "direct" : "staged"; });

TEST_F(VulkanTest, TransfersMustLieInside) {
  Buffer buffer(device(), 64, "small");
  std::vector<std::byte> data(32);
  EXPECT_THROW(buffer.write(40, data), std::logic_error);
  EXPECT_THROW(buffer.read(64, data), std::logic_error);
  EXPECT_THROW(buffer.read(~VkDeviceSize{0}, data), std::logic_error);
  EXPECT_THROW(buffer.slice(60, 8), std::logic_error);
  EXPECT_THROW(Buffer(device(), 0, "nothing"), std::logic_error);
  EXPECT_NO_THROW(buffer.write(64, {}));
}

TEST_F(VulkanTest, CountsItsMemory) {
  const std::uint64_t before = device().memory_used();
  {
    Buffer first(device(), 1 << 20, "first");
    EXPECT_GE(device().memory_used(), before + (1 << 20));
    Buffer second = std::move(first);
    EXPECT_EQ(first.bytes(), 0u);
    EXPECT_EQ(second.bytes(), VkDeviceSize{1} << 20);
    first = Buffer(device(), 1 << 16, "third");
    EXPECT_GE(device().memory_used(), before + (1 << 20) + (1 << 16));
    second = std::move(first);
    EXPECT_EQ(second.bytes(), VkDeviceSize{1} << 16);
    EXPECT_LT(device().memory_used(), before + (1 << 20));
  }
  EXPECT_EQ(device().memory_used(), before);
  EXPECT_GE(device().memory_peak(), before + (1 << 20) + (1 << 16));
}

TEST_F(VulkanTest, SaysWhenThereIsNoRoom) {
  const std::uint64_t before = device().memory_used();
  const std::string text =
      message_of<DeviceError>([] { Buffer(device(), VkDeviceSize{1} << 46, "a very large tensor"); });
  EXPECT_NE(text.find("a very large tensor: needs 64 TiB"), std::string::npos) << text;
  EXPECT_NE(text.find(device().info().name), std::string::npos) << text;
  EXPECT_EQ(device().memory_used(), before);
}

TEST_F(VulkanTest, FillsAndCopies) {
  Buffer from(device(), 64, "from"), to(device(), 64, "to");
  Recording recording(device(), "fill and copy");
  recording.fill(from.slice(), 7);
  recording.fill(to.slice(), 1);
  recording.barrier();
  recording.fill(from.slice(32, 16), 9);
  recording.barrier();
  recording.copy(from.slice(16, 32), to.slice(0, 32));
  recording.finish();
  Recording moved = std::move(recording);
  for (int repeat = 0; repeat < 2; ++repeat)
    moved.run("testing");
  EXPECT_EQ(words(to), (std::vector<std::uint32_t>{7, 7, 7, 7, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_TRUE(moved.timings().empty());
}

TEST_F(VulkanTest, RecordingsRefuseMisuse) {
  Buffer buffer(device(), 64, "buffer");
  Recording recording(device(), "misuse");
  EXPECT_THROW(recording.run("testing"), std::logic_error);
  EXPECT_THROW(recording.fill(buffer.slice(2, 8), 0), std::logic_error);
  EXPECT_THROW(recording.fill({}, 0), std::logic_error);
  EXPECT_THROW(recording.copy(buffer.slice(0, 8), buffer.slice(16, 12)), std::logic_error);
  EXPECT_THROW(recording.copy(buffer.slice(0, 8), buffer.slice(4, 8)), std::logic_error);
  recording.finish();
  EXPECT_THROW(recording.finish(), std::logic_error);
  EXPECT_THROW(recording.barrier(), std::logic_error);
  EXPECT_THROW(recording.fill(buffer.slice(), 0), std::logic_error);
  EXPECT_THROW(recording.custom([](VkCommandBuffer) {}, "late"), std::logic_error);
}

// The shader `add` stands for all: outputs = a + b over (batch, channels, pixels), with a mask.
class Adding : public VulkanTest {
protected:
  static constexpr int elements = 1000;
  Programs programs{device()};
  const Program &add = programs.get("add", {0});
  Buffer a{device(), elements * 4, "a"}, b{device(), elements * 4, "b"}, sum{device(), elements * 4, "sum"},
      mask{device(), elements * 4, "mask"};
  const gpu::ActivationParams params{1, 1, elements, 0, 0};
  std::vector<Slice> slices{a.slice(), b.slice(), sum.slice(), mask.slice()};
  std::span<const std::byte> push = std::as_bytes(std::span(&params, 1));
  static constexpr std::array<std::uint32_t, 3> groups = {(elements + 63) / 64, 1, 1};

  void SetUp() override {
    std::vector<float> values(elements);
    std::iota(values.begin(), values.end(), 0.0f);
    a.write(0, bytes_of(values));
    b.write(0, bytes_of(values));
  }
};

TEST_F(Adding, ProgramsKnowTheirLayout) {
  EXPECT_EQ(add.bindings(), 4u);
  EXPECT_EQ(add.push_bytes(), sizeof params);
  EXPECT_EQ(add.name(), "add[0]");
  EXPECT_EQ(&programs.get("add", {0}), &add);
  EXPECT_NE(&programs.get("add", {gpu::EPILOGUE_RELU}), &add);
  EXPECT_THROW(programs.get("no_such_shader"), std::logic_error);
}

TEST_F(Adding, Computes) {
  Recording recording(device(), "adding", true);
  recording.dispatch(add, groups, push, slices, "a + b");
  recording.barrier();
  slices[1] = slices[2];
  slices[2] = b.slice();
  recording.dispatch(add, groups, push, slices, "a + sum");
  recording.finish();
  EXPECT_TRUE(recording.timings().empty());
  recording.run("adding");
  std::vector<float> got(elements);
  b.read(0, std::as_writable_bytes(std::span(got)));
  for (int i = 0; i < elements; ++i)
    ASSERT_EQ(got[static_cast<std::size_t>(i)], 3.0f * static_cast<float>(i));
  const auto timings = recording.timings();
  if (device().info().timestamps) {
    ASSERT_EQ(timings.size(), 2u);
    EXPECT_EQ(timings[0].label, "a + b");
    EXPECT_EQ(timings[1].label, "a + sum");
    for (const auto &timing : timings) {
      EXPECT_GE(timing.milliseconds, 0);
      EXPECT_LT(timing.milliseconds, 10000);
    }
  }
}

// More dispatches than one descriptor pool or one query pool holds.
TEST_F(Adding, RecordingsGrow) {
  constexpr std::size_t repeats = 2100;
  Recording recording(device(), "many", true);
  for (std::size_t i = 0; i < repeats; ++i) {
    recording.dispatch(add, {1, 1, 1}, push, slices, std::to_string(i));
    recording.barrier();
  }
  recording.finish();
  recording.run("adding often");
  if (device().info().timestamps) {
    const auto timings = recording.timings();
    ASSERT_EQ(timings.size(), repeats);
    EXPECT_EQ(timings.back().label, std::to_string(repeats - 1));
  }
}

TEST_F(Adding, DispatchesAreChecked) {
  Recording recording(device(), "misuse");
  const auto refuses = [&](std::array<std::uint32_t, 3> count, std::span<const std::byte> constants,
                           std::span<const Slice> bound) {
    EXPECT_THROW(recording.dispatch(add, count, constants, bound, "wrong"), std::logic_error);
  };
  refuses(groups, push.first(8), slices);
  refuses(groups, push, std::span(slices).first(3));
  refuses({0, 1, 1}, push, slices);
  refuses({1, 1, device().info().max_groups[2] + 1}, push, slices);
  auto wrong = slices;
  wrong[0] = {};
  refuses(groups, push, wrong);
  if (device().info().storage_alignment > 1) {
    wrong[0] = {a.slice().buffer, device().info().storage_alignment / 2, 16};
    refuses(groups, push, wrong);
  }
  wrong[0] = {a.slice().buffer, 0, device().info().max_storage_range + 1};
  refuses(groups, push, wrong);
  recording.finish();
  EXPECT_THROW(recording.dispatch(add, groups, push, slices, "late"), std::logic_error);
}

TEST(Spirv, TexelBuffersAreToldFromStorageBuffers) {
  EXPECT_EQ(reflect(shader("dense")).texels, 0u);
  EXPECT_EQ(reflect(shader("conv_gemm")).texels, 0b010011u); // input, weights, residual
}

TEST(Spirv, DamageIsRefused) {
  const auto whole = shader("add");
  std::vector<std::uint32_t> code(whole.begin(), whole.end());
  EXPECT_EQ(reflect(code).bindings, 4u);
  EXPECT_THROW(reflect({}), std::logic_error);
  EXPECT_THROW(reflect(std::span(code).first(6)), std::logic_error);
  for (const std::uint32_t instruction : {0u, 71u | 1u << 16, 59u | 2u << 16, 0xffff0000u}) {
    auto damaged = code;
    damaged[5] = instruction;
    EXPECT_THROW(reflect(damaged), std::logic_error);
  }
}

void set_environment(const char *name, const std::string &value) {
#ifdef _WIN32
  _putenv_s(name, value.c_str());
#else
  value.empty() ? unsetenv(name) : setenv(name, value.c_str(), 1);
#endif
}

class PipelineCache : public VulkanTest {
protected:
  fs::path folder = fs::temp_directory_path() / ("convscope-cache-" + std::to_string(std::random_device()()));
  std::string before = std::getenv("CONVSCOPE_CACHE") ? std::getenv("CONVSCOPE_CACHE") : "";
  VkPhysicalDeviceProperties properties{};

  void SetUp() override {
    set_environment("CONVSCOPE_CACHE", folder.string());
    vkGetPhysicalDeviceProperties(device().physical(), &properties);
  }
  void TearDown() override {
    set_environment("CONVSCOPE_CACHE", before);
    fs::remove_all(folder);
    VulkanTest::TearDown();
  }
  static void use_device() {
    const auto own = open_device();
    Programs programs(*own);
    programs.get("add", {0}).pipeline();
  }
  // Whether there is anything to keep: not all drivers hand out what they compiled.
  bool driver_gives_a_cache() const {
    std::vector<std::uint8_t> data;
    std::size_t size = 0;
    vkGetPipelineCacheData(device().handle(), device().pipeline_cache(), &size, nullptr);
    data.resize(size);
    vkGetPipelineCacheData(device().handle(), device().pipeline_cache(), &size, data.data());
    data.resize(size);
    return is_pipeline_cache_of(properties, data);
  }
};

TEST_F(PipelineCache, IsKeptForTheNextRun) {
  const fs::path file = pipeline_cache_file(properties);
  EXPECT_EQ(file.parent_path(), folder);
  EXPECT_TRUE(load_pipeline_cache(file, properties).empty());
  use_device();
  if (!driver_gives_a_cache()) {
    EXPECT_FALSE(fs::exists(folder));
    GTEST_SKIP() << "this driver gives no cache to keep";
  }
  ASSERT_TRUE(fs::exists(file));
  EXPECT_FALSE(load_pipeline_cache(file, properties).empty());
  const auto written = fs::last_write_time(file);
  use_device();
  EXPECT_EQ(fs::last_write_time(file), written);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);

  auto other = properties;
  other.pipelineCacheUUID[3] ^= 1;
  EXPECT_TRUE(load_pipeline_cache(file, other).empty());
}

TEST_F(PipelineCache, DamageIsIgnoredAndRepaired) {
  if (!driver_gives_a_cache())
    GTEST_SKIP() << "this driver gives no cache to keep";
  use_device();
  const fs::path file = pipeline_cache_file(properties);
  const auto good = read_file(file);
  std::vector<std::vector<std::uint8_t>> damaged(6, good);
  damaged[0].clear();
  damaged[1].resize(10);
  damaged[2].pop_back();
  damaged[3].push_back(0);
  damaged[4][good.size() / 2] ^= 16;
  damaged[5].back() ^= 1;
  for (const auto &bytes : damaged) {
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(load_pipeline_cache(file, properties).empty());
    use_device();
    EXPECT_FALSE(load_pipeline_cache(file, properties).empty());
  }
}

TEST_F(PipelineCache, NoFolderIsNoError) {
  std::ofstream(folder) << "a file where the folder should be";
  use_device();
  EXPECT_TRUE(fs::is_regular_file(folder));
}

} // namespace
} // namespace convscope::vulkan
