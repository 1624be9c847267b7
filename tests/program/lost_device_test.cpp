// A device that is lost in the midst of work: one line that says where.
#ifdef CONVSCOPE_FAULTS

#include "program/program.h"

#include <gtest/gtest.h>

namespace convscope {
namespace {

class LostDeviceTest : public ProgramTest {};

TEST_F(LostDeviceTest, TheLineSaysWhichStepsWereRunning) {
  put("fault", "device");
  const Environment lost{{"LD_PRELOAD", CONVSCOPE_FAULTS}, {"CONVSCOPE_FAULT", path("fault").string()}};
  const Result result = run({"bench", "--model", "alexnet", "--size", "64", "--runs", "1"}, lost);
  EXPECT_EQ(result.status, 3) << result.told;
  EXPECT_NE(result.err.find("the Vulkan device was lost while "), std::string::npos) << result.told;
  EXPECT_NE(result.err.find(" of the recording "), std::string::npos) << result.told;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << "one line: " << result.told;
  EXPECT_EQ(files(), (std::set<std::string>{"fault"}));
}

} // namespace
} // namespace convscope

#endif
