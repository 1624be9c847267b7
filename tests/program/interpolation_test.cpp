// Images on the way from one objective to another: a strip, numbered files, a loop.
#include <cmath>
#include <numeric>

#include <gif_lib.h>
#include <gmock/gmock.h>

#include "program/program.h"

namespace convscope {
namespace {

class Interpolations : public ProgramTest {
protected:
  static Arguments path(const Arguments &more) {
    Arguments all{"optimize", "--offscreen", "--model", "alexnet", "--size", "48x40", "--steps", "4", "--lr", "0.05"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static Arguments between(Arguments more) {
    more.insert(more.begin(), {"--from", "conv2:7", "--to", "conv3:9 - 0.1*conv2:7"});
    return path(more);
  }
  std::filesystem::path file(const std::string &name) const { return folder / name; }
  // Frames of an animated PNG, by its animation control chunk.
  int frames_of(const std::string &name) const {
    const std::string all = bytes(name);
    const std::size_t at = all.find("acTL");
    return at == std::string::npos ? 0 : static_cast<unsigned char>(all.at(at + 7));
  }
};

TEST_F(Interpolations, AStripItsImagesAndItsLoop) {
  done(between({"--images", "4", "-o", "strip.png", "--npy", "all.npy", "--loop", "loop.png", "--report", "r.json"}),
       {"strip.png", "all.npy", "loop.png", "r.json"});
  const PictureSize strip = expect_picture(file("strip.png"));
  EXPECT_GT(strip.width, 4 * 48);
  EXPECT_GT(strip.width, 2 * strip.height); // in one row
  EXPECT_EQ(npy("all.npy").shape, (std::vector<std::int64_t>{4, 3, 40, 48}));
  EXPECT_EQ(expect_picture(file("loop.png")), (PictureSize{48, 40}));
  EXPECT_EQ(frames_of("loop.png"), 6); // 0 1 2 3 2 1
  EXPECT_EQ(frames_of("strip.png"), 0);
  const auto report = parse_json(bytes("r.json"));
  ASSERT_EQ(report.at("objectives").size(), 4U);
  EXPECT_EQ(report["objectives"][0].at("objective"), "conv2:7");
  EXPECT_EQ(report["objectives"][1].at("objective"), "0.667*conv2:7 + 0.333*(conv3:9 - 0.1*conv2:7)");

  done({"replay", "strip.png", "-o", "strip again.png"}, {"strip again.png"});
  EXPECT_EQ(bytes("strip.png"), bytes("strip again.png"));
  done({"replay", "loop.png", "-o", "loop again.png"}, {"loop again.png"});
  EXPECT_EQ(bytes("loop.png"), bytes("loop again.png"));
  done({"replay", "strip.png", "-o", "loop.y4m"}, {"loop.y4m"});
  EXPECT_EQ(bytes("loop.y4m").substr(0, 9), "YUV4MPEG2");
}

TEST_F(Interpolations, ImagesByNumberAndALoopByName) {
  done(between({"--images", "3", "-o", "i-%d.png"}), {"i-0.png", "i-1.png", "i-2.png"});
  EXPECT_EQ(expect_picture(file("i-1.png")), (PictureSize{48, 40}));
  EXPECT_NE(bytes("i-0.png"), bytes("i-1.png"));
  done({"replay", "i-1.png", "-o", "again.png"}, {"again.png"}); // with the company that it had
  EXPECT_EQ(bytes("i-1.png"), bytes("again.png"));

  done(between({"--images", "3", "-o", "loop.gif"}), {"loop.gif"});
  int error = 0;
  GifFileType *gif = DGifOpenFileName(file("loop.gif").c_str(), &error);
  ASSERT_NE(gif, nullptr);
  EXPECT_EQ(DGifSlurp(gif), GIF_OK);
  EXPECT_EQ(gif->ImageCount, 4); // 0 1 2 1
  DGifCloseFile(gif, &error);
}

// The means of 8 x 8 pixels, less those of all.
std::vector<double> coarse(const std::vector<float> &image) {
  std::vector<double> means(3 * 5 * 6);
  for (std::size_t i = 0; i < image.size(); ++i)
    means[i / 48 / 8 * 6 + i % 48 / 8] += image[i] / 64;
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / double(means.size());
  for (double &m : means)
    m -= mean;
  return means;
}

double correlation(const std::vector<double> &a, const std::vector<double> &b) {
  const auto dot = [](const auto &u, const auto &v) { return std::inner_product(u.begin(), u.end(), v.begin(), 0.0); };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

// Their low frequencies are common, where those of images with spectra of their own are not.
TEST_F(Interpolations, ImagesAreAligned) {
  const auto likeness = [&](const Arguments &more, const std::string &file) {
    Arguments all{"optimize", "--offscreen", "--model", "alexnet", "--size", "48x40",       "--steps",  "24",
                  "--from",   "conv2:7",     "--to",    "conv2:9", "--npy",  file + ".npy", "--images", "4"};
    all.insert(all.end(), more.begin(), more.end());
    done(all, {file + ".npy"});
    const std::vector<float> both = npy(file + ".npy").data;
    const auto each = std::ssize(both) / 4;
    return correlation(coarse({both.begin(), both.begin() + each}), coarse({both.end() - each, both.end()}));
  };
  EXPECT_GT(likeness({}, "shared"), likeness({"--parameterization", "fft"}, "own") + 0.3);
}

TEST_F(Interpolations, WhatDoesNotGoTogetherIsSaid) {
  const auto refuse = [&](const Arguments &more, const std::vector<std::string> &words) { refused(path(more), words); };
  const Arguments ends{"--from", "conv2:7", "--to", "conv2:9"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), ends.begin(), ends.end());
    return more;
  };
  refuse({"--from", "conv2:7", "-o", "x.png"}, {"--from", "--to"});
  refuse({"--to", "conv2:7", "-o", "x.png"}, {"--to", "--from"});
  refuse({"-o", "x.png"}, {"--objective is required"});
  refuse(with({"--images", "1", "-o", "x.png"}), {"--images 1", "from 2 to"});
  refuse({"--objective", "conv2:7", "--images", "3", "-o", "x.png"}, {"--images", "--from"});
  refuse(with({"--objective", "conv2:8", "-o", "x.png"}), {"--objective and --from"});
  refuse(with({"--variants", "2", "-o", "x.png"}), {"--variants", "--images"});
  refuse(with({}), {"-o is required"});
  refuse(with({"-o", "x-%d.gif"}), {"x-%d.gif", "one file"});
  refuse(with({"--loop", "x.jpg"}), {"--loop x.jpg", ".png, .gif or .y4m"});
  refuse(with({"-o", "x.gif", "--loop", "x.gif"}), {"the same file"});
  refuse({"--objective", "conv2:7", "-o", "x.gif"}, {"x.gif", "--from and --to"});
  refuse({"--objective", "conv2:7", "-o", "x.png", "--loop", "y.png"}, {"y.png", "--from and --to"});
  refuse({"--from", "conv2:7", "--to", "conv2:999", "-o", "x.png"}, {"conv2 has channels 0 to 191"});
  refuse({"--from", "conv2:7", "--to", "match(conv2)", "-o", "x.png"}, {"match(conv2)", "--photo is required"});
  refuse({"--from", "conv2:7", "--to", "conv2:9 - diversity(conv2)", "-o", "x.png"}, {"diversity()", "both"});
  // Before there is a window.
  refused({"optimize", "--model", "alexnet", "--from", "conv2:7", "--to", "conv2:9", "--images", "10"},
          {"--images 10", "--offscreen"});
  refused({"optimize", "--model", "alexnet", "--from", "conv2:7", "--to", "match(conv2)"}, {"match(conv2)", "photo"});
}

} // namespace
} // namespace convscope
