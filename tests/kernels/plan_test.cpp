// Steps, lifetimes, barriers and recordings. Missing barriers are the validation layer's to find.
#include "plan/plan.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "kernels/device.h"
#include "params.h"
#include "plan/layout.h"

namespace convscope {
namespace {

constexpr int count = 5000;
constexpr std::size_t bytes = count * sizeof(float);

class PlanTest : public ::testing::Test {
protected:
  Plan plan{test_programs(), "test plan"};

  // to = a + b, element by element
  void add(TensorId a, TensorId b, TensorId to) {
    plan.dispatch("add", test_programs().get("add", {0}), spread_groups(count),
                  gpu::ActivationParams{1, 1, count, 0, 0}, {reads(a), reads(b), writes(to), writes(to)}, count);
  }
  void write(TensorId tensor, float value) {
    const std::vector<float> values(count, value);
    plan.write(tensor, std::as_bytes(std::span(values)));
  }
  void expect(TensorId tensor, float value) {
    EXPECT_EQ(plan.read_all<float>(tensor), std::vector<float>(count, value));
  }
};

TEST_F(PlanTest, ChainsOfEveryHazardGiveTheirSum) {
  const TensorId in = plan.persistent("in", bytes), out = plan.persistent("out", bytes);
  TensorId x = plan.transient("x0", bytes);
  plan.copy(in, x); // transfer, then reads by a kernel
  for (int i = 0; i < 10; ++i) {
    const TensorId next = plan.transient("x", bytes); // memory that is used again: writes after reads
    add(x, in, next);
    x = next;
  }
  add(x, in, x); // in place
  const TensorId zero = plan.transient("zero", bytes);
  plan.fill(zero, 0);
  add(x, zero, out);
  plan.fill(zero, 0x3f800000U); // a write after the reads: 1.0F
  const TensorId last = plan.persistent("last", bytes);
  add(out, zero, last);
  plan.copy(last, in); // changes what the next run begins with
  plan.allocate();
  write(in, 1);
  const vulkan::Recording recording = plan.record(Variant::usual);
  recording.run("a test");
  expect(out, 12);
  expect(last, 13);
  recording.run("a test");
  expect(out, 12 * 13);
  expect(in, 12 * 13 + 1);
}

TEST_F(PlanTest, IndependentStepsShareAnInput) {
  const TensorId in = plan.persistent("in", bytes);
  std::vector<TensorId> outs;
  for (int i = 0; i < 5; ++i) {
    outs.push_back(plan.persistent("out", bytes));
    add(in, in, outs.back());
  }
  plan.allocate();
  write(in, 3);
  plan.record(Variant::usual).run("a test");
  for (TensorId out : outs)
    expect(out, 6);
}

TEST_F(PlanTest, VariantsTakeTheirSteps) {
  const TensorId in = plan.persistent("in", bytes), out = plan.persistent("out", bytes);
  const TensorId x = plan.transient("x", bytes);
  add(in, in, x);
  plan.set_variant(Variant::usual);
  add(x, in, x);
  plan.set_variant(Variant::revive);
  add(x, x, x);
  add(x, x, x);
  plan.set_variant(Variant::both);
  add(x, in, out);
  plan.allocate();
  write(in, 1);
  const vulkan::Recording usual = plan.record(Variant::usual), revive = plan.record(Variant::revive);
  usual.run("a test");
  expect(out, 4);
  revive.run("a test");
  expect(out, 9);
  EXPECT_EQ(plan.dispatches(Variant::usual), 3);
  EXPECT_EQ(plan.dispatches(Variant::revive), 4);
  EXPECT_EQ(plan.flops(Variant::usual), 3.0 * count);
  EXPECT_EQ(plan.flops(Variant::revive), 4.0 * count);
}

TEST_F(PlanTest, PartsRunAloneInOneArena) {
  const TensorId in = plan.persistent("in", bytes), out = plan.persistent("out", bytes);
  const TensorId x = plan.transient("x", bytes), y = plan.transient("y", bytes);
  add(in, in, x);
  add(x, in, out);
  plan.set_part(1);
  add(in, in, y);
  add(y, y, out);
  plan.allocate();
  EXPECT_LT(plan.planned_bytes(), 4 * bytes) << "x and y are not alive at once";
  write(in, 1);
  const vulkan::Recording first = plan.record(Variant::usual), second = plan.record(Selection(Variant::usual, 1));
  first.run("a test");
  expect(out, 3);
  second.run("a test");
  expect(out, 4);
  EXPECT_EQ(plan.dispatches(), 2);
  EXPECT_EQ(plan.flops(Selection(Variant::both, 1)), 2.0 * count);
}

TEST_F(PlanTest, ExternalMemoryAndCustomCommands) {
  vulkan::Buffer buffer(test_device(), bytes, "weights");
  const std::vector<float> values(count, 4);
  buffer.write(0, std::as_bytes(std::span(values)));
  const TensorId weights = plan.external("weights", buffer.slice());
  const TensorId x = plan.transient("x", bytes), out = plan.persistent("out", bytes);
  add(weights, weights, x);
  plan.custom("own copy", {reads(x), writes(out)}, [&](VkCommandBuffer commands) {
    const vulkan::Slice from = plan.slice(x), to = plan.slice(out);
    const VkBufferCopy region{from.offset, to.offset, from.bytes};
    vkCmdCopyBuffer(commands, from.buffer, to.buffer, 1, &region);
  });
  plan.allocate();
  const vulkan::Recording recording = plan.record(Variant::usual, true);
  recording.run("a test");
  expect(out, 8);
  if (test_device().info().timestamps) {
    ASSERT_EQ(recording.timings().size(), 2U);
    EXPECT_EQ(recording.timings()[1].label, "own copy");
  }
}

TEST_F(PlanTest, TransientsShareMemoryAndPlannedBytesAreTaken) {
  const std::uint64_t before = test_device().memory_used();
  const TensorId in = plan.persistent("in", bytes), out = plan.persistent("out", bytes);
  TensorId x = in;
  for (int i = 0; i < 20; ++i) {
    const TensorId next = plan.transient("x", bytes);
    add(x, x, next);
    x = next;
  }
  plan.transient("never used", 1 << 30);
  plan.copy(x, out);
  const std::size_t planned = plan.planned_bytes();
  EXPECT_LE(planned, 4 * bytes + 1024);
  EXPECT_EQ(test_device().memory_used(), before);
  plan.allocate();
  const std::uint64_t used = test_device().memory_used() - before;
  EXPECT_GE(used, planned);
  EXPECT_LE(used, planned + 4096 * 4);
}

TEST_F(PlanTest, MisuseIsRefused) {
  const TensorId in = plan.persistent("in", bytes), other = plan.persistent("other", bytes / 2);
  const TensorId x = plan.transient("x", bytes);
  EXPECT_THROW(plan.transient("empty", 0), std::logic_error);
  EXPECT_THROW(add(x, in, in), std::logic_error) << "read before it is written";
  EXPECT_THROW(plan.copy(in, other), std::logic_error) << "sizes";
  EXPECT_THROW(add(in, in, TensorId::none), std::logic_error);
  EXPECT_THROW(add(in, in, static_cast<TensorId>(99)), std::logic_error);
  EXPECT_THROW(plan.record(Variant::usual), std::logic_error) << "not allocated";
  add(in, in, x);
  plan.allocate();
  EXPECT_THROW(plan.allocate(), std::logic_error);
  EXPECT_THROW(plan.transient("late", 4), std::logic_error);
  EXPECT_THROW(plan.fill(in, 0), std::logic_error);
  EXPECT_THROW(write(x, 1), std::logic_error) << "keeps nothing";
  EXPECT_THROW(plan.read_all<float>(x), std::logic_error);
  const std::vector<float> values(count + 1);
  EXPECT_THROW(plan.write(in, std::as_bytes(std::span(values))), std::logic_error);
  plan.record(Variant::usual).run("a test");
}

// Before anything is allocated: fewer images may do.
TEST(PlanOnALesserDevice, WhatCantBeBoundIsRefused) {
  const LesserDevice lesser("type=discrete,max_storage_range=65536");
  Plan plan(test_programs(), "test plan");
  plan.copy(plan.persistent("copied alone", 4 * 65536), plan.persistent("as well", 4 * 65536));
  EXPECT_NO_THROW(plan.planned_bytes());
  Plan refused(test_programs(), "refused");
  const TensorId a = refused.persistent("a", 65536), b = refused.persistent("b", 2 * 65536);
  refused.dispatch("add", test_programs().get("add", {0}), {1, 1, 1}, gpu::ActivationParams{1, 1, 64, 0, 0},
                   {reads(a), reads(a), writes(b), writes(b)}, 64);
  EXPECT_THROW(refused.planned_bytes(), UserError);
}

TEST_F(PlanTest, RefusedStepsLeaveNoTrace) {
  const TensorId in = plan.persistent("in", bytes), out = plan.persistent("out", bytes);
  const TensorId x = plan.transient("x", bytes);
  EXPECT_THROW(add(in, x, out), std::logic_error);
  add(in, in, x);
  add(x, in, out);
  plan.allocate();
  write(in, 1);
  plan.record(Variant::usual).run("a test");
  expect(out, 3);
  EXPECT_EQ(plan.dispatches(), 2);
}

// More workgroups than one axis takes.
TEST_F(PlanTest, WorkgroupsSpreadOverTwoAxes) {
  EXPECT_EQ(spread_groups(1), (std::array<std::uint32_t, 3>{1, 1, 1}));
  EXPECT_EQ(spread_groups(64 * max_groups_axis), (std::array<std::uint32_t, 3>{65535, 1, 1}));
  EXPECT_EQ(spread_groups(64 * max_groups_axis + 1), (std::array<std::uint32_t, 3>{32768, 2, 1}));
  constexpr int many = 64 * 65535 + 777;
  const TensorId in = plan.persistent("in", many * sizeof(float)), out = plan.persistent("out", many * sizeof(float));
  // One thread an element.
  plan.dispatch("copy", test_programs().get("avg_pool", {0}), spread_groups(many),
                gpu::PoolParams{1, 1, 1, many, 1, many, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0}, {reads(in), writes(out)});
  plan.allocate();
  std::vector<float> values(many);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  plan.write(in, std::as_bytes(std::span(values)));
  plan.record(Variant::usual).run("a test");
  EXPECT_EQ(plan.read_all<float>(out), values);
}

} // namespace
} // namespace convscope
