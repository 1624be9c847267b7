// The doctor's checks: right on this device, wrong where a kernel is, and their table is the reference's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "computations.h"
#include "doctor/checks.h"
#include "doctor/doctor.h"
#include "doctor/kernel_cases.h"
#include "shaders.h"
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
  for (const auto computations : {kernel_computations, step_computations, objective_computations, net_computations})
    for (const Computation &computation : computations()) {
      EXPECT_TRUE(seen.insert(computation.key).second) << computation.key << " is there twice";
      const RightValue *const row = find_right_value(right_values(), computation.key);
      ASSERT_TRUE(row) << computation.key << ": run convscope-right-values";
      const Summary summary = summarize(std::span<const double>(computation.values.data));
      EXPECT_LT(difference(summary, row->summary), 1e-8) << computation.key;
    }
  EXPECT_EQ(seen.size(), right_values().size());
}

// Nodes of one name would share their weights.
TEST_F(DoctorTest, NodesHaveNamesOfTheirOwn) {
  for (const KernelCase &of : all_kernel_cases()) {
    std::set<std::string> names;
    for (const Node &node : of.graph.nodes)
      EXPECT_TRUE(names.insert(node.name).second) << of.title() << " > " << node.name;
  }
}

TEST_F(DoctorTest, NoReluDecidesByRounding) {
  const std::vector<std::string> close = close_decisions();
  EXPECT_TRUE(close.empty()) << fmt::format("{}", fmt::join(close, "\n"));
}

// Run once for all tests: what came of each check on this device.
const std::vector<CheckResult> &results() {
  static const std::vector<CheckResult> all = [] {
    std::vector<CheckResult> made;
    for (const Check &check : all_checks(device().info()))
      if (std::optional<CheckResult> result = run_check(check, programs(), right_values()))
        made.push_back(std::move(*result));
    return made;
  }();
  return all;
}

TEST_F(DoctorTest, AllIsRightHere) {
  int run = 0;
  for (const CheckResult &result : results()) {
    if (result.outcome == Outcome::not_run)
      continue;
    ++run;
    EXPECT_EQ(result.outcome, Outcome::right) << result.title() << ": " << result.error << " where " << result.tolerance
                                              << " is allowed; " << result.where << result.note;
    EXPECT_EQ(result.kernels.empty(), result.group == "net") << result.title(); // a net's are all of them
  }
  EXPECT_GT(run, 40);
}

// As Intel's GPUs do: what counts on a subgroup's width is not run there, whoever asks for it.
TEST(DoctorOnALesserDevice, ConvolutionsAreRightWhereSubgroupsAreNarrowerThanReported) {
  vulkan::DeviceOptions options;
  options.validation = true;
  options.limits = "type=discrete,subgroup_size=16";
  const vulkan::Device narrow(options);
  if (narrow.info().subgroup_fixed())
    GTEST_SKIP() << "this device does not say how wide its subgroups may be";
  vulkan::Programs made(narrow);
  int run = 0;
  for (const Check &check : kernel_checks(narrow.info())) {
    if (check.backend != "broadcast" && check.backend != "gemm" && check.backend != "columns")
      continue;
    if (const std::optional<CheckResult> result = run_check(check, made, right_values())) {
      ++run;
      EXPECT_EQ(result->outcome, Outcome::right) << result->title() << ": " << result->where;
    }
  }
  EXPECT_GT(run, 0);
  EXPECT_EQ(vulkan::total_validation_messages(), 0);
}

// But for the probes of speed, and what draws in the viewer's textures.
TEST_F(DoctorTest, EveryKernelIsChecked) {
  std::set<std::string> checked;
  for (const CheckResult &result : results())
    checked.insert(result.kernels.begin(), result.kernels.end());
  for (const auto &file : std::filesystem::directory_iterator(CONVSCOPE_SOURCE_DIR "/shaders")) {
    const std::string name = file.path().stem().string();
    const bool of_doubles = name.starts_with("exact_") && !device().info().shader_float64;
    if (file.path().extension() != ".comp" || name.starts_with("probe_") || name.starts_with("tile") || of_doubles ||
        shader(name).empty() || // this build's glslang does not know matrices
        name == "fourier")      // where VkFFT does not compile
      continue;
    EXPECT_TRUE(checked.count(name) == 1) << name << " is in no check";
  }
}

const Check &check_named(const std::vector<Check> &checks, const std::string &title, const std::string &backend = {}) {
  for (const Check &check : checks)
    if (check.title() == title && check.backend == backend)
      return check;
  throw std::logic_error("no check " + title);
}

TEST_F(DoctorTest, AnotherRightValueIsMissed) {
  std::vector<RightValue> table(right_values().begin(), right_values().end());
  const std::vector<Check> checks = all_checks(device().info());
  const Check &check = check_named(checks, "op, layers");
  for (RightValue &row : table)
    if (row.name == "op, layers > gradient")
      row.summary.projections[2] += 1e-4 * row.summary.norm;
  const CheckResult result = run_check(check, programs(), table).value();
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_EQ(result.where, "gradient");
  EXPECT_NEAR(result.error, 1e-4, 1e-5);
  table.clear();
  EXPECT_EQ(run_check(check, programs(), table).value().outcome, Outcome::failed);
}

// As a driver's compiler may: additions of floats subtract instead.
std::vector<std::uint32_t> spoiled(std::string_view name) {
  constexpr std::uint32_t add = 129, subtract = 131, first_instruction = 5;
  const auto code = shader(name);
  std::vector<std::uint32_t> words(code.begin(), code.end());
  bool any = false;
  for (std::size_t at = first_instruction; at < words.size(); at += words[at] >> 16)
    if ((words[at] & 0xffffU) == add) {
      words[at] = (words[at] & 0xffff0000U) | subtract;
      any = true;
    }
  if (!any)
    throw std::logic_error("no addition");
  return words;
}

TEST_F(DoctorTest, AWrongKernelIsFound) {
  struct Wrong {
    const char *shader, *title, *backend;
  };
  for (const Wrong &wrong : {Wrong{"conv_direct", "convolution, 3x3 of stride 2", "direct"},
                             {"conv_shared", "convolution, 1x1, long sums", "shared"},
                             {"conv_parts", "convolution, 1x1, long sums", "shared"},
                             {"winograd_output", "convolution, 3x3", "winograd4"},
                             {"avg_pool", "op, pools", ""},
                             {"avg_pool_grad", "op, pools", ""},
                             {"softmax_grad", "op, normalizations", ""},
                             {"transform", "transform, on grey", ""},
                             {"transform_adjoint", "transform, mirrored", ""},
                             {"param_gradient", "parameters, Fourier, 15x14, colours", ""}}) {
    SCOPED_TRACE(wrong.shader);
    vulkan::Programs with_a_wrong_one(device());
    with_a_wrong_one.replace(wrong.shader, spoiled(wrong.shader));
    const std::vector<Check> checks = all_checks(device().info()); // which remember what they have run
    const CheckResult result =
        run_check(check_named(checks, wrong.title, wrong.backend), with_a_wrong_one, right_values()).value();
    EXPECT_EQ(result.outcome, Outcome::wrong) << result.error << result.note;
    EXPECT_EQ(std::count(result.kernels.begin(), result.kernels.end(), wrong.shader), 1);
  }
}

TEST(Summaries, OneWrongElementShows) {
  std::vector<float> values(5000, 1);
  const Summary right = summarize(std::span<const float>(values));
  EXPECT_EQ(difference(right, right), 0);
  values[4321] = 1.01F;
  EXPECT_GT(difference(summarize(std::span<const float>(values)), right), 2e-5);
  values[4321] = NAN;
  EXPECT_TRUE(std::isinf(difference(summarize(std::span<const float>(values)), right)));
}

Diagnosis diagnosis_of(std::vector<CheckResult> checks) {
  Diagnosis diagnosis;
  diagnosis.device.name = "Some GPU";
  diagnosis.device.driver = "some driver";
  diagnosis.device.driver_info = "1.2";
  diagnosis.checks = std::move(checks);
  return diagnosis;
}

CheckResult result_of(const char *name, Outcome outcome, std::optional<Precision> precision = {},
                      const char *note = "") {
  return {.group = "net",
          .name = name,
          .precision = precision,
          .outcome = outcome,
          .error = outcome == Outcome::wrong ? 0.5 : 1e-7,
          .tolerance = 1e-5,
          .where = "gradient",
          .note = note,
          .kernels = {"adam"}};
}

TEST(Verdict, SaysWhatIsWrongAndWhatToDo) {
  using ::testing::HasSubstr;
  using ::testing::Not;
  Diagnosis right = diagnosis_of({result_of("a", Outcome::right)});
  EXPECT_TRUE(right.all_right());
  EXPECT_THAT(verdict(right), HasSubstr("Some GPU computes everything right: 1 checks of 1 kernels"));
  right.stopped = true;
  EXPECT_FALSE(right.all_right());
  EXPECT_THAT(verdict(right), Not(HasSubstr("everything")));

  const Diagnosis wrong = diagnosis_of({result_of("a", Outcome::right), result_of("b", Outcome::wrong)});
  EXPECT_FALSE(wrong.all_right());
  EXPECT_THAT(verdict(wrong), HasSubstr("Some GPU computes wrong: net, b. Do not trust its pictures."));
  EXPECT_THAT(verdict(wrong), HasSubstr("Update the driver (some driver 1.2) first."));
  EXPECT_THAT(verdict(wrong), HasSubstr("--device"));
  const std::string text = diagnosis_text(wrong);
  EXPECT_THAT(text, HasSubstr("WRONG     net, b: gradient: off by 5.0e-01, where 1e-05 is allowed"));
  EXPECT_THAT(text, HasSubstr("kernels: adam"));
  EXPECT_THAT(text, HasSubstr(verdict(wrong)));

  const Diagnosis fast =
      diagnosis_of({result_of("a", Outcome::right), result_of("b", Outcome::wrong, Precision::fast)});
  EXPECT_THAT(verdict(fast), HasSubstr("--precision fp32"));
  EXPECT_THAT(verdict(fast), Not(HasSubstr("--device")));

  Diagnosis lost = diagnosis_of({result_of("a", Outcome::right),
                                 result_of("b", Outcome::failed, {}, "vkQueueSubmit failed: VK_ERROR_DEVICE_LOST"),
                                 result_of("c", Outcome::not_run)});
  lost.lost = true;
  EXPECT_FALSE(lost.all_right());
  EXPECT_THAT(verdict(lost), HasSubstr("Some GPU fails at this: net, b."));
  EXPECT_THAT(verdict(lost), HasSubstr("what follows was not tried"));
  EXPECT_THAT(diagnosis_text(lost), HasSubstr("FAILED    net, b: vkQueueSubmit failed: VK_ERROR_DEVICE_LOST"));
}

// Others may use a device's memory: that says nothing of its driver.
TEST(Verdict, FullMemoryIsNotTheDriversFault) {
  using ::testing::HasSubstr;
  using ::testing::Not;
  CheckResult full = result_of("b", Outcome::failed, {}, "no room on Some GPU for weights: needs 9 MiB");
  full.no_room = true;
  const Diagnosis no_room = diagnosis_of({result_of("a", Outcome::right), full});
  EXPECT_FALSE(no_room.all_right());
  EXPECT_THAT(verdict(no_room), HasSubstr("Some GPU has no room for this: net, b. Close other programs"));
  EXPECT_THAT(verdict(no_room), HasSubstr("The other 1 checks of 1 kernels are right."));
  EXPECT_THAT(verdict(no_room), Not(HasSubstr("driver")));

  const Diagnosis wrong_too = diagnosis_of({full, result_of("c", Outcome::wrong)});
  EXPECT_THAT(verdict(wrong_too), HasSubstr("Some GPU computes wrong: net, c."));
  EXPECT_THAT(verdict(wrong_too), HasSubstr("has no room for this: net, b."));
}

// AlexNet's weights do not fit where an allocation may have so little.
TEST(DoctorOnALesserDevice, SaysThatThereIsNoRoom) {
  vulkan::DeviceOptions options;
  options.validation = true;
  options.limits = "max_allocation=1048576";
  const vulkan::Device device(options);
  vulkan::Programs programs(device);
  int without_room = 0;
  for (const Check &check : net_checks(device.info()))
    if (const auto result = run_check(check, programs, right_values())) {
      EXPECT_EQ(result->no_room, result->outcome == Outcome::failed) << result->note;
      without_room += result->no_room ? 1 : 0;
    }
  EXPECT_GT(without_room, 0);
  EXPECT_EQ(vulkan::total_validation_messages(), 0);
}

} // namespace
} // namespace convscope::doctor
