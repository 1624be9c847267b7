// What objectives can ask for beyond a net's channels: photos, styles, vectors, several images.
#include <cmath>

#include <gmock/gmock.h>

#include "base/array.h"
#include "io/npy.h"
#include "program/program.h"
#include "reference/tensor.h"

namespace convscope {
namespace {

const std::string style = CONVSCOPE_SOURCE_DIR "/docs/photos/coffee.png";

class Objectives : public ProgramTest {
protected:
  Objectives() { write_npy(path("v.npy").string(), {{64}, reference::random_floats(64, 3)}); }

  Arguments optimize(const std::string &objective, const Arguments &more) const {
    Arguments all{"optimize",    "--offscreen", "--model", "alexnet", "--size",  "64x48",
                  "--objective", objective,     "--steps", "6",       "--batch", "2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

TEST_F(Objectives, ReplayWithTheirFiles) {
  done(optimize("conv1:3 + 0.01*caricature(conv2, 1) + style(conv1) + direction(conv1@center, v.npy, 2) - 0.01*tv",
                {"--photo", cat_photo, "--style", style, "-o", "all.png"}),
       {"all.png"});
  EXPECT_EQ(expect_picture(path("all.png")), (PictureSize{64, 48}));
  done({"replay", "all.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("all.png"), bytes("again.png"));
  write_npy(path("v.npy").string(), {{64}, reference::random_floats(64, 4)});
  refused({"replay", "all.png", "-o", "third.png"}, {"all.png", "was made from another v.npy"});
}

TEST_F(Objectives, FacesDifferAndReplayTogether) {
  const std::string objective = "conv2:7 - 10*diversity(conv2)";
  done(optimize(objective, {"--variants", "3", "-o", "face-%d.png"}), {"face-0.png", "face-1.png", "face-2.png"});
  EXPECT_NE(bytes("face-0.png"), bytes("face-1.png"));
  done({"replay", "face-2.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("face-2.png"), bytes("again.png"));
}

TEST_F(Objectives, AVariantAloneIsTheUnitItself) {
  done(optimize("conv2:7", {"-o", "one.png", "--npy", "one.npy"}), {"one.png", "one.npy"});
  done(optimize("conv2:7", {"--variants", "3", "-o", "three.png", "--npy", "three.npy"}), {"three.png", "three.npy"});
  const Array one = npy("one.npy"), three = npy("three.npy");
  ASSERT_EQ(three.shape.at(0), 3);
  EXPECT_TRUE(std::equal(one.data.begin(), one.data.end(), three.data.begin()));
  EXPECT_FALSE(std::equal(one.data.begin(), one.data.end(), three.data.begin() + std::ssize(one.data)));
}

TEST_F(Objectives, AnImageHasThePhotosProportions) {
  done({"optimize", "--offscreen", "--model", "alexnet", "--objective", "match(conv1)", "--photo", cat_photo, "--steps",
        "1", "-o", "match.png"},
       {"match.png"});
  const PictureSize size = expect_picture(path("match.png"));
  EXPECT_GT(size.width, size.height);
  EXPECT_NEAR(size.width * size.height, 128 * 128, 400);
}

TEST_F(Objectives, AccentuateAPhoto) {
  const auto change = [&](const std::string &objective, const Arguments &more) {
    Arguments all{"--recipe", "accentuate", "--photo", cat_photo, "-o", "a.png", "--npy", "a.npy"};
    all.insert(all.end(), more.begin(), more.end());
    done(optimize(objective, all), {"a.png", "a.npy"});
    return npy("a.npy").data;
  };
  const std::vector<float> start = change("conv3:7", {"--lr", "1e-9"});
  const auto distance = [&](const std::vector<float> &image) {
    double sum = 0;
    for (std::size_t i = 0; i < image.size(); ++i)
      sum += std::abs(image[i] - start[i]);
    return sum / double(image.size());
  };
  const double free = distance(change("conv3:7", {})), held = distance(change("conv3:7 + 30*stay(conv1)", {}));
  EXPECT_GT(free, 0.02);
  EXPECT_LT(held, 0.8 * free);
  EXPECT_GT(expect_picture(path("a.png")).width, 3 * 64); // the photo, the image, where it changed
  done({"replay", "a.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("a.png"), bytes("again.png"));
  // Where precisions differ, the leash must not.
  done({"optimize", "--offscreen", "--model", "alexnet", "--size", "120x90", "--objective", "conv3:7 + stay(conv2)",
        "--steps", "4", "--recipe", "accentuate", "--photo", cat_photo, "-o", "w.png"},
       {"w.png"});
  done({"replay", "w.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("w.png"), bytes("again.png"));
  refused(optimize("conv3:7", {"--recipe", "accentuate", "-o", "b.png"}),
          {"the recipe 'accentuate' starts from a photo: --photo is required"});
}

TEST_F(Objectives, WhatIsGivenForNothingIsNoted) {
  const Result begun = done(
      optimize("conv3:7", {"--recipe", "accentuate", "--photo", cat_photo, "--init", cat_photo, "-o", "begun.png"}),
      {"begun.png"});
  EXPECT_NE(begun.err.find("--init: the images begin there, not with the photo"), std::string::npos) << begun.told;
  const Result unused = done(optimize("conv3:7", {"--photo", cat_photo, "-o", "unused.png"}), {"unused.png"});
  EXPECT_NE(unused.err.find("--photo: no objective here compares with it"), std::string::npos) << unused.told;
}

TEST_F(Objectives, WhatIsMissingIsSaid) {
  const auto refuse = [&](const std::string &objective, const std::vector<std::string> &words, Arguments more = {}) {
    more.insert(more.end(), {"-o", "x.png"});
    refused(optimize(objective, more), words);
  };
  refuse("caricature(conv2)", {"caricature(conv2)", "--photo is required"});
  refuse("style(conv2)", {"style(conv2)", "--style is required"});
  refuse("diversity(conv2)", {"diversity(conv2)", "--variants"});
  refuse("direction(conv2, none.npy)", {"none.npy"});
  refuse("direction(conv2, v.npy)", {"v.npy has 64 numbers", "conv2 has 192 channels"});
  refuse("caricature(conv2)", {"none.png"}, {"--photo", "none.png"});
  refuse("caricatur(conv2)", {"did you mean 'caricature'"});
  put("v.npy", "no array");
  refuse("direction(conv1, v.npy)", {"v.npy"});
}

TEST_F(Objectives, AGradientSaysWhereFloat32Decided) {
  write_npy(path("x.npy").string(), {{1, 3, 64, 64}, reference::random_floats(3 * 64 * 64, 1, 0, 1)});
  const auto expect_decided = [&](const std::string &objective, const char *where) {
    const Result result =
        run({"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", objective, "-o", "g.npy", "--json"},
            {{"CONVSCOPE_LIMITS", "shader_float64=0"}});
    ASSERT_EQ(result.status, 0) << result.told;
    EXPECT_EQ(parse_json(result.out).at("decided_in"), where);
    EXPECT_EQ(result.err.find("can't decide in 64 bits") != std::string::npos, std::string(where) == "float32")
        << result.told;
  };
  expect_decided("conv2:1", "float32");
  expect_decided("-tv", "float64"); // nothing to decide
}

TEST_F(Objectives, GradientsOfABatchThatSeesItself) {
  write_npy(path("x.npy").string(), {{3, 3, 64, 64}, reference::random_floats(3 * 3 * 64 * 64, 1)});
  const Result result = done({"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", "diversity(conv1)",
                              "-o", "g.npy", "--json"},
                             {"g.npy"});
  const auto values = parse_json(result.out).at("values").get<std::vector<double>>();
  ASSERT_EQ(values.size(), 3U);
  for (const double value : values)
    EXPECT_GT(value, 0);
  EXPECT_EQ(npy("g.npy").shape, (std::vector<std::int64_t>{3, 3, 64, 64}));
  refused({"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", "match(conv1)", "-o", "h.npy"},
          {"match(conv1)", "--photo is required"});
  write_npy(path("p.npy").string(), {{1, 3, 32, 64}, reference::random_floats(3 * 32 * 64, 1)});
  refused({"gradient", "--model", "alexnet", "--input", "x.npy", "--photo", "p.npy", "--objective", "match(conv1)",
           "-o", "h.npy"},
          {"photo picture's shape is (1, 3, 32, 64)"});
}

} // namespace
} // namespace convscope
