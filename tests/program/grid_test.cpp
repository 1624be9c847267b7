// What a layer saw in a photo: the grid, groups and one position, made, made again, and refused.
#include <gmock/gmock.h>

#include <cmath>

#include "io/npy.h"
#include "program/program.h"
#include "reference/tensor.h"

namespace convscope {
namespace {

class Grid : public ProgramTest {
protected:
  // Small: conv5 of a photo of 96 pixels has 7 by 5 positions or so.
  Arguments grid(const Arguments &more, const std::string &layer = "conv5") const {
    Arguments all{"grid", "--model", "alexnet", "--image", cat_photo, "--layer", layer, "--input-size", "96"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Grid, HasAnImageAtEachPositionAndReplays) {
  const Result result =
      done(grid({"--steps", "3", "--batch", "4", "--size", "32", "-o", "grid.png", "--npy", "grid.npy", "--json"}),
           {"grid.png", "grid.npy"});
  const auto json = parse_json(result.out);
  const auto columns = json.at("columns").get<int>(), rows = json.at("rows").get<int>();
  EXPECT_GT(columns, 3);
  EXPECT_EQ(json.at("norms").size(), std::size_t(rows));
  EXPECT_EQ(expect_picture(path("grid.png")), (PictureSize{columns * 30, rows * 30})); // the border is cut off
  EXPECT_EQ(npy("grid.npy").shape, (std::vector<std::int64_t>{rows, columns, 3, 32, 32}));
  done({"replay", "grid.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("grid.png"), bytes("again.png"));
}

// A cell is larger than usual where the layer needs it.
TEST_F(Grid, CellsAreLargeEnoughForTheLayer) {
  done(grid({"--steps", "2", "--batch", "2", "--npy", "grid.npy"}, "pool5"), {"grid.npy"});
  EXPECT_EQ(npy("grid.npy").shape.at(3), 51) << "a canvas of 63 pixels has one position there";
  refused(grid({"--size", "50", "-o", "grid.png"}, "pool5"), {"50x50", "pool5", "51x51"});
  // A recipe's file says what it has keys for.
  put("short.json", R"({"base": "lucid", "steps": 2})");
  done(grid({"--recipe", "short.json", "--batch", "2", "--npy", "short.npy"}, "pool5"), {"short.npy"});
  EXPECT_EQ(npy("short.npy").shape, npy("grid.npy").shape);
  put("sized.json", R"({"base": "lucid", "steps": 2, "size": 56})");
  done(grid({"--recipe", "sized.json", "--batch", "2", "--npy", "sized.npy"}, "pool5"), {"sized.npy"});
  EXPECT_EQ(npy("sized.npy").shape.at(3), 56);
}

TEST_F(Grid, WhatIsForNothingIsRefused) {
  refused(grid({"--top", "3", "-o", "grid.png"}), {"--top: is of --at"});
  refused(grid({"-o", "grid.png"}, "input"), {"--layer input: is the net's input"});
}

#ifndef _WIN32
TEST_F(Grid, WhatIsInterruptedReplaysWhileItsRateFalls) {
  put("falling.json", R"({"base": "lucid", "schedule": "cosine"})");
  const Result result = interrupted(
      grid({"--recipe", "falling.json", "--steps", "1000", "--batch", "2", "--size", "32", "-o", "grid.png"}));
  EXPECT_EQ(result.status, 130) << result.told;
  done({"replay", "grid.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("grid.png"), bytes("again.png"));
}
#endif

// Whose file computes sizes from the input's: it is read again for each of the canvases that steps have.
TEST_F(Grid, OfANetThatIsReadAgain) {
  const std::string net = CONVSCOPE_SOURCE_DIR "/tests/cases/sizes/u_net_cropped_dynamo/net.onnx";
  done({"grid", "--model", net, "--image", cat_photo, "--layer", "node_conv2d_2", "--input-size", "64", "--size", "40",
        "--steps", "12", "--batch", "2", "-o", "net.png"},
       {"net.png"});
}

TEST_F(Grid, GroupsTellWhatTheyAre) {
  const Result result =
      done(grid({"--groups", "3", "--steps", "2", "--size", "32", "-o", "groups.png", "--json"}), {"groups.png"});
  const auto json = parse_json(result.out);
  ASSERT_EQ(json.at("groups").size(), 3U);
  double shares = 0;
  for (const auto &group : json.at("groups")) {
    shares += group.at("share").get<double>();
    EXPECT_EQ(group.at("vector").size(), 256U);
  }
  EXPECT_NEAR(shares, 1, 1e-6);
  EXPECT_LT(json.at("residual").get<double>(), 0.9);
  expect_picture(path("groups.png"));
  done({"replay", "groups.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("groups.png"), bytes("again.png"));
}

TEST_F(Grid, APositionHasItsStrongestChannels) {
  done({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv5", "--channels", "all",
        "--input-size", "96", "--npy", "maps.npy"},
       {"maps.npy"});
  const Array maps = npy("maps.npy");
  const auto json = parse_json(done(grid({"--at", "2,1", "--top", "3", "--json"})).out);
  float before = INFINITY;
  for (const auto &channel : json.at("channels")) {
    const auto c = channel.at("channel").get<std::int64_t>();
    const float strength = channel.at("strength").get<float>();
    EXPECT_EQ(strength, maps.data.at(std::size_t((c * maps.shape[1] + 1) * maps.shape[2] + 2)));
    EXPECT_LE(strength, before);
    before = strength;
  }
  EXPECT_EQ(json.at("channels").size(), 3U);
  done(grid({"--at", "2,1", "--top", "2", "--steps", "2", "--size", "32", "-o", "at.png"}), {"at.png"});
  expect_picture(path("at.png"));
  done({"replay", "at.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("at.png"), bytes("again.png"));
}

TEST_F(Grid, WhatCannotBeIsSaid) {
  const auto refuse = [&](const Arguments &more, const std::vector<std::string> &words) {
    Arguments all = grid(more);
    all.insert(all.end(), {"-o", "x.png"});
    refused(all, words);
  };
  refuse({"--at", "99,0"}, {"--at 99,0", "conv5", "x is 0 to"});
  refuse({"--at", "0,99"}, {"--at 0,99", "y is 0 to"});
  for (const char *at : {"3", "3,", "a,b", "-1,0", "1,2,3", "1;2", "99999999999,1"})
    refuse({std::string("--at=") + at}, {"--at"});
  refuse({"--groups", "0"}, {"--groups"});
  refuse({"--groups", "200"}, {"--groups 200", "at most"});
  refuse({"--groups", "2", "--at", "1,1"}, {"--groups and --at"});
  refuse({"--size", "0"}, {"--size"});
  refuse({"--steps", "0"}, {"--steps"});
  refused({"grid", "--model", "alexnet", "--image", cat_photo, "--layer", "conv5"}, {"grid: -o is required"});
  refused({"grid", "--model", "alexnet", "--image", "none.png", "--layer", "conv5", "-o", "x.png"}, {"none.png"});
  refused({"grid", "--model", "alexnet", "--image", cat_photo, "--layer", "conv55", "-o", "x.png"},
          {"conv55", "conv5"});
  put("broken.png", "no picture");
  refused({"grid", "--model", "alexnet", "--image", "broken.png", "--layer", "conv5", "-o", "x.png"}, {"broken.png"});
}

} // namespace
} // namespace convscope
