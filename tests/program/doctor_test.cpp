// `convscope doctor`, as a user runs it.
#include "program/program.h"

#include <set>

namespace convscope {
namespace {

class Doctor : public ProgramTest {};

TEST_F(Doctor, TellsThatThisDeviceIsRight) {
  const Result result = done({"doctor", "--quick", "--json", "-o", "doctor.txt"}, {"doctor.txt"});
  const nlohmann::json json = parse_json(result.out);
  for (const char *key : {"convscope", "device", "quirks", "all_right", "verdict", "counts", "device_lost", "stopped",
                          "checks", "ceilings", "speed", "notes", "seconds", "text"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json.at("all_right"), true) << json.at("verdict");
  EXPECT_FALSE(json.at("device").at("name").get<std::string>().empty());
  EXPECT_TRUE(json.at("ceilings").is_null()) << "--quick";
  EXPECT_TRUE(json.at("speed").empty());

  int right = 0;
  std::set<std::string> groups, kernels;
  for (const auto &check : json.at("checks")) {
    groups.insert(check.at("group"));
    for (const std::string kernel : check.at("kernels"))
      kernels.insert(kernel);
    if (check.at("outcome") != "right") {
      EXPECT_EQ(check.at("outcome"), "not run") << check;
      EXPECT_FALSE(check.at("note").get<std::string>().empty()) << check;
      continue;
    }
    ++right;
    EXPECT_LE(check.at("error"), check.at("tolerance"));
  }
  EXPECT_EQ(json.at("counts").at("right"), right);
  EXPECT_GT(right, 40);
  EXPECT_GT(kernels.size(), 40U);
  for (const char *group : {"convolution", "op", "parameters", "transform", "Adam", "optimization", "net"})
    EXPECT_EQ(groups.count(group), 1U) << group;

  const std::string text = bytes("doctor.txt"), verdict = json.at("verdict");
  EXPECT_NE(text.find(verdict), std::string::npos);
  EXPECT_NE(text.find(json.at("device").at("name").get<std::string>()), std::string::npos);
}

TEST_F(Doctor, BadOptionsAreRefused) {
  refused({"doctor", "--quik"}, {"--quik", "--quick"});
  refused({"doctor", "--quick", "-o", "no/such/folder.json"}, {"no/such/folder.json"});
  refused({"doctor", "--quick", "--device", "no such device"}, {"no such device"});
  refused({"doctor", "vgg16"}, {"vgg16"});
}

} // namespace
} // namespace convscope
