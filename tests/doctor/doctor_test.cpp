// The doctor's checks: right on this device, wrong where a kernel is, and their table is the reference's.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "computations.h"
#include "doctor/checks.h"
#include "vulkan/device.h"

namespace convscope::doctor {
namespace {

const vulkan::Device &device() {
  static const vulkan::Device opened([] {
    vulkan::DeviceOptions options;
    options.validation = true;
    return options;
  }());
  return opened;
}

vulkan::Programs &programs() {
  static vulkan::Programs made(device());
  return made;
}

class DoctorTest : public ::testing::Test {
protected:
  void TearDown() override { EXPECT_EQ(vulkan::total_validation_messages(), 0); }
};

TEST_F(DoctorTest, TheTableIsTheReferences) {
  std::set<std::string> seen;
  for (const auto computations : {kernel_computations, step_computations, net_computations})
    for (const Computation &computation : computations()) {
      EXPECT_TRUE(seen.insert(computation.key).second) << computation.key << " is there twice";
      const RightValue *const row = find_right_value(right_values(), computation.key);
      ASSERT_TRUE(row) << computation.key << ": run convscope-right-values";
      const Summary summary = summarize(std::span<const double>(computation.values.data));
      EXPECT_LT(difference(summary, row->summary), 1e-8) << computation.key;
    }
  EXPECT_EQ(seen.size(), right_values().size());
}

TEST_F(DoctorTest, NoReluDecidesByRounding) {
  const std::vector<std::string> close = close_decisions();
  EXPECT_TRUE(close.empty()) << fmt::format("{}", fmt::join(close, "\n"));
}

TEST_F(DoctorTest, AllIsRightHere) {
  int run = 0;
  for (const Check &check : all_checks(device().info())) {
    const std::optional<CheckResult> result = run_check(check, programs(), right_values());
    if (!result || result->outcome == Outcome::not_run)
      continue;
    ++run;
    EXPECT_EQ(result->outcome, Outcome::right)
        << result->title() << " " << result->backend << ": " << result->error << " where " << result->tolerance
        << " is allowed; " << result->where << result->note;
    if (std::getenv("DOCTOR_VERBOSE"))
      fmt::print("{:50} {:18} {:.2e} of {:.0e}\n", result->title(), result->backend, result->error, result->tolerance);
    EXPECT_FALSE(result->kernels.empty());
  }
  EXPECT_GT(run, 40);
}

} // namespace
} // namespace convscope::doctor
