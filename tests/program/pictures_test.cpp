// Feature maps, the strip, tensors out and the benchmark, on a photo and the embedded AlexNet.
#include "program/program.h"

#include <algorithm>
#include <cmath>

#include <webp/encode.h>

#include "io/image.h"
#include "io/npy.h"

namespace convscope {
namespace {

class Pictures : public ProgramTest {
protected:
  Pictures() {
    // A wave, as an input that was preprocessed.
    Array x{{1, 3, 64, 72}, {}};
    for (int i = 0; i < 3 * 64 * 72; ++i)
      x.data.push_back(static_cast<float>(std::sin(0.13 * i) + std::cos(0.0021 * i)));
    write_npy(path("x.npy"), x);
  }
};

TEST_F(Pictures, FeatureMapsAsAGrid) {
  done({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv2", "--channels",
        "0-5,40", "-o", "maps.png", "--npy", "maps.npy"},
       {"maps.png", "maps.npy"});
  const PictureSize size = expect_picture(path("maps.png"));
  EXPECT_GE(size.width, 100);
  EXPECT_GE(size.height, 100);
  const Array maps = npy("maps.npy");
  ASSERT_GE(maps.shape.size(), 3u);
  EXPECT_EQ(maps.shape[maps.shape.size() - 3], 7);
  EXPECT_GT(*std::max_element(maps.data.begin(), maps.data.end()), 0.f);
  EXPECT_GE(*std::min_element(maps.data.begin(), maps.data.end()), 0.f) << "conv2 is after its ReLU";
}

// The same picture in other files.
TEST_F(Pictures, WebpAndFaultyJpegs) {
  const auto maps = [&](const std::string &file) {
    const Result result = done({"features", "--offscreen", "--model", "alexnet", "--image", file, "--layer", "conv1",
                                "--channels", "0-3", "--npy", "maps.npy"},
                               {"maps.npy"});
    const Array values = npy("maps.npy");
    std::filesystem::remove(path("maps.npy"));
    return std::pair(values, result.err);
  };
  const ImageRgb8 picture = read_image(cat_photo);
  std::uint8_t *data = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGB(picture.pixels.data(), picture.width, picture.height, picture.width * 3, &data);
  put("cat.webp", std::string_view(reinterpret_cast<const char *>(data), size));
  WebPFree(data);
  EXPECT_EQ(maps("cat.webp").first.data, maps(cat_photo).first.data);

  const auto rocket = shared_data("photos/rocket.jpg");
  if (!std::filesystem::exists(rocket))
    GTEST_SKIP() << "no " << rocket;
  std::string jpeg = read_bytes(rocket);
  jpeg.insert(jpeg.size() - 2, 14, '\0');
  put("stray.jpg", jpeg);
  const auto [right, silent] = maps(rocket.string());
  const auto [values, told] = maps("stray.jpg");
  EXPECT_EQ(values.data, right.data);
  const std::string warning = "convscope: stray.jpg: is read, though libjpeg warns: ";
  EXPECT_NE(told.find(warning), std::string::npos) << told;
  EXPECT_EQ(told.find(warning), told.rfind(warning)) << "once: " << told;
  EXPECT_EQ(silent.find("libjpeg"), std::string::npos) << silent;
}

TEST_F(Pictures, RangesOfTheColourMapDiffer) {
  const Arguments head = {"features", "--offscreen", "--model", "alexnet",    "--image",
                          cat_photo,  "--layer",     "conv1",   "--channels", "0-3"};
  const std::vector<std::string> ranges = {"", "layer", "0,1"};
  std::set<std::string> pictures;
  for (const std::string &range : ranges) {
    Arguments all = head;
    if (!range.empty())
      all.insert(all.end(), {"--range", range});
    const std::string name = "maps" + std::to_string(pictures.size()) + ".png";
    all.insert(all.end(), {"-o", name});
    done(all, {name});
    expect_picture(path(name));
    pictures.insert(bytes(name));
  }
  EXPECT_EQ(pictures.size(), ranges.size());
  refused({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "--range", "1,0",
           "-o", "maps.png"},
          {"--range"});
}

TEST_F(Pictures, TheStripShowsMapsAndImages) {
  done({"strip", "--model", "alexnet", "--image", cat_photo, "--objective", "conv1:5", "--objective", "conv3:8",
        "--size", "64", "--steps", "4", "-o", "strip.png"},
       {"strip.png"});
  const PictureSize size = expect_picture(path("strip.png"));
  EXPECT_GE(size.width, 128);
  EXPECT_GE(size.height, 128);
}

TEST_F(Pictures, ActivationsAreTheLayersOutput) {
  done({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "conv1", "-o", "conv1.npy"}, {"conv1.npy"});
  EXPECT_EQ(npy("conv1.npy").shape, (std::vector<std::int64_t>{1, 64, 15, 17}));
  done({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "pool2", "-o", "pool2.npy"}, {"pool2.npy"});
  EXPECT_EQ(npy("pool2.npy").shape, (std::vector<std::int64_t>{1, 192, 3, 3}));
}

// The same numbers as another type, and in Fortran's order.
TEST_F(Pictures, ArraysOfOtherTypes) {
  const Array x = npy("x.npy");
  const auto output = [&](const std::string &input) {
    done({"activations", "--model", "alexnet", "--input", input, "--layer", "conv1", "-o", "out.npy"}, {"out.npy"});
    Array values = npy("out.npy");
    std::filesystem::remove(path("out.npy"));
    return values;
  };
  const Array right = output("x.npy");
  const std::vector<double> doubles(x.data.begin(), x.data.end());
  put_npy("double.npy", "<f8", "(1, 3, 64, 72)",
          std::string_view(reinterpret_cast<const char *>(doubles.data()), doubles.size() * sizeof(double)));
  EXPECT_EQ(output("double.npy").data, right.data);

  Array levels{x.shape, {}};
  std::string bytes;
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    bytes += static_cast<char>(i * 7 % 256);
    levels.data.push_back(static_cast<float>(i * 7 % 256));
  }
  write_npy(path("levels.npy"), levels);
  put_npy("bytes.npy", "|u1", "(1, 3, 64, 72)", bytes);
  EXPECT_EQ(output("bytes.npy").data, output("levels.npy").data);
}

TEST_F(Pictures, ABatchIsItsImages) {
  const Array x = npy("x.npy");
  Array two{{2, 3, 64, 72}, x.data};
  two.data.insert(two.data.end(), x.data.rbegin(), x.data.rend());
  write_npy(path("two.npy"), two);
  const auto activations = [&](const std::string &input, const std::string &output) {
    done({"activations", "--model", "alexnet", "--input", input, "--layer", "conv3", "-o", output}, {output});
    return npy(output);
  };
  const Array one_out = activations("x.npy", "one.npy"), two_out = activations("two.npy", "both.npy");
  ASSERT_EQ(two_out.data.size(), 2 * one_out.data.size());
  EXPECT_TRUE(std::equal(one_out.data.begin(), one_out.data.end(), two_out.data.begin()));
}

TEST_F(Pictures, TheGradientHasTheInputsShapeAndTellsTheValue) {
  const auto gradient = [&](const std::string &objective, const std::string &output) {
    const Result result =
        done({"gradient", "--model", "alexnet", "--input", "x.npy", "--objective", objective, "-o", output, "--json"},
             {output});
    const Array values = npy(output);
    EXPECT_EQ(values.shape, npy("x.npy").shape);
    return std::pair(value_of(result), values);
  };
  const auto [value, slope] = gradient("conv2:8", "g.npy");
  EXPECT_TRUE(std::any_of(slope.data.begin(), slope.data.end(), [](float v) { return v != 0; }));

  done({"activations", "--model", "alexnet", "--input", "x.npy", "--layer", "conv2", "-o", "conv2.npy"}, {"conv2.npy"});
  const Array map = npy("conv2.npy");
  const std::int64_t pixels = map.shape[2] * map.shape[3];
  double mean = 0;
  for (std::int64_t i = 0; i < pixels; ++i)
    mean += map.data[static_cast<std::size_t>(8 * pixels + i)] / static_cast<double>(pixels);
  EXPECT_NEAR(value, mean, 1e-5 * std::abs(mean));

  const auto [half, half_slope] = gradient("0.5*conv2:8", "half.npy");
  EXPECT_NEAR(half, 0.5 * value, 1e-6 * std::abs(value));
  const auto [nothing, zeros] = gradient("conv2:8 - conv2:8", "zero.npy");
  EXPECT_NEAR(nothing, 0, 1e-6 * std::abs(value));
  const auto [dream, dream_slope] = gradient("conv2", "dream.npy");
  EXPECT_GT(dream, 0);
  gradient("conv2:8@1,2", "unit.npy");
  gradient("conv2:8@center", "center.npy");
  gradient("conv4:1 + 0.25*conv2:8", "layers.npy");
}

TEST_F(Pictures, BenchTellsTimesAndMemory) {
  const auto json = parse_json(done({"bench", "--model", "alexnet", "--size", "64", "--json"}).out);
  EXPECT_TRUE(json.is_object());
  for (const char *word : {"forward", "step", "gflop", "memory"}) {
    std::string text = json.dump();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_NE(text.find(word), std::string::npos) << json.dump(2);
  }
  const Result text = done({"bench", "--model", "alexnet", "--size", "64", "--layer", "conv2", "--batch", "2"});
  EXPECT_NE(text.out.find("ms"), std::string::npos) << text.told;
}

TEST_F(Pictures, TheReportIsJson) {
  done({"features", "--offscreen", "--model", "alexnet", "--image", cat_photo, "--layer", "conv1", "--channels", "0-3",
        "-o", "maps.png", "--report", "run.json"},
       {"maps.png", "run.json"});
  const auto report = parse_json(bytes("run.json"));
  for (const char *key : {"device", "settings", "timings"})
    EXPECT_TRUE(report.contains(key)) << key << " is not in " << report.dump(2);
}

} // namespace
} // namespace convscope
