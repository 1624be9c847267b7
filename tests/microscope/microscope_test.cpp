// A site of a small net: made, refined, in shards, refused.
#include <set>

#include "importers/onnx_builder.h"
#include "microscope/site_fixture.h"
#include "visualization/terms/diversity.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;

TEST_F(MicroscopeTest, PreviewsAreRefinedAndNothingIsDoneTwice) {
  const Arguments more{"--channels", "0-3", "--negative", "--neuron", "--photo", cat_photo};
  made(command("whole", more));
  Arguments preview = command("site", more);
  preview.emplace_back("--preview");
  made(preview);
  made(command("site", more));
  expect_same("whole", "site");
  made(preview); // refined pictures stay
  expect_same("whole", "site");
  const Result again = made(command("site", more));
  EXPECT_NE(again.err.find("39 of 39 pictures are there already"), std::string::npos) << again.told;
  // A picture carries its settings.
  const auto data = parse_json(bytes("site/data/site.json"));
  ASSERT_EQ(data.at("layers").size(), 3U);
  const auto layer = parse_json(bytes("site/data/layers/" + data["layers"][1]["folder"].get<std::string>() + ".json"));
  const auto picture = layer.at("units")[3].at("channel").at("picture").get<std::string>();
  made({"replay", "site/" + picture, "-o", "again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("site/" + picture));
  EXPECT_EQ(layer["units"][3]["before"].size(), 8U);
  EXPECT_EQ(layer["units"][3]["behind"].size(), 7U);
  expect_opens("site");
}

TEST_F(MicroscopeTest, FacesOfAUnitAreMadeTogether) {
  const auto faces = [this](const std::string &site, const char *count, const Arguments &more = {}) {
    Arguments all = command(site, {"--layers", "mixed", "--channels", "2,5", "--diversity", count});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  made(faces("whole", "3"));
  const auto data = parse_json(bytes("whole/data/site.json"));
  const std::string layer = data.at("layers")[0].at("folder");
  const auto unit = parse_json(bytes("whole/data/layers/" + layer + ".json")).at("units")[1];
  ASSERT_EQ(unit.at("faces").size(), 3U);
  std::set<std::string> pictures;
  for (const auto &face : unit["faces"])
    pictures.insert(bytes("whole/" + face.at("picture").get<std::string>()));
  EXPECT_EQ(pictures.size(), 3U);
  const std::string third = unit["faces"][2]["picture"];
  made({"replay", "whole/" + third, "-o", "again.png"});
  EXPECT_EQ(bytes("again.png"), bytes("whole/" + third));

  // Previews are refined, here in shards, and refined ones stay.
  made(faces("site", "3", {"--preview"}));
  EXPECT_NE(bytes("site/data/layers/" + layer + ".json").find("\"preview\":true"), std::string::npos);
  for (const char *shard : {"1/2", "0/2"})
    made(faces("site", "3", {"--shard", shard}));
  made(faces("site", "3", {"--finish"}));
  expect_same("whole", "site", 20);
  made(faces("site", "3", {"--preview"}));
  expect_same("whole", "site", 20);
  // One is lost: a unit's are made again, and no others.
  fs::remove(path("site/images/" + layer + "/5-face1.json"));
  const Result again = made(faces("site", "3"));
  EXPECT_NE(again.err.find("5 of 8 pictures are there already"), std::string::npos) << again.told;
  expect_same("whole", "site", 20);
  // Fewer are others, and none of the former stays.
  made(faces("site", "2"));
  made(faces("two", "2"));
  expect_same("two", "site", 20);
  refused(faces("site", "1"), {"--diversity"});
}

// To differ is worth what the unit's own image is: 100 would be nothing beside values of thousands.
TEST_F(MicroscopeTest, FacesWeighTheirDifferenceByTheUnitsOwnImage) {
  EXPECT_EQ(diversity_weight(0), 100);
  EXPECT_EQ(diversity_weight(-3000), 100);
  EXPECT_EQ(diversity_weight(149), 100);
  EXPECT_EQ(diversity_weight(1234), 1200);
  OnnxBuilder loud({1, 3, 32, 32});
  std::vector<float> weights;
  for (int i = 0; i < 4 * 3 * 3 * 3; ++i)
    weights.push_back(static_cast<float>((i * 37 + 11) % 64 - 32) * 150.F);
  loud.reals("w", {4, 3, 3, 3}, weights);
  loud.node("Conv", {"x", "w"}, "loud");
  loud.output("loud");
  loud.save(path("net.onnx"));
  made(command("site", {"--layers", "loud", "--channels", "1,2", "--diversity", "2", "--preview"}));
  const Arguments refine = command("site", {"--layers", "loud", "--channels", "1,2", "--diversity", "2"});
  made(refine); // the values, and so the weights, are others than the preview's
  const auto units = parse_json(bytes("site/data/layers/loud.json")).at("units");
  ASSERT_EQ(units.size(), 2U);
  for (const auto &unit : units)
    for (const auto &face : unit.at("faces")) {
      const double weight = face.at("difference");
      EXPECT_GT(weight, 100);
      EXPECT_EQ(weight, diversity_weight(unit.at("channel").at("value"))) << unit;
      made({"replay", "site/" + face.at("picture").get<std::string>(), "-o", "again.png"});
      EXPECT_EQ(bytes("again.png"), bytes("site/" + face["picture"].get<std::string>()));
    }
  const Result again = made(refine);
  EXPECT_NE(again.err.find("6 of 6 pictures are there already"), std::string::npos) << again.told;
}

TEST_F(MicroscopeTest, ShardsMakeTheSameSite) {
  for (const char *shard : {"2/3", "0/3"})
    made(command("site", {"--shard", shard}));
  const Result early = made(command("site", {"--finish"}));
  EXPECT_NE(early.err.find("not made yet"), std::string::npos) << early.told;
  const Result from_task = run(command("site", {"--shard", "3"}), {{"SLURM_ARRAY_TASK_ID", "1"}});
  EXPECT_EQ(from_task.status, 0) << from_task.told;
  made(command("site", {"--finish"}));
  expect_whole("site");
}

TEST_F(MicroscopeTest, RefusesWhatItCantUse) {
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

} // namespace
} // namespace convscope
