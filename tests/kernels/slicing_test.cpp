// How runs of a plan are cut into submits: as arithmetic, and on the device.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "kernels/device.h"
#include "params.h"
#include "plan/layout.h"
#include "plan/plan.h"
#include "plan/sliced_run.h"
#include "plan/slicing.h"
#include "shaders.h"
#include "vulkan/breadcrumbs.h"
#include "vulkan/memory_room.h"
#include "vulkan/spirv.h"

namespace convscope {
namespace {

constexpr double everything = std::numeric_limits<double>::infinity();

TEST(SlicingTest, SlicesTakeWholeStepsAndPartsOfLongOnes) {
  const std::vector<StepSize> steps{{4, 10}, {4, 10}, {25, 10}, {1, 10}, {30, 1}, {0, 1}};
  const std::vector<Cut> cuts = all_cuts(steps, 10);
  const std::vector<Cut> expected{{2, 0}, {2, 4}, {2, 7}, {4, 0}, {5, 0}, {6, 0}};
  EXPECT_EQ(cuts, expected);
  EXPECT_EQ(all_cuts(steps, everything), (std::vector<Cut>{{6, 0}}));
  EXPECT_TRUE(all_cuts({}, 10).empty());
}

TEST(SlicingTest, WhatRunsAloneHasASliceOfItsOwn) {
  const std::vector<StepSize> steps{{1, 1}, {1, 1, true}, {1, 1, true}, {1, 1}, {1, 1}};
  EXPECT_EQ(all_cuts(steps, 10), (std::vector<Cut>{{1, 0}, {2, 0}, {3, 0}, {5, 0}}));
}

// Whatever the limit, slices are all the work, in order, and only what can't be divided is longer than it.
TEST(SlicingTest, SlicesAreAllOfTheWork) {
  std::vector<StepSize> steps;
  for (std::uint32_t i = 0; i < 60; ++i)
    steps.push_back({double(i * i % 37) + 0.5, i % 7 * i + 1, i % 11 == 0});
  const double all = work_between(steps, {}, {steps.size(), 0});
  for (const double each : {0.01, 0.7, 3.0, 40.0, 1e3}) {
    Cut from;
    double sum = 0;
    for (const Cut &to : all_cuts(steps, each)) {
      ASSERT_TRUE(to.step > from.step || (to.step == from.step && to.unit > from.unit));
      const double work = work_between(steps, from, to);
      const StepSize &first = steps[from.step];
      const bool one_unit =
          to == Cut{from.step, from.unit + 1} || (to == Cut{from.step + 1, 0} && from.unit + 1 == first.units);
      EXPECT_TRUE(work <= each * (1 + 1e-9) || one_unit) << work << " of " << each;
      sum += work;
      from = to;
    }
    EXPECT_EQ(from, (Cut{steps.size(), 0}));
    EXPECT_NEAR(sum, all, 1e-9 * all);
  }
}

TEST(SlicingTest, TimesBelongToStepsByTheirWork) {
  const std::vector<StepSize> steps{{1, 4}, {3, 4}, {8, 4}};
  const std::vector<Cut> cuts{{2, 0}, {2, 1}, {3, 0}};
  const std::vector<double> took{8, 10, 20};
  const std::vector<StepSize> timed = timed_steps(steps, cuts, took);
  EXPECT_DOUBLE_EQ(timed[0].work, 2);
  EXPECT_DOUBLE_EQ(timed[1].work, 6);
  EXPECT_DOUBLE_EQ(timed[2].work, 30);
  EXPECT_EQ(timed[2].units, 4U);
}

// A device that does so many operations in a second, at some steps far fewer, and needs some time for each submit.
struct PretendedDevice {
  double flops, slowest, submit_ms = 0.1;
  double milliseconds(const std::vector<StepSize> &steps, Cut from, Cut to) const {
    double ms = submit_ms;
    for (std::size_t i = from.step; i < steps.size() && i <= to.step; ++i) {
      const Cut first = i == from.step ? from : Cut{i, 0}, end = i == to.step ? to : Cut{i + 1, 0};
      ms += work_between(steps, first, end) / flops * (i % 9 == 8 ? slowest : 1) * 1e3;
    }
    return ms;
  }
};

// As SlicedRun does it: the first run by the pace of the slice before, the next by the times of the steps.
TEST(SlicingTest, SubmitsAreShortOnAWeakDeviceAndFewOnAFastOne) {
  std::vector<StepSize> steps; // some 60 GFLOP
  for (int i = 0; i < 60; ++i)
    steps.push_back({i % 5 == 0 ? 4e9 : i % 5 == 1 ? 1e5 : 0.5e9, 3136});
  vulkan::DeviceInfo gpu;
  gpu.type = "integrated";
  const double target = whole_slices(gpu).milliseconds;
  for (const PretendedDevice &device :
       {PretendedDevice{3e9, 4}, PretendedDevice{30e9, 20}, PretendedDevice{1e13, 20}}) {
    std::vector<Cut> cuts;
    std::vector<double> took;
    double work = first_work, longest = 0;
    for (Cut from; from.step < steps.size(); from = cuts.back()) {
      cuts.push_back(next_cut(steps, from, work));
      took.push_back(device.milliseconds(steps, from, cuts.back()));
      longest = std::max(longest, took.back());
      work = next_work(work_between(steps, from, cuts.back()), took.back(), 5);
    }
    EXPECT_LT(longest, 110) << device.flops;
    const std::vector<StepSize> timed = timed_steps(steps, cuts, took);
    const std::vector<Cut> settled = all_cuts(timed, target);
    Cut from;
    double all = 0;
    for (const Cut &to : settled) {
      const double ms = device.milliseconds(steps, from, to);
      EXPECT_LT(ms, 100) << device.flops;
      all += ms;
      from = to;
    }
    EXPECT_LE(double(settled.size()), 2 * all / target + 1) << device.flops << ": many short ones";
  }
}

TEST(SlicingTest, CpusGetAllAtOnce) {
  vulkan::DeviceInfo device;
  device.type = "cpu";
  EXPECT_EQ(whole_slices(device).flops, everything);
  EXPECT_EQ(whole_slices(device).milliseconds, 0);
  EXPECT_EQ(whole_slices(device).in_flight, 1U);
  device.type = "discrete";
  EXPECT_GT(whole_slices(device).in_flight, 1U);
  EXPECT_EQ(live_slices(device).in_flight, 1U) << "a frame waits until nothing computes";
  EXPECT_LT(live_slices(device).milliseconds, whole_slices(device).milliseconds);
}

// Each shader that counts on gl_NumWorkGroups does it in a way that parts of its workgroups can be run by.
TEST(SlicingTest, WhatShadersCountOnIsKnown) {
  int shaders = 0;
  for (const auto &entry : std::filesystem::directory_iterator(CONVSCOPE_SOURCE_DIR "/shaders")) {
    const auto code = shader(entry.path().stem().string());
    if (entry.path().extension() != ".comp" || code.empty())
      continue;
    ++shaders;
    EXPECT_GE(vulkan::reflect(code).layer_axis, 0) << entry.path();
  }
  EXPECT_GT(shaders, 30);
  EXPECT_EQ(vulkan::reflect(shader("add")).layer_axis, 1);
  EXPECT_EQ(vulkan::reflect(shader("conv_direct")).layer_axis, 2);
}

// gl_NumWorkGroups.y in the place of x: its workgroups can't be run by parts.
TEST(SlicingTest, CountsOfOtherAxesAreNoLayers) {
  constexpr std::uint32_t constant = 43, access_chain = 65, decorate = 71, first_instruction = 5;
  constexpr std::uint32_t built_in = 11, workgroup_count = 24;
  const auto code = shader("add");
  std::vector<std::uint32_t> words(code.begin(), code.end());
  std::uint32_t counts = 0, one = 0;
  int changed = 0;
  for (std::size_t at = first_instruction; at < words.size(); at += words[at] >> 16) {
    const std::uint32_t op = words[at] & 0xffffU;
    if (op == decorate && words[at + 2] == built_in && words[at + 3] == workgroup_count)
      counts = words[at + 1];
    else if (op == constant && words[at + 3] == 1)
      one = words[at + 2];
    else if (op == access_chain && words[at + 3] == counts && one != 0) {
      words[at + 4] = one;
      ++changed;
    }
  }
  ASSERT_GT(changed, 0);
  EXPECT_EQ(vulkan::reflect(words).layer_axis, -1);
}

TEST(SlicingTest, DoublesTakeTheirTime) {
  EXPECT_TRUE(vulkan::reflect(shader("exact_conv")).doubles);
  EXPECT_FALSE(vulkan::reflect(shader("conv_direct")).doubles);
}

class SlicedRunTest : public ::testing::Test {
protected:
  static constexpr int count = 64 * 5 + 5, adds = 6;
  Plan plan{test_programs(), "sliced plan"};
  TensorId in = plan.persistent("in", count * sizeof(float)), sum = plan.persistent("sum", count * sizeof(float));

  // sum = sum + in, `adds` times, so that what is left out or done twice shows
  SlicedRunTest() {
    for (int i = 0; i < adds; ++i)
      plan.dispatch("add", test_programs().get("add", {0}), spread_groups(count),
                    gpu::ActivationParams{1, 1, count, 0, 0}, {reads(sum), reads(in), updates(sum), updates(sum)},
                    count);
    plan.allocate();
    const std::vector<float> ones(count, 1), zeros(count, 0);
    plan.write(in, std::as_bytes(std::span(ones)));
    plan.write(sum, std::as_bytes(std::span(zeros)));
  }
  void expect_sum(int runs) { EXPECT_EQ(plan.read_all<float>(sum), std::vector<float>(count, float(runs * adds))); }
};

TEST_F(SlicedRunTest, StepsOfOneRowAreCutToo) {
  Slicing slicing;
  slicing.flops = count / 3.0;
  SlicedRun run(plan, Variant::usual, slicing, true);
  EXPECT_EQ(run.slices(), std::size_t{3 * adds});
  run.run("a test");
  run.run("a test");
  expect_sum(2);
  if (test_device().info().timestamps) {
    EXPECT_EQ(run.timings().size(), std::size_t{adds}) << "a step each, though it ran in parts";
  }
}

TEST_F(SlicedRunTest, ByTimeEveryRunIsTheWholePlan) {
  for (const double milliseconds : {1e-4, 0.5, 1e4})
    for (const std::size_t in_flight : {1U, 2U, 5U}) {
      const std::vector<float> zeros(count, 0);
      plan.write(sum, std::as_bytes(std::span(zeros)));
      Slicing slicing;
      slicing.milliseconds = milliseconds;
      slicing.in_flight = in_flight;
      SlicedRun run(plan, Variant::usual, slicing);
      vulkan::Flight flight(test_device(), in_flight);
      for (int i = 0; i < 5; ++i)
        while (!run.advance(flight, "a test")) {
        }
      flight.land();
      expect_sum(5);
      if (milliseconds > 1) {
        EXPECT_EQ(run.slices(), 1U);
      }
    }
}

TEST_F(SlicedRunTest, AnEmptyPlanRuns) {
  Plan nothing(test_programs(), "nothing");
  nothing.allocate();
  SlicedRun run(nothing, Variant::usual, {});
  run.run("a test");
  EXPECT_EQ(run.slices(), 0U);
}

// What was recorded, and which of it ran when a device was lost.
TEST(BreadcrumbsTest, TellWhichStepsWereRunning) {
  vulkan::Trail trail("optimization", nullptr);
  trail.add_mark(7);
  trail.add_step("conv1", "conv_shared[1,3]");
  trail.add_mark(8);
  trail.add_step("pool1", "max_pool");
  trail.add_step("conv2", "conv_shared[1,5]");
  trail.add_step("FFT", "");
  trail.add_mark(9);
  EXPECT_EQ(trail.whereabouts(7), "at conv1 (conv_shared[1,3]) of the recording optimization");
  EXPECT_EQ(trail.whereabouts(8), "between pool1 (max_pool) and FFT of the recording optimization");
  EXPECT_EQ(trail.whereabouts(9), "at the end of the recording optimization");
  EXPECT_EQ(trail.whereabouts(6), "before the first step of the recording optimization");
  vulkan::Trail unmarked("features", nullptr); // as on a CPU
  unmarked.add_step("conv1", "conv_broadcast");
  EXPECT_EQ(unmarked.whereabouts(), "at conv1 (conv_broadcast) of the recording features");
  EXPECT_FALSE(unmarked.holds_mark());
}

TEST(BreadcrumbsTest, TheDeviceLeavesThem) {
  vulkan::Breadcrumbs crumbs(test_device());
  vulkan::Trail trail("marked", &crumbs), other("other", &crumbs);
  EXPECT_EQ(crumbs.last(), 0U);
  vulkan::Recording recording(test_device(), "marked");
  std::vector<std::uint32_t> values;
  for (int i = 0; i < 3; ++i) {
    recording.custom([&](VkCommandBuffer commands) { values.push_back(crumbs.drop(commands)); }, "mark");
    trail.add_mark(values.back());
    trail.add_step("a step", "");
    recording.barrier();
  }
  recording.finish();
  recording.run("a test");
  EXPECT_EQ(crumbs.last(), values.back());
  EXPECT_TRUE(trail.holds_mark());
  EXPECT_FALSE(other.holds_mark());
}

TEST(FlightTest, LandsInOrderAndNeverTheSameTwice) {
  const vulkan::Device &device = test_device();
  std::vector<vulkan::Recording> recordings;
  for (int i = 0; i < 3; ++i) {
    recordings.emplace_back(device, "flight");
    recordings.back().finish();
  }
  std::vector<int> landed;
  vulkan::Flight flight(device, 3);
  for (const int i : {0, 1, 1, 2, 0, 2})
    recordings[std::size_t(i)].submit(flight, "a test", [&, i](double milliseconds) {
      EXPECT_GE(milliseconds, 0);
      landed.push_back(i);
    });
  flight.land();
  EXPECT_EQ(landed, (std::vector<int>{0, 1, 1, 2, 0, 2}));
}

TEST(FlightTest, LandsForAFrame) {
  const vulkan::Device &device = test_device();
  vulkan::Recording one(device, "flight"), other(device, "flight");
  one.finish();
  other.finish();
  vulkan::Flight flight(device, 2);
  one.submit(flight, "a test");
  using std::chrono::milliseconds;
  EXPECT_FALSE(device.turns().begin_frame(milliseconds(0))) << "one is in the air";
  bool drawn = false;
  std::thread frame([&] {
    for (int i = 0; i < 1000 && !drawn; ++i)
      drawn = device.turns().begin_frame(milliseconds(10));
    device.turns().end_frame();
  });
  other.submit(flight, "a test"); // which waits for the frame, which waits for the first
  frame.join();
  EXPECT_TRUE(drawn);
  flight.land();
}

TEST(MemoryRoomTest, IsWhatTheBudgetLeavesOrAPartOfTheHeap) {
  using vulkan::HeapBudget, vulkan::room_in;
  EXPECT_EQ(room_in(1000, 0, {}, false), 900U);
  EXPECT_EQ(room_in(1000, 100, {}, true), 650U);
  EXPECT_EQ(room_in(1000, 2000, {}, false), 0U);
  EXPECT_EQ(room_in(1000, 100, HeapBudget{500, 120}, false), 380U) << "others have half of it";
  EXPECT_EQ(room_in(1000, 100, HeapBudget{500, 600}, false), 0U);
  EXPECT_EQ(room_in(1000, 100, HeapBudget{5000, 100}, false), 800U) << "never more than there is";
}

TEST(MemoryRoomTest, WhatDoesNotFitIsRefused) {
  const vulkan::Device &device = test_device();
  EXPECT_LE(device.memory_left(), device.info().memory_bytes);
  EXPECT_GT(device.memory_left(), 0U);
  EXPECT_THROW(vulkan::Buffer(device, device.info().memory_bytes * 2, "far too much"), vulkan::NoRoom);
}

} // namespace
} // namespace convscope
