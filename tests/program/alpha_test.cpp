// Images with an opacity: RGBA pictures, arrays of four planes.
#include <gmock/gmock.h>

#include "program/program.h"

namespace convscope {
namespace {

class Alpha : public ProgramTest {
protected:
  static Arguments optimize(const Arguments &more) {
    Arguments all{"optimize", "--offscreen", "--model", "alexnet", "--size", "40x32", "--steps", "4", "--alpha"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  int colour_type(const std::string &name) const { return static_cast<unsigned char>(bytes(name).at(25)); }
  static constexpr int rgb = 2, rgba = 6;
};

TEST_F(Alpha, APictureIsTransparentAndReplays) {
  done(optimize({"--objective", "conv2:7", "-o", "a.png", "--npy", "a.npy"}), {"a.png", "a.npy"});
  EXPECT_EQ(expect_picture(path("a.png")), (PictureSize{40, 32}));
  EXPECT_EQ(colour_type("a.png"), rgba);
  EXPECT_EQ(npy("a.npy").shape, (std::vector<std::int64_t>{1, 4, 32, 40}));
  done({"replay", "a.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("a.png"), bytes("again.png"));
}

TEST_F(Alpha, SeveralLieOnAPageOrInFiles) {
  done(optimize({"--objective", "conv2:7", "--objective", "conv2:8", "-o", "page.png", "--frames", "f.gif"}),
       {"page.png", "f.gif"});
  EXPECT_EQ(colour_type("page.png"), rgb);
  done({"replay", "page.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("page.png"), bytes("again.png"));
  done(optimize({"--objective", "conv2:7", "--objective", "conv2:8", "-o", "a-%d.png"}), {"a-0.png", "a-1.png"});
  EXPECT_EQ(colour_type("a-1.png"), rgba);
  done(optimize({"--from", "conv2:7", "--to", "conv2:8", "--images", "3", "-o", "strip.png", "--loop", "loop.png"}),
       {"strip.png", "loop.png"});
}

TEST_F(Alpha, ANetThatPaintsDrawsItAtAnySize) {
  done(optimize({"--objective", "conv2:7", "--parameterization", "cppn", "--draw-size", "80x64", "-o", "large.png"}),
       {"large.png"});
  EXPECT_EQ(expect_picture(path("large.png")), (PictureSize{80, 64}));
  EXPECT_EQ(colour_type("large.png"), rgba);
}

TEST_F(Alpha, PhasesAreShownWhereTheyMattered) {
  done(optimize({"--objective", "conv1:7", "--recipe", "maco", "-o", "m.png", "--npy", "m.npy"}), {"m.png", "m.npy"});
  EXPECT_EQ(colour_type("m.png"), rgba);
  EXPECT_EQ(npy("m.npy").shape, (std::vector<std::int64_t>{1, 4, 32, 40}));
  done({"replay", "m.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("m.png"), bytes("again.png"));
}

TEST_F(Alpha, WhatDoesNotGoWithItIsSaid) {
  const auto refuse = [&](const Arguments &more, const std::vector<std::string> &words) {
    Arguments all = optimize({"--objective", "conv2:7", "-o", "x.png"});
    all.insert(all.end(), more.begin(), more.end());
    refused(all, words);
  };
  refuse({"--init", cat_photo}, {"--init", "--alpha"});
  refuse({"--recipe", "accentuate", "--photo", cat_photo}, {"--alpha", "accentuate"});
  refused({"optimize", "--model", "alexnet", "--objective", "conv2:7", "--alpha", "--recipe", "accentuate", "--photo",
           cat_photo},
          {"--alpha", "accentuate"}); // before there is a window
  refused({"grid", "--model", "alexnet", "--image", cat_photo, "--layer", "conv2", "--alpha", "-o", "x.png"},
          {"--alpha"});
}

} // namespace
} // namespace convscope
