// Optimized images from the command line: what is written, that it can be made again, and Ctrl-C.
#include "program/program.h"

#include <algorithm>
#include <cmath>

#include "io/image.h"
#include "io/npy.h"
#include "io/png.h"

namespace convscope {
namespace {

class Optimize : public ProgramTest {
protected:
  static Arguments optimize(const std::vector<std::string> &objectives, const Arguments &more) {
    Arguments all = {"optimize", "--offscreen", "--model", "alexnet"};
    for (const std::string &objective : objectives)
      all.insert(all.end(), {"--objective", objective});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  // The numbers of one image of several, (1,3,H,W).
  static std::vector<float> image(const Array &array, std::int64_t index) {
    const std::int64_t each = array.elements() / array.shape.at(0);
    return {array.data.begin() + index * each, array.data.begin() + (index + 1) * each};
  }
};

TEST_F(Optimize, WritesAPictureAndItsNumbers) {
  done(optimize({"conv2:8"}, {"--size", "96x64", "--steps", "8", "-o", "vis.png", "--npy", "vis.npy"}),
       {"vis.png", "vis.npy"});
  expect_picture(path("vis.png"));
  const Array numbers = npy("vis.npy");
  EXPECT_EQ(numbers.shape, (std::vector<std::int64_t>{1, 3, 64, 96}));
  const auto [low, high] = std::minmax_element(numbers.data.begin(), numbers.data.end());
  EXPECT_GE(*low, 0.f);
  EXPECT_LE(*high, 1.f);
  EXPECT_GT(*high - *low, 0.1f);
}

// Nothing that is read is written over, under whatever option it is named.
TEST_F(Optimize, WhatIsReadIsNotWrittenOver) {
  write_png(path("photo-0.png"), ImageRgb8(64, 48, 120));
  const std::vector<float> ones(384, 1);
  put_npy("v.npy", "<f4", "(384,)", {reinterpret_cast<const char *>(ones.data()), ones.size() * sizeof(float)});
  put("mine.json", R"({"base": "lucid", "steps": 2})");
  const Arguments small = {"--size", "48", "--steps", "1"};
  const auto refuses = [&](const std::string &objective, Arguments more) {
    more.insert(more.end(), small.begin(), small.end());
    refused(optimize({objective}, more), {"the same file"});
  };
  const std::string caricature = "caricature(conv3)", direction = "direction(conv3,v.npy)";
  refuses(caricature, {"--photo", "photo-0.png", "-o", "x.png", "--frames", "photo-0.png"});
  refuses(caricature, {"--photo", "photo-0.png", "-o", "photo-%d.png"});
  refuses("style(conv3)", {"--style", "photo-0.png", "-o", "./photo-0.png"});
  refuses(direction, {"-o", "x.png", "--npy", "v.npy"});
  refuses("conv3:4", {"--recipe", "mine.json", "-o", "x.png", "--report", "mine.json"});
  refuses("conv3:4", {"-o", "x.png", "--frames", "x.png"});
  std::filesystem::create_directory(path("folder"));
  write_png(path("folder/frame-00000.png"), ImageRgb8(64, 48, 120));
  Arguments frames = {"--photo", "folder/frame-00000.png", "-o", "x.png", "--frames", "folder"};
  frames.insert(frames.end(), small.begin(), small.end());
  refused(optimize({caricature}, frames), {"--frames folder: frame-00000.png, which --photo reads"});
  refused(optimize({"conv3:4"}, {"--recipe", "maco", "--spectrum", "folder", "-o", "folder/frame-00000.png"}),
          {"folder/frame-00000.png: is a file of the folder that --spectrum reads"});
  refused({"strip", "--model", "alexnet", "--image", "photo-0.png", "--objective", caricature, "--photo", "photo-0.png",
           "-o", "photo-0.png"},
          {"the same file"});
}

TEST_F(Optimize, ARecipeIsPrinted) {
  const Arguments command = {"optimize", "--model", "alexnet", "--objective", "conv3:4", "--print-recipe"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), command.begin(), command.end());
    return more;
  };
  put("mine.json", done(with({"--size", "48", "--steps", "7", "--recipe", "maco"})).out);
  EXPECT_NE(bytes("mine.json").find("\"size\": 48"), std::string::npos);
  EXPECT_EQ(done(with({"--recipe", "mine.json"})).out, bytes("mine.json"));
  refused(with({"--size", "64x32"}), {"--size 64x32", "square"});
  // Of a path it is `shared`, unless the recipe has a parameterization of its own.
  const Arguments path = {"optimize", "--model", "alexnet", "--from", "conv1:1", "--to", "conv1:2", "--print-recipe"};
  EXPECT_NE(done(path).out.find("\"shared\""), std::string::npos);
  Arguments own = path;
  own.insert(own.end(), {"--recipe", "mine.json"});
  EXPECT_NE(done(own).out.find("\"parameterization\": \"maco\""), std::string::npos);
}

TEST_F(Optimize, EveryRecipeWorks) {
  std::set<std::string> pictures;
  for (const std::string recipe : {"lucid", "article", "plain"}) {
    const std::string name = recipe + ".png";
    done(optimize({"conv1:5"}, {"--recipe", recipe, "--size", "64", "--steps", "4", "-o", name}), {name});
    expect_picture(path(name));
    pictures.insert(bytes(name));
  }
  EXPECT_EQ(pictures.size(), 3u);
}

TEST_F(Optimize, TheSameSeedGivesTheSameBytes) {
  const auto picture = [&](const std::string &seed, const std::string &name) {
    done(optimize({"conv3:7", "conv3:9"}, {"--size", "64", "--steps", "5", "--seed", seed, "-o", name}), {name});
    return bytes(name);
  };
  const std::string first = picture("3", "a.png");
  EXPECT_EQ(first, picture("3", "b.png"));
  EXPECT_NE(first, picture("4", "c.png"));
}

TEST_F(Optimize, AnObjectiveAloneEqualsItselfAmongOthers) {
  const auto numbers = [&](const std::vector<std::string> &objectives, const std::string &batch,
                           const std::string &name) {
    done(optimize(objectives,
                  {"--size", "64", "--steps", "5", "--batch", batch, "-o", name + ".png", "--npy", name + ".npy"}),
         {name + ".png", name + ".npy"});
    return npy(name + ".npy");
  };
  const Array alone = numbers({"conv3:9"}, "1", "alone");
  const Array together = numbers({"conv3:1", "conv2:9", "conv3:4", "conv3:9"}, "4", "together");
  ASSERT_EQ(together.shape, (std::vector<std::int64_t>{4, 3, 64, 64}));
  EXPECT_EQ(image(alone, 0), image(together, 3));
  const Array pairs = numbers({"conv3:1", "conv3:4", "conv3:9"}, "2", "pairs");
  EXPECT_EQ(image(alone, 0), image(pairs, 2));
  EXPECT_EQ(image(together, 0), image(pairs, 0));
}

TEST_F(Optimize, ReplayMakesTheSameBytes) {
  done(optimize({"conv3:7", "conv2:3"},
                {"--recipe", "lucid", "--size", "64", "--steps", "5", "--seed", "11", "-o", "vis.png"}),
       {"vis.png"});
  done({"replay", "vis.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
}

TEST_F(Optimize, ThePrecisionInForceIsReplayed) {
  const Arguments more = {"--recipe", "plain", "--size", "64", "--steps", "3"};
  for (const std::string precision : {"fp32", "fast", "fp16", "auto"}) {
    const std::string name = precision + ".png";
    Arguments all = optimize({"conv5:7"}, more);
    all.insert(all.end(), {"--precision", precision, "-o", name, "--report", precision + ".json"});
    done(all, {name, precision + ".json"});
    EXPECT_EQ(parse_json(bytes(precision + ".json")).at("precision"), precision == "auto" ? "fast" : precision);
    done({"replay", name, "-o", "again-" + name}, {"again-" + name});
    EXPECT_EQ(bytes(name), bytes("again-" + name)) << precision;
  }
  EXPECT_EQ(bytes("fast.png"), bytes("auto.png"));
}

TEST_F(Optimize, AProfileIsUsedAndABrokenOneIgnored) {
  const Environment own = {{"CONVSCOPE_CACHE", path("cache").string()}};
  const Result tuned = run({"tune", "--model", "alexnet", "--size", "64"}, own);
  ASSERT_EQ(tuned.status, 0) << tuned.told;
  EXPECT_NE(tuned.out.find("conv3"), std::string::npos) << tuned.told;
  std::string profile;
  for (const std::string &file : files())
    if (file.starts_with("cache/convolutions-"))
      profile = file;
  ASSERT_FALSE(profile.empty()) << tuned.told;
  const Arguments picture =
      optimize({"conv5:7"}, {"--recipe", "plain", "--size", "64", "--steps", "2", "-o", "vis.png"});
  EXPECT_EQ(run(picture, own).status, 0);
  EXPECT_EQ(run({"replay", "vis.png", "-o", "again.png"}, own).status, 0);
  EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
  put(profile, bytes(profile) + "nonsense");
  const Result broken = run(picture, own);
  EXPECT_EQ(broken.status, 0) << broken.told;
  EXPECT_NE(broken.err.find(profile.substr(6)), std::string::npos) << broken.told;
}

TEST_F(Optimize, NumberedFilesOnePerObjective) {
  done(optimize({"conv1:1", "conv1:2", "conv2:1"}, {"--size", "64", "--steps", "3", "-o", "vis-%d.png"}),
       {"vis-0.png", "vis-1.png", "vis-2.png"});
  EXPECT_EQ(expect_picture(path("vis-1.png")), (PictureSize{64, 64}));
  done({"replay", "vis-1.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("vis-1.png"), bytes("again.png"));
}

TEST_F(Optimize, FramesShowTheWay) {
  for (const std::string name : {"evolving.gif", "evolving.png", "evolving.y4m"}) {
    done(optimize({"conv1:5", "conv1:6"}, {"--size", "32", "--steps", "3", "-o", "vis.png", "--frames", name}),
         {"vis.png", name});
    EXPECT_GT(std::filesystem::file_size(path(name)), 4 * 500U);
    std::filesystem::remove(path(name));
  }
  std::filesystem::remove(path("vis.png"));
  Result result = run(optimize({"conv1:5"}, {"--size", "64", "--steps", "6", "-o", "vis.png", "--frames", "frames"}));
  EXPECT_EQ(result.status, 0) << result.told;
  expect_silent_validation(result);
  const auto all = files();
  EXPECT_TRUE(all.contains("vis.png"));
  EXPECT_GE(std::count_if(all.begin(), all.end(), [](const auto &file) { return file.starts_with("frames/"); }), 2);
}

TEST_F(Optimize, AnImageHasTheSizeThatWasAskedFor) {
  const Result result =
      done(optimize({"conv1:5"}, {"--size", "67x71", "--steps", "2", "-o", "vis.png", "--npy", "vis.npy"}),
           {"vis.png", "vis.npy"});
  EXPECT_EQ(npy("vis.npy").shape, (std::vector<std::int64_t>{1, 3, 71, 67}));
  EXPECT_EQ(expect_picture(path("vis.png")), (PictureSize{67, 71}));
  done({"replay", "vis.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
  // Its spectrum is that of 70x72.
  write_npy(path("init.npy"), {{1, 3, 72, 36, 2}, std::vector<float>(3 * 72 * 36 * 2, 0.01F)});
  const Arguments start = {"--recipe", "plain", "--steps", "1", "--init", "init.npy", "-o", "c.png", "--npy", "c.npy"};
  Arguments sized = start;
  sized.insert(sized.end(), {"--size", "67x71"});
  done(optimize({"conv1:5"}, sized), {"c.png", "c.npy"});
  EXPECT_EQ(npy("c.npy").shape, (std::vector<std::int64_t>{1, 3, 71, 67}));
  sized.back() = "67x73";
  refused(optimize({"conv1:5"}, sized), {"init.npy", "75", "67x73"});
}

TEST_F(Optimize, ANetsInputMayHaveAnotherSize) {
  done(optimize({"conv3:5"},
                {"--size", "48", "--input-size", "96", "--steps", "3", "-o", "vis.png", "--npy", "vis.npy"}),
       {"vis.png", "vis.npy"});
  EXPECT_EQ(npy("vis.npy").shape, (std::vector<std::int64_t>{1, 3, 48, 48}));
}

TEST_F(Optimize, TheReportTellsEveryValue) {
  done(optimize({"conv2:3", "conv1:5"},
                {"--recipe", "plain", "--size", "64", "--steps", "6", "-o", "vis.png", "--report", "run.json"}),
       {"vis.png", "run.json"});
  const auto report = parse_json(bytes("run.json"));
  for (const char *key : {"device", "settings", "timings", "objectives"})
    ASSERT_TRUE(report.contains(key)) << key << " is not in " << report.dump(2);
  ASSERT_EQ(report["objectives"].size(), 2u);
  const auto &values = report["objectives"][1]["values"];
  EXPECT_EQ(values.size(), 6u);
  EXPECT_GT(values.back().get<double>(), values.front().get<double>());
}

TEST_F(Optimize, StartsFromAGivenSpectrum) {
  Array spectrum{{1, 3, 64, 41, 2}, {}};
  for (int i = 0; i < 3 * 64 * 41 * 2; ++i)
    spectrum.data.push_back(0.02f * static_cast<float>(std::sin(1.7 * i)));
  write_npy(path("init.npy"), spectrum);
  const auto picture = [&](const std::string &seed, const std::string &name) {
    done(optimize({"conv1:5"}, {"--recipe", "plain", "--init", "init.npy", "--steps", "2", "--seed", seed, "-o",
                                name + ".png", "--npy", name + ".npy"}),
         {name + ".png", name + ".npy"});
    return npy(name + ".npy");
  };
  const Array first = picture("1", "a");
  EXPECT_EQ(first.shape, (std::vector<std::int64_t>{1, 3, 64, 80}));
  EXPECT_EQ(first.data, picture("2", "b").data) << "the recipe has nothing random but the start";
  write_npy(path("rank.npy"), {{1, 3, 64, 41}, std::vector<float>(3 * 64 * 41)});
  refused(optimize({"conv1:5"}, {"--init", "rank.npy", "-o", "c.png"}), {"rank.npy"});
  refused(optimize({"conv1:5"}, {"--init", "missing.npy", "-o", "c.png"}), {"missing.npy"});
}

#ifndef _WIN32
TEST_F(Optimize, CtrlCSavesWhatIsThere) {
  const Result result =
      interrupted(optimize({"conv1:5"}, {"--size", "64", "--steps", "4000", "-o", "vis.png", "--npy", "vis.npy"}));
  EXPECT_EQ(result.status, 130) << result.told;
  EXPECT_NE(result.err.find("of 4000", result.err.find("interrupted")), std::string::npos) << result.told;
  EXPECT_EQ(files(), (std::set<std::string>{"vis.png", "vis.npy"}));
  expect_picture(path("vis.png"));
}

// The rate is as far down as it was, whatever the number of steps.
TEST_F(Optimize, WhatIsInterruptedReplaysWhileItsRateFalls) {
  put("falling.json", R"({"base": "lucid", "schedule": "cosine", "steps": 1000})");
  const Result result =
      interrupted(optimize({"conv1:5"}, {"--size", "64", "--recipe", "falling.json", "-o", "vis.png"}));
  EXPECT_EQ(result.status, 130) << result.told;
  done({"replay", "vis.png", "-o", "again.png"}, {"again.png"});
  EXPECT_EQ(bytes("vis.png"), bytes("again.png"));
}
#endif

} // namespace
} // namespace convscope
