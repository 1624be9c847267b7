// A device that is lost in the midst of work: one line that says where.
#ifdef CONVSCOPE_FAULTS

#include "program/program.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace convscope {
namespace {

class LostDeviceTest : public ProgramTest {};

TEST_F(LostDeviceTest, TheLineSaysWhichStepsWereRunning) {
  put("fault", "device");
  const Environment lost{{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", path("fault").string()}};
  const std::vector<float> values(3 * 64 * 64, 0.5F);
  put_npy("x.npy", "<f4", "(1, 3, 64, 64)",
          {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)});
  const Result result =
      run({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "conv2", "-o", "act.npy"}, lost);
  EXPECT_EQ(result.status, 3) << result.told;
  EXPECT_NE(result.err.find("the Vulkan device was lost while "), std::string::npos) << result.told;
  EXPECT_NE(result.err.find(" of the recording "), std::string::npos) << result.told;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << "one line: " << result.told;
  EXPECT_EQ(files(), (std::set<std::string>{"fault", "x.npy"}));
}

TEST_F(LostDeviceTest, TheDoctorTellsWhenAndTriesNoMore) {
  put("fault", "device");
  const Environment lost{{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", path("fault").string()}};
  const Result result = run({"doctor", "--quick", "--json"}, lost);
  EXPECT_EQ(result.status, 3) << result.told;
  const auto report = nlohmann::json::parse(result.out);
  EXPECT_EQ(report.at("device_lost"), true);
  std::map<std::string, int> outcomes;
  for (const auto &check : report.at("checks"))
    ++outcomes[check.at("outcome")];
  EXPECT_EQ(outcomes.at("failed"), 1);
  EXPECT_GT(outcomes.at("not run"), 50);
  EXPECT_EQ(outcomes.size(), 2U);
}

} // namespace
} // namespace convscope

#endif
