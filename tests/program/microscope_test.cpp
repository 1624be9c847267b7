// A site of a small net: made, gone on with after kills, in shards, refused, checked by tidy and used in a browser.
#include "program/program.h"

#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#ifndef _WIN32
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "importers/onnx_builder.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

// Names as files may have them: markup, slashes, case, a folder's parent.
OnnxBuilder small_net() {
  OnnxBuilder model({1, 3, 32, 32});
  model.weights("w1", {10, 3, 3, 3});
  set(model.node("Conv", {"x", "w1"}, "<b>\"a\"/Conv"), "pads", std::vector<std::int64_t>{1, 1, 1, 1});
  model.node("Relu", {"<b>\"a\"/Conv"}, "Mixed");
  model.weights("w2", {9, 10, 3, 3});
  set(model.node("Conv", {"Mixed", "w2"}, "mixed"), "pads", std::vector<std::int64_t>{1, 1, 1, 1});
  model.weights("w3", {7, 9, 1, 1});
  model.node("Conv", {"mixed", "w3"}, "../up");
  model.output("../up");
  return model;
}

class Microscope : public ProgramTest {
protected:
  Microscope() { small_net().save(path("net.onnx")); }

  Arguments command(const std::string &site, const Arguments &more = {}) const {
    Arguments all{"microscope", "--model", "net.onnx", "-o", site, "--steps", "6", "--size", "24", "--batch", "2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void expect_same(const std::string &a, const std::string &b) const {
    const auto left = contents_of(path(a)), right = contents_of(path(b));
    EXPECT_GT(left.size(), 60U);
    for (const auto &[name, bytes] : left)
      EXPECT_TRUE(right.contains(name) && right.at(name) == bytes) << name;
    for (const auto &[name, bytes] : right)
      EXPECT_TRUE(left.contains(name)) << name;
  }
  Result made(const Arguments &arguments) const {
    const Result result = run(arguments);
    EXPECT_EQ(result.status, 0) << result.told;
    expect_silent_validation(result);
    return result;
  }
};

TEST_F(Microscope, PreviewsAreRefinedAndNothingIsDoneTwice) {
  const Arguments more{"--negative", "--neuron", "--photo", CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png"};
  made(command("whole", more));
  Arguments preview = command("site", more);
  preview.emplace_back("--preview");
  made(preview);
  made(command("site", more));
  expect_same("whole", "site");
  made(preview); // refined pictures stay
  expect_same("whole", "site");
  const Result again = made(command("site", more));
  EXPECT_NE(again.err.find("81 of 81 pictures are there already"), std::string::npos) << again.told;
  // A picture carries its settings.
  const auto data = parse_json(bytes("site/data/site.json"));
  ASSERT_EQ(data.at("layers").size(), 3U);
  const auto layer = parse_json(bytes("site/data/layers/" + data["layers"][1]["folder"].get<std::string>() + ".json"));
  const auto picture = layer.at("units")[3].at("channel").at("picture").get<std::string>();
  made({"replay", "site/" + picture, "-o", "again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("site/" + picture));
  EXPECT_EQ(layer["units"][3]["before"].size(), 8U);
  EXPECT_EQ(layer["units"][3]["behind"].size(), 7U);
}

TEST_F(Microscope, ShardsMakeTheSameSite) {
  made(command("whole"));
  for (const char *shard : {"2/3", "0/3"})
    made(command("site", {"--shard", shard}));
  const Result early = made(command("site", {"--finish"}));
  EXPECT_NE(early.err.find("not made yet"), std::string::npos) << early.told;
  const Result from_task = run(command("site", {"--shard", "3"}), {{"SLURM_ARRAY_TASK_ID", "1"}});
  EXPECT_EQ(from_task.status, 0) << from_task.told;
  made(command("site", {"--finish"}));
  expect_same("whole", "site");
}

TEST_F(Microscope, RefusesWhatItCantUse) {
  put("file", "x");
  fs::create_directories(path("papers"));
  put("papers/thesis.tex", "x");
  refused(command("file"), {"-o file", "folder"});
  refused(command("papers"), {"-o papers", "thesis.tex"});
  refused(command("site", {"--layers", "mixd"}), {"mixd", "ixed"});
  refused(command("site", {"--channels", "99"}), {"99"});
  refused(command("site", {"--shard", "3/3"}), {"--shard", "0 to 2"});
  refused(command("site", {"--shard", "x"}), {"--shard"});
  refused({"microscope", "--model", "net.onnx", "-o", "site", "--size", "9999"}, {"--size"});
  refused({"microscope", "--model", "net.onnx", "-o", "site", "--steps", "0"}, {"--steps"});
  made(command("other", {"--layers", "mixed", "--channels", "0"}));
  refused({"microscope", "--model", "alexnet", "-o", "other", "--steps", "1"}, {"other", "another net"});
}

#ifndef _WIN32
TEST_F(Microscope, AKilledRunGoesOnToTheSameSite) {
  made(command("whole", {"--negative"}));
  const char *wish = std::getenv("CONVSCOPE_KILLS");
  const int most = wish ? std::atoi(wish) : 5;
  std::mt19937 random(7);
  int killed = 0;
  for (int round = 0; round < most; ++round) {
    const pid_t child = start(command("site", {"--negative"}));
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random() % 900));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    killed += WIFSIGNALED(status) ? 1 : 0;
  }
  EXPECT_GE(killed, 1);
  made(command("site", {"--negative"}));
  expect_same("whole", "site");
}

TEST_F(Microscope, TwoProcessesDoNotShareASite) {
  const pid_t child = start({"microscope", "--model", "net.onnx", "-o", "site", "--steps", "100000"});
  for (int i = 0; i < 600 && !fs::exists(path("site/index.html")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const Result second = run(command("site"));
  EXPECT_EQ(second.status, 2) << second.told;
  EXPECT_NE(second.err.find("another convscope is at work"), std::string::npos) << second.told;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  made(command("site", {"--layers", "mixed"})); // the lock went with it
}

bool has_program(const std::string &name) { return std::system(("command -v " + name + " >/dev/null").c_str()) == 0; }

TEST_F(Microscope, PagesAreWellFormed) {
  if (!has_program("tidy"))
    GTEST_SKIP() << "tidy is not installed";
  made(command("site", {"--photo", CONVSCOPE_SOURCE_DIR "/docs/photos/chelsea.png"}));
  for (const auto &[name, text] : contents_of(path("site")))
    if (name.ends_with(".html")) {
      const std::string told = path("told").string();
      EXPECT_EQ(std::system(("tidy -q -e '" + path("site/" + name).string() + "' 2>'" + told + "'").c_str()), 0)
          << name << ": " << read_bytes(told);
    }
}

TEST_F(Microscope, IsUsedInABrowser) {
  if (!has_program("chromium") || !has_program("python3"))
    GTEST_SKIP() << "chromium or python3 is not installed";
  made(command("site", {"--negative", "--neuron"}));
  for (const std::string layer : {"mixed", "../up"}) {
    const std::string told = path("told").string();
    const std::string call = "python3 '" CONVSCOPE_SOURCE_DIR "/tests/program/browser/site_check.py' '" +
                             path("site").string() + "' '" + layer + "' 3 >'" + told + "' 2>&1";
    EXPECT_EQ(std::system(call.c_str()), 0) << layer << ": " << read_bytes(told);
  }
}
#endif

} // namespace
} // namespace convscope
