// Nets on devices that do less than the one at hand: right wherever they run.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/half.h"
#include "kernels/conv_cases.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "kernels/expect.h"
#include "kernels/graphs.h"
#include "params.h"
#include "plan/conv.h"
#include "shaders.h"
#include "vulkan/limits.h"
#include "vulkan/quirks.h"
#include "vulkan/recording.h"
#include "vulkan/spirv.h"
#include "vulkan/vendors.h"

namespace convscope {
namespace {

using reference::random_tensor;

struct Lesser {
  std::string name, limits;
};
void PrintTo(const Lesser &device, std::ostream *stream) { *stream << device.name; }

const std::string gpu = "type=discrete";
const std::string least = // what Vulkan 1.1 promises, but for eight buffers where that is four
    ",max_storage_range=134217728,max_allocation=1073741824,storage_alignment=256,max_texels=65536,texel_alignment=256,"
    "max_shared_memory=16384,max_push_constants=128,max_invocations=128,max_storage_buffers=8,subgroup_shuffle=0,"
    "subgroup_arithmetic=0,timestamps=0,storage_16bit=0,float16=0,shader_float64=0";

const std::vector<Lesser> lesser_devices = {
    {"Gpu", gpu},
    {"GpuLeast", gpu + least},
    {"CpuLeast", "type=cpu" + least},
    {"CpuWithoutShuffles", "subgroup_shuffle=0,subgroup_arithmetic=0"},
    {"GpuWithoutSubgroupOperations", gpu + ",subgroup_shuffle=0,subgroup_arithmetic=0"},
    {"GpuEightBuffers", gpu + ",max_storage_buffers=8"},
    {"GpuSmallSharedMemory", gpu + ",max_shared_memory=16384"},
    {"Gpu128Invocations", gpu + ",max_invocations=128"},
    {"Gpu256Invocations", gpu + ",max_invocations=256"},
    {"CpuWithoutDoubles", "shader_float64=0"},
    {"CpuFewTexels", "max_texels=65536"},
    {"CpuSmallAllocations", "max_allocation=131072"},
    {"GpuSmallAllocations", gpu + ",max_allocation=131072"},
    {"GpuWithout16Bits", gpu + ",storage_16bit=0,float16=0"},
    // Subgroups that are wider and narrower than the driver reports.
    {"CpuReports2", "subgroup_size=2"},
    {"CpuReports64", "subgroup_size=64"},
    {"GpuReports4", gpu + ",subgroup_size=4"},
    {"GpuReports16", gpu + ",subgroup_size=16"},
    {"GpuReports64", gpu + ",subgroup_size=64"},
    {"CpuSmallShaders", "vendor_id=6880,device_id=49374"}, // SwiftShader, whose quirk it has
    {"GpuMali", "type=integrated,vendor_id=5045"},
    {"GpuKepler", "type=discrete,vendor_id=4318,device_id=4480"},
    {"GpuHoneykrisp", "type=integrated,vendor_id=65541"},
    {"GpuRaspberryPi", "type=integrated,vendor_id=5348"},
    {"GpuEmulatedMatrices", "type=integrated,vendor_id=32902,device_id=39497"}, // Tiger Lake
};

class LimitsTest : public testing::TestWithParam<Lesser> {
protected:
  LesserDevice lesser{GetParam().limits};
};

float as_half(float value) { return half_to_float(float_to_half(value)); }

// Convolutions of each back end's kinds, pools, normalizations, what is done element by element, and dense layers.
Graph net_of_every_kind() {
  Graph graph = graph_with_input("lesser");
  const auto conv = [&](int in_c, int out_c, const Window &window, unsigned seed, NodeId x, int groups = 1) {
    Conv op = random_conv(in_c, out_c, window, seed, groups);
    for (float &weight : op.weights.own())
      weight = as_half(weight);
    return push(graph, op, {x});
  };
  NodeId x = push(graph, Relu{}, {conv(3, 24, square_window(5, 2, 2), 1, 0)});
  x = push(graph, Lrn{5, 1e-3, 0.75, 1}, {x});
  x = push(graph, MaxPool{square_window(3, 2)}, {x});
  const NodeId wide = push(graph, Relu{}, {conv(24, 40, square_window(3, 1, 1), 2, x)});
  const NodeId depthwise = push(graph, Relu{}, {conv(40, 40, square_window(3, 1, 1), 3, wide, 40)});
  const NodeId narrow = conv(40, 40, square_window(1), 4, depthwise);
  x = push(graph, Relu{}, {push(graph, Add{}, {wide, narrow})});
  x = push(graph, Relu{}, {push(graph, random_scale_shift(40, 5), {x})});
  x = push(graph, Concat{}, {x, push(graph, Relu{}, {conv(40, 21, square_window(1), 6, x)})});
  x = push(graph, AvgPool{square_window(2, 2)}, {x});
  x = push(graph, Relu{}, {push(graph, random_dense(61 * 3 * 3, 70, 7), {push(graph, Flatten{}, {x})})});
  push(graph, random_dense(70, 5, 8), {x});
  return graph;
}

TEST_P(LimitsTest, NetsGiveWhatTheReferenceDoes) {
  const Graph graph = net_of_every_kind();
  const auto last = static_cast<NodeId>(graph.nodes.size()) - 1;
  for (const Precision precision : {Precision::fp32, Precision::fast, Precision::fp16}) {
    SCOPED_TRACE(static_cast<int>(precision));
    NetworkOptions options;
    options.precision = precision;
    options.targets = {last, last - 6};
    expect_like_reference(graph, random_tensor(2, 3, 29, 29, 9), options, precision == Precision::fast ? 1e-4 : 1e-5);
  }
}

// Odd sizes: no vec4 of theirs is whole, and the last one reaches past the tensor.
TEST_P(LimitsTest, OpsThatReadQuadsAtTheEdges) {
  for (const int w : {3, 7}) {
    SCOPED_TRACE(w);
    const auto input = random_tensor(1, 5, 1, w, 3);
    check_op(MaxPool{{1, 2, 1, 1, 1, 1, {0, 1, 0, 1}}}, input);
    check_op(random_scale_shift(5, 2), input);
    check_op(Lrn{3, 1e-2, 0.5, 2}, input);
    check_op(random_conv(5, 6, {1, 3, 1, 1, 1, 1, {0, 1, 0, 1}}, 4), input);
    check_op(random_conv(5, 5, {1, 3, 1, 1, 1, 1, {0, 1, 0, 1}}, 5, 5), input);
    check_op(random_conv(5, 7, square_window(1), 6), input);
  }
}

TEST_P(LimitsTest, DecisionsInDoubleOrNot) {
  const Graph graph = net_of_every_kind();
  NetworkOptions options;
  options.exact_decisions = true;
  options.targets = {static_cast<NodeId>(graph.nodes.size()) - 1};
  expect_like_reference(graph, random_tensor(1, 3, 29, 29, 11), options, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Devices, LimitsTest, testing::ValuesIn(lesser_devices),
                         [](const auto &device) { return device.param.name; });

TEST(Limits, OnlyNarrow) {
  vulkan::DeviceInfo info;
  info.max_texels = 100;
  info.storage_alignment = 16;
  info.subgroup_shuffle = false;
  info.timestamp_bits = 64;
  info.type = "cpu";
  vulkan::narrow(info, "");
  vulkan::narrow(info, "max_texels=1000,storage_alignment=4,subgroup_shuffle=1,timestamp_bits=36");
  EXPECT_EQ(info.max_texels, 100U);
  EXPECT_EQ(info.storage_alignment, 16U);
  EXPECT_FALSE(info.subgroup_shuffle);
  EXPECT_EQ(info.timestamp_bits, 36U);
  vulkan::narrow(info, "max_texels=10,storage_alignment=64,type=discrete,vendor_id=5");
  EXPECT_EQ(info.max_texels, 10U);
  EXPECT_EQ(info.storage_alignment, 64U);
  EXPECT_EQ(info.type, "discrete");
  EXPECT_EQ(info.vendor_id, 5U);
  for (const char *wrong :
       {"max_texel=1", "max_texels", "max_texels=many", "max_texels=-1", ",", "=", "=1", "type=", "type=gpu"})
    EXPECT_THROW(vulkan::narrow(info, wrong), UserError) << wrong;
}

TEST(Limits, TensorsAreAsLargeAsWhatTheyAreBoundAs) {
  vulkan::DeviceInfo info;
  info.type = "cpu";
  info.max_storage_range = 1 << 27;
  info.max_texels = 1 << 27;
  EXPECT_TRUE(info.reads_texels());
  EXPECT_EQ(info.max_binding(), 1U << 27);
  info.max_texels = 65536;
  EXPECT_FALSE(info.reads_texels());
  EXPECT_EQ(info.max_binding(), 1U << 27);
  info.max_storage_range = ~std::uint64_t{0};
  EXPECT_EQ(info.max_binding(), (std::uint64_t{1} << 31) - 16);
  info.max_allocation = 1000;
  EXPECT_EQ(info.max_binding(), 992U);
  EXPECT_TRUE(info.reads_texels());
  info.type = "integrated";
  EXPECT_FALSE(info.reads_texels());
}

TEST(Limits, AnArenaMayBeSeveralAllocations) {
  const LesserDevice lesser("max_allocation=65536");
  Plan plan(test_programs(), "test");
  std::vector<TensorId> parts, copies;
  for (int i = 0; i < 4; ++i) {
    parts.push_back(plan.transient("part", 40000));
    copies.push_back(plan.persistent("copy", 40000));
  }
  for (std::uint32_t i = 0; i < 4; ++i)
    plan.fill(parts[i], i + 1);
  for (std::size_t i = 0; i < 4; ++i)
    plan.copy(parts[i], copies[i]);
  EXPECT_GT(plan.planned_bytes(), 4U * 40000 + 3 * 65536);
  plan.allocate();
  plan.record(Variant::usual).run("a test");
  for (std::uint32_t i = 0; i < 4; ++i)
    EXPECT_EQ(plan.read_all<std::uint32_t>(copies[i]), std::vector<std::uint32_t>(10000, i + 1));
}

TEST(Limits, TimestampsWrap) {
  EXPECT_EQ(vulkan::elapsed_ticks(5, 9, 64), 4U);
  EXPECT_EQ(vulkan::elapsed_ticks((std::uint64_t{1} << 36) - 3, 7, 36), 10U);
  EXPECT_EQ(vulkan::elapsed_ticks(~std::uint64_t{0}, 1, 64), 2U);
}

TEST(Limits, ShadersTellWhatAWorkgroupNeeds) {
  const auto dense = vulkan::reflect(shader("dense"));
  EXPECT_EQ(dense.invocations, 64U);
  EXPECT_EQ(dense.shared_bytes, 64U * 4);
  EXPECT_EQ(vulkan::reflect(shader("tile")).invocations, 64U);
  EXPECT_EQ(vulkan::reflect(shader("conv_gemm"), std::vector<std::uint32_t>{4}).invocations, 4U);
  EXPECT_EQ(vulkan::reflect(shader("conv_gemm"), std::vector<std::uint32_t>{16}).invocations, 16U);
}

// A program that a device can't run says so, with its name, before a driver sees it.
TEST(Limits, ProgramsBeyondThemAreRefused) {
  const LesserDevice lesser("max_invocations=32,max_storage_buffers=3,max_shared_memory=128,max_push_constants=4");
  for (const char *name : {"dense", "add"})
    EXPECT_THROW(test_programs().get(name), DeviceError) << name;
}

TEST(Limits, VariantsOfShadersHaveOneInterface) {
  for (const char *name : {"add", "conv_broadcast", "conv_depthwise", "conv_depthwise_adjoint", "conv_gemm", "lrn",
                           "lrn_grad", "max_pool", "max_pool_grad", "scale_grad", "scale_shift"}) {
    const auto texels = vulkan::reflect(shader(name)),
               storage = vulkan::reflect(shader(std::string(name) + "_storage"));
    EXPECT_NE(texels.texels, 0U) << name;
    EXPECT_EQ(storage.texels, 0U) << name;
    EXPECT_EQ(storage.bindings, texels.bindings) << name;
    EXPECT_EQ(storage.push_bytes, texels.push_bytes) << name;
  }
}

TEST(Quirks, AreOfTheirDevicesAlone) {
  vulkan::DeviceInfo info;
  EXPECT_TRUE(vulkan::quirks_of(info).empty());
  info.portability_subset = true;
  ASSERT_EQ(vulkan::quirks_of(info).size(), 1U);
  EXPECT_EQ(vulkan::quirks_of(info)[0]->name, "portability_subset");
  EXPECT_TRUE(vulkan::has_quirk(info, vulkan::Quirk::portability_subset));
  EXPECT_FALSE(vulkan::has_quirk(info, vulkan::Quirk::no_vkfft));
  info.vendor_id = vulkan::vendor::broadcom;
  EXPECT_TRUE(vulkan::has_quirk(info, vulkan::Quirk::no_vkfft));

  struct Intel {
    std::uint32_t device_id;
    bool has_units;
  };
  for (const Intel &one : {Intel{0x1912, false},
                           {0x3e92, false},
                           {0x9a49, false},
                           {0x46a6, false},
                           {0x7d55, false},
                           {0x7d41, false},
                           {0x7d51, true},
                           {0x56a0, true},
                           {0x4f88, true},
                           {0x64a0, true},
                           {0xe20b, true},
                           {0xb080, true}}) {
    SCOPED_TRACE(one.device_id);
    info.vendor_id = vulkan::vendor::intel;
    info.device_id = one.device_id;
    info.cooperative_matrix = false;
    EXPECT_FALSE(vulkan::has_quirk(info, vulkan::Quirk::emulated_matrices)) << "there are no matrices";
    info.cooperative_matrix = true;
    info.matrix = {8, 8, 16, 8, 32, true};
    info.max_shared_memory = 65536;
    EXPECT_EQ(vulkan::has_quirk(info, vulkan::Quirk::emulated_matrices), !one.has_units);
    EXPECT_EQ(matrices_fit(info), one.has_units);
    EXPECT_FALSE(vulkan::has_quirk(info, vulkan::Quirk::unpacked_halves)) << "there are no halves";
    info.float16 = true;
    EXPECT_TRUE(vulkan::has_quirk(info, vulkan::Quirk::unpacked_halves));
    info.vendor_id = vulkan::vendor::nvidia; // numbers are a vendor's own
    EXPECT_FALSE(vulkan::has_quirk(info, vulkan::Quirk::unpacked_halves));
    info.float16 = false;
    EXPECT_FALSE(vulkan::has_quirk(info, vulkan::Quirk::emulated_matrices));
  }
  for (const vulkan::QuirkRow &row : vulkan::all_quirks()) {
    EXPECT_FALSE(row.change.empty()) << row.name;
    EXPECT_FALSE(row.reason.empty()) << row.name;
  }
}

} // namespace
} // namespace convscope
