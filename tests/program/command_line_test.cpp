// Help, the listings, and names that do not exist.
#include "program/program.h"

namespace convscope {
namespace {

using CommandLine = ProgramTest;

const std::vector<std::string> commands = {"features",    "optimize", "strip",  "replay",  "classify",
                                           "activations", "gradient", "layers", "models",  "devices",
                                           "bench",       "tune",     "fetch",  "examples"};
// Programs whose every Vulkan driver is missing.
const Environment no_driver = {{"VK_DRIVER_FILES", "/nowhere/icd.json"}, {"VK_ICD_FILENAMES", "/nowhere/icd.json"}};

TEST_F(CommandLine, HelpNamesEveryCommand) {
  const Result help = done({"--help"});
  for (const std::string &command : commands)
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
  EXPECT_EQ(help.err, "");
}

TEST_F(CommandLine, EveryCommandHasHelp) {
  for (const std::string &command : commands) {
    const Result help = done({command, "--help"});
    EXPECT_NE(help.out.find("--"), std::string::npos) << help.told;
    EXPECT_EQ(help.err, "");
  }
}

TEST_F(CommandLine, Version) {
  const Result version = done({"--version"});
  EXPECT_EQ(version.out.rfind("convscope ", 0), 0u) << version.told;
}

TEST_F(CommandLine, UnknownNamesGetTheNearest) {
  refused({"optimise", "--offscreen"}, {"optimise", "'optimize'"});
  refused({"features", "--offscren", "--model", "alexnet"}, {"--offscren", "--offscreen"});
  refused({"layers", "--model", "vgg61"}, {"vgg61", "vgg16"});
  refused({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv33", "-o", "a.png"},
          {"conv33", "conv3"});
  refused({"optimize", "--offscreen", "--model", "vgg16", "--objective", "block3_cov1:0", "-o", "a.png"},
          {"block3_cov1", "block3_conv1"});
  refused(
      {"optimize", "--offscreen", "--model", "alexnet", "--objective", "conv1:0", "--recipe", "lucdi", "-o", "a.png"},
      {"lucdi", "lucid"});
  refused({"layers", "--model", "alexnet", "--precision", "fp23"}, {"--precision", "fp32"});
  refused({"devices", "--report"}, {"--report"});
}

TEST_F(CommandLine, ChannelsThatDoNotExist) {
  refused({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "--channels",
           "0-64", "-o", "a.png"},
          {"--channels", "conv1", "63"});
  refused({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "--channels",
           "three", "-o", "a.png"},
          {"--channels", "three"});
  refused({"optimize", "--offscreen", "--model", "alexnet", "--objective", "conv2:192", "-o", "a.png"},
          {"conv2", "191"});
  refused({"optimize", "--offscreen", "--model", "alexnet", "--objective", "conv3:0@90,2", "-o", "a.png"},
          {"conv3", "90"});
}

TEST_F(CommandLine, ObjectivesThatDoNotParseTellThePlace) {
  for (const char *objective :
       {"conv1:", "conv1:x", "conv1:1 +", "conv1:1 conv2:2", "conv1:1@3", "0.5.1*conv1:2", ":3"})
    refused({"optimize", "--offscreen", "--model", "alexnet", "--objective", objective, "-o", "a.png"},
            {objective, "column"});
  refused({"optimize", "--offscreen", "--model", "alexnet", "--objective", "", "-o", "a.png"}, {"objective"});
  refused({"optimize", "--offscreen", "--model", "alexnet", "--objective", "logit:cat", "-o", "a.png"}, {"logit"});
}

TEST_F(CommandLine, MissingOptionsAreNamed) {
  refused({"layers"}, {"--model"});
  refused({"features", "--offscreen", "--model", "alexnet", "--layer", "conv1", "-o", "a.png"}, {"--image"});
  refused({"optimize", "--offscreen", "--model", "alexnet", "-o", "a.png"}, {"--objective"});
  refused({"activations", "--model", "alexnet", "--layer", "conv1", "-o", "a.npy"}, {"--input"});
  refused({"replay"}, {});
}

TEST_F(CommandLine, LayersOfTheEmbeddedNets) {
  const Result text = done({"layers", "--model", "vgg16"});
  for (const char *layer : {"block1_conv1", "block3_pool", "block5_conv3"})
    EXPECT_NE(text.out.find(layer), std::string::npos) << text.told;
  const auto json = parse_json(done({"layers", "--model", "alexnet", "--json"}).out);
  const std::string all = json.dump();
  for (const char *layer : {"conv1", "pool2", "conv5"})
    EXPECT_NE(all.find(std::string("\"name\":\"") + layer + '"'), std::string::npos) << all;
  EXPECT_NE(all.find("23296"), std::string::npos) << "conv1 has 64 x 3 x 11 x 11 weights and 64 biases: " << all;
}

TEST_F(CommandLine, LayersOfADeepNetAreInGroups) {
  const Result folded = done({"layers", "--model", "resnet50v2", "--fold"});
  EXPECT_NE(folded.out.find("\nconv4 "), std::string::npos) << folded.told;
  EXPECT_EQ(folded.out.find("conv4_block2"), std::string::npos) << folded.told;
  const Result unfolded = done({"layers", "--model", "resnet50v2"});
  EXPECT_NE(unfolded.out.find("\n  conv4_block2 "), std::string::npos) << unfolded.told;
  EXPECT_NE(unfolded.out.find("\n    conv4_block2_1_conv "), std::string::npos) << unfolded.told;
  // A search finds through groups, and what it names can be seen.
  const Result searched = done({"layers", "--model", "resnet50v2", "--search", "BLOCK2_1_conv"});
  EXPECT_NE(searched.out.find("conv4_block2_1_conv"), std::string::npos) << searched.told;
  EXPECT_EQ(searched.out.find("conv4_block2_2_conv"), std::string::npos) << searched.told;
  const auto json = parse_json(done({"layers", "--model", "resnet50v2", "--search", "conv4_block2", "--json"}).out);
  EXPECT_GT(json.size(), 8U);
  for (const auto &layer : json)
    EXPECT_EQ(layer.at("group"), "conv4_block2") << layer.dump();
  refused({"layers", "--model", "resnet50v2", "--search", "conv9"}, {"--search", "conv9"});
}

TEST_F(CommandLine, ModelsAndDevices) {
  const auto models = parse_json(done({"models", "--json"}).out);
  for (const char *model : {"alexnet", "vgg16", "resnet50v2"}) {
    EXPECT_NE(models.dump().find(model), std::string::npos) << models;
    EXPECT_NE(done({"models"}).out.find(model), std::string::npos);
  }
  const auto devices = parse_json(done({"devices", "--json"}).out);
  EXPECT_FALSE(devices.empty());
  EXPECT_NE(done({"devices"}).out, "");
  refused({"bench", "--model", "alexnet", "--size", "64", "--device", "no such device"}, {"no such device"});
  refused({"bench", "--model", "alexnet", "--size", "64", "--device", "99"}, {"99"});
}

TEST_F(CommandLine, WithoutADriverTheListingsWork) {
  const Result result =
      run({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "-o", "a.png"},
          no_driver);
  EXPECT_EQ(result.status, 3) << result.told;
  EXPECT_NE(result.err, "");
  EXPECT_TRUE(files().empty());
  for (const Arguments &arguments : std::vector<Arguments>{{"--help"}, {"models"}, {"layers", "--model", "alexnet"}})
    EXPECT_EQ(run(arguments, no_driver).status, 0);
}

} // namespace
} // namespace convscope
