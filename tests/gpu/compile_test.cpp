// What AMD's compiler makes of every kernel: the binary runs as ever, on the null device of Mesa's RADV, which compiles
// but doesn't run. Nothing here says that a GPU gives right results, or how fast.
#include <array>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "gpu/captured.h"
#include "program/program.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

// Of GCN, whose registers spill first, and of RDNA 2.
constexpr std::array<const char *, 2> families = {"polaris10", "navi23"};

// No spill and nothing of a function in memory; two waves or more a SIMD of GCN; two workgroups a compute unit.
struct Limit {
  const char *statistic; // as RADV names it
  double most;
};
constexpr std::array<Limit, 5> limits = {
    {{"VGPRs", 128}, {"Spilled VGPRs", 0}, {"Spilled SGPRs", 0}, {"Scratch size", 0}, {"LDS size", 32768}}};

fs::path manifest() {
  for (const char *folder : {"/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"})
    for (const char *name : {"radeon_icd.x86_64.json", "radeon_icd.aarch64.json", "radeon_icd.json"})
      if (fs::path file = fs::path(folder) / name; fs::exists(file))
        return file;
  return {};
}

std::string excess_of(const Executable &executable) {
  std::string told;
  for (const Limit &limit : limits) {
    const auto found = executable.statistics.find(limit.statistic);
    if (found == executable.statistics.end())
      told += fmt::format(" no {}", limit.statistic);
    else if (found->second > limit.most)
      told += fmt::format(" {} {}, at most {}", limit.statistic, found->second, limit.most);
  }
  return told;
}

class Compile : public ProgramTest {
protected:
  void SetUp() override {
    if (manifest().empty())
      GTEST_SKIP() << "no manifest of RADV (Mesa's driver for AMD's GPUs)";
  }

  // Runs a command for a GPU of the family, and holds each pipeline against the limits.
  void compiles(const std::string &family, const Arguments &arguments) {
    const fs::path file = path(fmt::format("capture{}", ++captures_));
    const std::string driver = manifest().string();
    const Result result = run(arguments, {{"LD_PRELOAD", CONVSCOPE_CAPTURE_LIBRARY},
                                          {"CONVSCOPE_CAPTURE", file.string()},
                                          {"CONVSCOPE_CACHE", path("cache").string()},
                                          {"CONVSCOPE_VALIDATION", "0"}, // which knows nothing of commands left out
                                          {"MESA_SHADER_CACHE_DISABLE", "true"},
                                          {"RADV_FORCE_FAMILY", family},
                                          {"VK_DRIVER_FILES", driver},
                                          {"VK_ICD_FILENAMES", driver}});
    ASSERT_EQ(result.status, 0) << result.told;
    const Capture capture = read_capture(file);
    ASSERT_TRUE(capture.statistics) << result.told;
    EXPECT_FALSE(capture.pipelines.empty()) << result.told;
    EXPECT_EQ(capture.failures, std::vector<std::string>{}) << result.told;
    EXPECT_EQ(capture.unfinished, std::vector<std::string>{}) << result.told;
    for (const CapturedPipeline &pipeline : capture.pipelines) {
      EXPECT_FALSE(pipeline.executables.empty()) << pipeline.name;
      for (const Executable &executable : pipeline.executables)
        if (const std::string excess = excess_of(executable); !excess.empty() && told_.insert(pipeline.name).second)
          ADD_FAILURE() << pipeline.name << " on " << family << ":" << excess;
    }
  }

private:
  int captures_ = 0;
  std::set<std::string> told_; // once of each
};

struct Net {
  std::string name, model;
};

const std::vector<Net> nets = {
    {"vgg16", "vgg16"},
    {"alexnet", "alexnet"},
    {"inceptionv1", shared_data("nets/inceptionv1.onnx").string()},
    {"squeezenet", shared_data("nets/squeezenet1.1.onnx").string()},
    {"mobilenetv2", shared_data("nets/mobilenetv2-features.onnx").string()},
    {"resnet50v2", shared_data("nets/resnet50v2-stage3.onnx").string()},
};

class CompileNet : public Compile, public testing::WithParamInterface<std::tuple<const char *, std::size_t>> {};

TEST_P(CompileNet, InEveryPrecision) {
  const auto [family, index] = GetParam();
  const Net &net = nets[index];
  if (net.model != net.name && !fs::exists(net.model))
    GTEST_SKIP() << "no " << net.model;
  for (const char *precision : {"fp32", "fast", "fp16"})
    compiles(family, {"bench", "--model", net.model, "--precision", precision, "--size", "224", "--recipe", "lucid",
                      "--runs", "1"});
}

INSTANTIATE_TEST_SUITE_P(Gpu, CompileNet,
                         testing::Combine(testing::ValuesIn(families), testing::Range(std::size_t{0}, nets.size())),
                         [](const auto &instance) {
                           return std::string(std::get<0>(instance.param)) + "_" +
                                  nets[std::get<1>(instance.param)].name;
                         });

class CompileCommand : public Compile, public testing::WithParamInterface<const char *> {};

TEST_P(CompileCommand, EachOne) {
  const std::string family = GetParam();
  const Arguments small = {"--size", "64", "--steps", "2"};
  const auto with = [](Arguments arguments, const Arguments &more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  put_npy("x.npy", "<f4", "(2, 3, 67, 59)", std::string(std::size_t{2} * 3 * 67 * 59 * 4, '\0'));

  compiles(family, {"features", "--offscreen", "--model", "vgg16", "--image", cat_photo, "--layer", "block3_conv1",
                    "-o", "maps.png"});
  const Arguments optimize = {"optimize", "--offscreen", "--model", "alexnet", "-o", "vis.png"};
  compiles(family, with(with(optimize, small), {"--objective", "conv5:1 - 0.5*conv3", "--recipe", "article"}));
  compiles(family, {"replay", "vis.png", "-o", "again.png"});
  compiles(family, with(with(optimize, small), {"--objective", "conv4:1@center", "--objective", "conv3:2@1,2",
                                                "--input-size", "80", "--colours", "rgb"}));
  compiles(family, with(with(optimize, small), {"--objective", "conv2:1", "--parameterization", "pixel"}));
  compiles(
      family,
      with({"strip", "--model", "vgg16", "--image", cat_photo, "--objective", "block2_conv2:3", "-o", "s.png"}, small));
  compiles(family,
           {"classify", "--model", repository("tests/cases/keras/multilabel/model.keras"), "--image", cat_photo});
  for (const char *model : {"vgg16", "alexnet"}) {
    const std::string layer = model == std::string("vgg16") ? "block3_conv3" : "conv5";
    compiles(family, {"activations", "--model", model, "--input", "x.npy", "--layer", layer, "-o", "act.npy"});
    compiles(family, {"gradient", "--model", model, "--input", "x.npy", "--objective", layer + ":7", "-o", "grad.npy"});
  }
  compiles(family, {"tune", "--model", "alexnet", "--size", "64"});
}

// Ops that the large nets have not: resized maps, attention, reductions, moves.
TEST_P(CompileCommand, BenchOfSmallNets) {
  for (const char *model : {"sizes/u_net_resized_dynamo/net.onnx", "sizes/windows_dynamo/net.onnx",
                            "sizes/attention_expanded_dynamo/net.onnx", "keras/reductions/model.keras",
                            "keras/moves/model.keras", "keras/channels_first/model.keras"})
    compiles(GetParam(), {"bench", "--precision", "fp32", "--model", repository(std::string("tests/cases/") + model),
                          "--runs", "1", "--size", "64"});
}

INSTANTIATE_TEST_SUITE_P(Gpu, CompileCommand, testing::ValuesIn(families),
                         [](const auto &instance) { return std::string(instance.param); });

} // namespace
} // namespace convscope
