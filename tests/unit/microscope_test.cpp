// What a site of a net is made of, without a device: names, layers, ties, records, the folder.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/shapes.h"
#include "io/jpeg.h"
#include "microscope/names.h"
#include "microscope/pages/html.h"
#include "microscope/render.h"
#include "microscope/store.h"
#include "microscope/survey.h"
#include "microscope/ties.h"
#include "unit/large_site.h"
#include "unit/scratch.h"

namespace convscope {
namespace {

TEST(FolderNames, AreSafeAndUniqueUpToCase) {
  const std::vector<std::string> names{"conv1",
                                       "Conv",
                                       "conv",
                                       "a/b",
                                       "a-b",
                                       "..",
                                       "../../etc",
                                       "con",
                                       "COM1.x",
                                       "<script>",
                                       "\"quoted\" '",
                                       "été",
                                       "",
                                       ".lock",
                                       "a/b ",
                                       std::string(500, 'x'),
                                       std::string(500, 'x') + "y",
                                       "nul",
                                       "x.",
                                       "-o"};
  const std::vector<std::string> folders = folder_names(names);
  ASSERT_EQ(folders.size(), names.size());
  EXPECT_EQ(folders[0], "conv1");
  std::set<std::string> taken;
  for (const std::string &folder : folders) {
    EXPECT_TRUE(taken.insert(lower(folder)).second) << folder;
    EXPECT_FALSE(folder.empty());
    EXPECT_LE(folder.size(), 80U);
    EXPECT_TRUE(folder.front() != '.' && folder.front() != '-' && folder.back() != '.') << folder;
    for (const char c : folder)
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-') << folder;
    EXPECT_FALSE(std::set<std::string>({"con", "nul", "com1"}).contains(lower(folder.substr(0, folder.find('.')))));
  }
  EXPECT_EQ(folder_names(names), folders);
}

Floats numbers(std::size_t count, int seed) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(std::sin(double(seed) + 1.7 * double(i))));
  return values;
}

Node node(const std::string &name, Op op, std::vector<NodeId> inputs, bool layer = true) {
  return {name, "kind", std::move(op), std::move(inputs), layer};
}

Conv conv(int in, int out, int kernel, int groups, int seed) {
  Window window;
  window.kernel_h = window.kernel_w = kernel;
  window.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
  const auto count = static_cast<std::size_t>(out) * (in / groups) * kernel * kernel;
  return {out, groups, window, numbers(count, seed), {}};
}

// in -> a (conv, relu) -> {b (grouped conv), c (depthwise, bn, pointwise)} -> concat d -> e (conv) + a (residual) -> f
Graph toy() {
  Graph graph;
  graph.name = "toy";
  graph.input = {3, 9, 9};
  graph.nodes = {node("in", Input{}, {}),
                 node("a/linear", conv(3, 4, 3, 1, 1), {0}, false),
                 node("a", Relu{}, {1}),
                 node("b", conv(4, 6, 3, 2, 2), {2}),
                 node("c/depth", conv(4, 4, 3, 4, 3), {2}, false),
                 node("c/bn", ScaleShift{{2, -0.5, 1, 0}, {0, 0, 0, 0}}, {4}, false),
                 node("c", conv(4, 5, 1, 1, 4), {5}),
                 node("d", Concat{}, {3, 6}),
                 node("e/linear", conv(11, 4, 1, 1, 5), {7}, false),
                 node("f", Add{}, {8, 2}),
                 node("f/relu", Relu{}, {9})};
  return graph;
}

// The norm of all weights between two channels, in double, straight from what each op does.
double norm_square(const Conv &c, int in_channels, int out, int in) {
  const int in_group = in_channels / c.groups, out_group = c.out_channels / c.groups;
  if (in / in_group != out / out_group)
    return 0;
  double sum = 0;
  const std::size_t taps = static_cast<std::size_t>(c.window.kernel_h) * c.window.kernel_w;
  const std::size_t at = (static_cast<std::size_t>(out) * in_group + in % in_group) * taps;
  for (std::size_t t = 0; t < taps; ++t)
    sum += double(c.weights[at + t]) * c.weights[at + t];
  return sum;
}

TEST(Ties, AreTheNormsOfTheWeightsBetween) {
  const Graph graph = toy();
  const std::vector<Shape> shapes = infer_shapes(graph, graph.input);
  const std::vector<NodeId> layers{2, 7, 10};
  const std::vector<Ties> ties = ties_between(graph, shapes, layers);
  ASSERT_EQ(ties.size(), 3U); // a-d, a-f (the residual), d-f
  const auto get = [&](NodeId n) { return std::get<Conv>(graph.nodes[static_cast<std::size_t>(n)].op); };
  const std::vector<double> scale = std::get<ScaleShift>(graph.nodes[5].op).scale;
  for (const Ties &t : ties)
    for (int to = 0; to < t.channels_to; ++to)
      for (int from = 0; from < t.channels_from; ++from) {
        double expected = 0;
        if (t.from == 2 && t.to == 7 && to < 6)
          expected = norm_square(get(3), 4, to, from);
        else if (t.from == 2 && t.to == 7)
          expected =
              norm_square(get(6), 4, to - 6, from) * scale[from] * scale[from] * norm_square(get(4), 4, from, from);
        else if (t.from == 2)
          expected = to == from;
        else
          expected = norm_square(get(8), 11, to, from);
        EXPECT_NEAR(t.strength[static_cast<std::size_t>(to) * t.channels_from + from], std::sqrt(expected),
                    1e-6 * std::sqrt(expected))
            << t.from << "->" << t.to << " " << from << "->" << to;
      }
  const std::vector<Tie> before = strongest_before(ties, 7, 8, 3);
  for (std::size_t i = 1; i < before.size(); ++i)
    EXPECT_GE(before[i - 1].strength, before[i].strength);
  EXPECT_EQ(strongest_before(ties, 2, 0, 3).size(), 0U);        // the picture is no layer
  EXPECT_EQ(strongest_behind(ties, 2, 3, 100).size(), 3U + 1U); // its group of b, f/relu 3; c's scale is 0
}

TEST(Survey, TakesWhatComputes) {
  Model model;
  model.graph = toy();
  EXPECT_EQ(telling_layers(model.graph), (std::vector<NodeId>{2, 7, 10})); // b and c are seen in d
  const Survey all = survey(model, SurveyRequest{{}, {}, recipe("plain"), square(32)});
  ASSERT_EQ(all.layers.size(), 3U);
  EXPECT_EQ(all.layers[0].negative, "a/linear");
  EXPECT_EQ(all.layers[1].negative, "d");
  EXPECT_EQ(all.layers[2].negative, "f");
  const Survey some = survey(model, SurveyRequest{{"b,d"}, {5, 7}, recipe("plain"), square(32)});
  ASSERT_EQ(some.layers.size(), 2U);
  EXPECT_EQ(some.layers[0].units, (std::vector<int>{5}));
  EXPECT_EQ(some.layers[1].units, (std::vector<int>{5, 7}));
  EXPECT_THROW(survey(model, SurveyRequest{{"bb"}, {}, recipe("plain"), square(32)}), UserError);
  EXPECT_THROW(survey(model, SurveyRequest{{"a"}, {9}, recipe("plain"), square(32)}), UserError);
}

TEST(WorkHash, IsOfWhatDecidesThePixels) {
  const std::string a = R"({"convscope":"1","seed":1,"model":"x","device":"p","weights":{"file":"a","fnv1a64":"0"}})";
  const std::string b = R"({"convscope":"2","seed":1,"model":"y","device":"q","weights":{"fnv1a64":"0","file":"b"}})";
  const std::string c = R"({"convscope":"1","seed":2,"model":"x","device":"p","weights":{"file":"a","fnv1a64":"0"}})";
  EXPECT_EQ(work_hash(a), work_hash(b));
  EXPECT_NE(work_hash(a), work_hash(c));
}

TEST(Shards, ShareEachLayerOnce) {
  for (const int shards : {1, 2, 3, 16, 100})
    for (const std::size_t units : {1U, 5U, 64U, 257U}) {
      std::vector<int> count(static_cast<std::size_t>(shards));
      for (std::size_t unit = 0; unit < units; ++unit) {
        const int shard = shard_of(2, unit, units, shards);
        ASSERT_TRUE(shard >= 0 && shard < shards);
        ++count[static_cast<std::size_t>(shard)];
      }
      EXPECT_LE(*std::max_element(count.begin(), count.end()), static_cast<int>(units) / shards + 17);
    }
}

TEST(Record, IsReadAsItWasWritten) {
  const Record record{"abc", Record::State::dead, 1.25, 12, 96, 80, true, "a \"photo\".png"};
  EXPECT_EQ(read_record(to_text(record)), record);
  for (const char *damaged : {"", "{", "[]", "{}", R"({"work":1})"})
    EXPECT_EQ(read_record(damaged), std::nullopt) << damaged;
}

TEST(UnitPicture, IsReadFromItsFilesName) {
  for (const ViewForm &form : view_forms())
    for (const int face : {0, 3, 63}) {
      const auto found = unit_picture(file_stem(12, form.view, face));
      ASSERT_TRUE(found);
      EXPECT_EQ(found->unit, 12);
      EXPECT_EQ(found->view, form.view);
      EXPECT_EQ(found->face, form.view == View::face ? face : 0);
    }
  for (const char *other : {"", "x", "-1", "012", "12-", "12-fac", "12-face", "12-face01", "12-face-1", "12-negative1",
                            "99999999", "photo-0123", "20-1-3"})
    EXPECT_FALSE(unit_picture(other)) << other;
}

TEST(SiteStore, KeepsAndRefuses) {
  const Scratch scratch;
  const auto open = [&](const std::string &name, const std::string &net) {
    return SiteStore(scratch / name, net, "toy", SiteLock::Part::whole, 0);
  };
  const ImageRgb8 picture(8, 8, 90);
  const Record record{"abc", Record::State::done, 1, 2, 8, 8, false, ""};
  {
    const SiteStore store = open("site", "net");
    store.keep("conv", "3", picture, "{}", record);
    store.put("images/conv/4.json", to_text(record)); // a record without its picture is none
    store.put("images/conv/5.png", "damaged");
    std::ofstream(scratch / "site/images/conv/.convscope-0123.tmp") << "left over";
  }
  const SiteStore again = open("site", "net");
  EXPECT_THAT(again.records("conv"), testing::ElementsAre(testing::Pair("3", record)));
  EXPECT_FALSE(std::filesystem::exists(scratch / "site/images/conv/.convscope-0123.tmp"));
  EXPECT_THROW(open("site", "another net"), UserError);
  std::ofstream(scratch / "file") << "x";
  EXPECT_THROW(open("file", "net"), UserError);
  std::filesystem::create_directories(scratch / "other");
  std::ofstream(scratch / "other/thesis.tex") << "x";
  EXPECT_THROW(open("other", "net"), UserError);
  std::filesystem::create_directories(scratch / "empty");
  open("empty", "net");
}

TEST(Jpeg, IsReadAsItWasWritten) {
  ImageRgb8 image(40, 24);
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 40; ++x)
      image.at(x, y)[0] = static_cast<std::uint8_t>(x * 6), image.at(x, y)[1] = static_cast<std::uint8_t>(y * 10);
  const auto bytes = encode_jpeg(image, 95, "what it shows");
  EXPECT_EQ(encode_jpeg(image, 95, "what it shows"), bytes);
  EXPECT_EQ(jpeg_comment(bytes), "what it shows");
  std::string warning;
  const ImageRgb8 back = decode_jpeg(bytes, "back", warning);
  ASSERT_EQ(back.width, 40);
  double error = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    error += std::abs(int(image.pixels[i]) - int(back.pixels[i]));
  EXPECT_LT(error / double(image.pixels.size()), 4);
}

TEST(Pages, EscapeWhatNamesHold) {
  EXPECT_EQ(pages::escaped("<b a='1'>\"&\n"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;?");
  EXPECT_EQ(pages::address("a b/é#1"), "a%20b/%C3%A9%231");
  EXPECT_EQ(pages::json_text({{"x", "</script>"}}), "{\"x\":\"\\u003c/script>\"}");
}

// Ten thousand units: pages stay small.
TEST(Pages, OfTenThousandUnitsAreSmall) {
  const Scratch scratch;
  const SiteStore store(scratch / "site", "net", "toy", SiteLock::Part::whole, 0);
  const Site site = site_of_ten_thousand_units();
  pages::write_data(site, store);
  pages::write_layer(site, 0, store);
  pages::write_overview(site, store);
  const std::string folder = site.layers[0].layer.folder;
  const std::vector<std::string> written{"index.html", "layers/" + folder + ".html", "data/site.js",
                                         "data/layers/" + folder + ".js", "data/layers/" + folder + "/0.js"};
  for (const std::string &page : written) {
    ASSERT_TRUE(store.get(page)) << page;
    EXPECT_LT(store.get(page)->size(), 1000000U) << page;
    EXPECT_EQ(store.get(page)->find("<conv>"), std::string::npos) << page;
  }
}

} // namespace
} // namespace convscope
