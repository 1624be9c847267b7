// A device that is lost in the midst of work: one line that says where.
#ifdef CONVSCOPE_FAULTS

#include "program/program.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

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

} // namespace
} // namespace convscope

#endif
