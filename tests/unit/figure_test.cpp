#include "figure/examples_page.h"
#include "figure/feature_grid.h"
#include "figure/page.h"
#include "figure/planes.h"
#include "figure/strip.h"
#include "figure/text.h"
#include "io/resize.h"
#include "unit/scratch.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace convscope {
namespace {

using testing::HasSubstr;

// Pixels that differ from the paper, in a box.
int inked(const ImageRgb8 &image, int x0, int y0, int x1, int y1) {
  int count = 0;
  for (int y = std::max(0, y0); y < std::min(y1, image.height); ++y)
    for (int x = std::max(0, x0); x < std::min(x1, image.width); ++x)
      count += std::any_of(image.at(x, y), image.at(x, y) + 3, [](int v) { return v != page::paper; });
  return count;
}

Array ramp_maps(int c, int h, int w) {
  Array maps{{c, h, w}, {}};
  for (int i = 0; i < c; ++i)
    for (int p = 0; p < h * w; ++p)
      maps.data.push_back(i == 1 ? 0.0f : static_cast<float>((i + 1) * p) / static_cast<float>(h * w - 1));
  return maps;
}

std::vector<int> first(int n) {
  std::vector<int> channels(static_cast<std::size_t>(n));
  std::iota(channels.begin(), channels.end(), 0);
  return channels;
}

TEST(Magma, EndsAndMonotoneLightness) {
  EXPECT_EQ(magma(0), (Rgb{0, 0, 4}));
  EXPECT_EQ(magma(-5), magma_table()[0]);
  EXPECT_EQ(magma(std::nan("")), magma_table()[0]);
  EXPECT_EQ(magma(1), magma_table()[255]);
  EXPECT_EQ(magma(INFINITY), magma_table()[255]);
  EXPECT_EQ(magma_table()[255], (Rgb{252, 253, 191}));
  double before = -1;
  for (const Rgb &colour : magma_table()) {
    const double light = 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
    EXPECT_GE(light, before - 0.5);
    before = light;
  }
}

TEST(FigureText, MeasuresWhatItDraws) {
  for (const double size : {10.0, 13.0, 24.0})
    for (const char *text : {"block3_conv1", "#13", "max 4.21", "WAVE To \xC3\xA9\xE2\x80\xA6"}) {
      ImageRgb8 canvas(600, 60, page::paper);
      draw_text(canvas, 20, 40, text, size, page::ink);
      const TextMetrics metrics = text_metrics(size);
      const int right = 20 + static_cast<int>(std::ceil(measure_text(text, size))) + 1;
      const int all = inked(canvas, 0, 0, 600, 60);
      EXPECT_GT(all, 20);
      EXPECT_EQ(inked(canvas, 18, 40 - metrics.ascent, right, 40 + metrics.descent), all) << text;
    }
  EXPECT_EQ(measure_text("", 13), 0);
}

TEST(FigureText, ClipsAndSurvivesBadBytes) {
  ImageRgb8 canvas(10, 10, page::paper);
  for (const int at : {-1000, -8, 0, 5, 9, 1000})
    draw_text(canvas, at, at, "\xff\xc3(\xf0\x9f\x98\x80\n\t\xe2\x80", 30, page::ink);
  EXPECT_GT(measure_text("\xff", 13), 0);
}

TEST(FigureText, ElidesToWidth) {
  const std::string text = "a very long layer name / Conv_output_0";
  for (const double width : {0.0, 5.0, 12.0, 40.0, 100.0, 200.0}) {
    const std::string short_text = elide(text, 13, width);
    EXPECT_LE(measure_text(short_text, 13), width);
    EXPECT_TRUE(short_text.empty() || short_text.ends_with("\xE2\x80\xA6"));
  }
  EXPECT_EQ(elide(text, 13, 1000), text);
}

TEST(FigureText, WrapsAtJoints) {
  const double size = 12;
  const auto width = [&](const char *text) { return measure_text(text, size) + 1; };
  EXPECT_EQ(wrap("block5_conv3:2@center", size, width("block5_conv3:2@c"), 3),
            (std::vector<std::string>{"block5_conv3:2", "@center"}));
  EXPECT_EQ(wrap("mixed4a:1 + mixed4b:2", size, width("mixed4a:1 + m"), 3),
            (std::vector<std::string>{"mixed4a:1 +", "mixed4b:2"}));
  EXPECT_TRUE(wrap("", size, 100, 3).empty());
  for (double narrow = 1; narrow < 150; narrow += 7)
    for (int lines = 1; lines < 5; ++lines) {
      const auto wrapped = wrap("0.5*block4_conv3:200@12,7 - mixed4c_3x3_bottleneck:100", size, narrow, lines);
      EXPECT_LE(wrapped.size(), static_cast<std::size_t>(lines));
      for (const std::string &line : wrapped)
        EXPECT_LE(measure_text(line, size), std::max(narrow, 14.0)) << line; // one character at least
    }
}

TEST(FeatureGrid, Ranges) {
  EXPECT_EQ(parse_map_range("").mode, MapRange::Mode::own);
  EXPECT_EQ(parse_map_range("layer").mode, MapRange::Mode::layer);
  const MapRange fixed = parse_map_range("-0.5,2");
  EXPECT_EQ(fixed.mode, MapRange::Mode::fixed);
  EXPECT_EQ(fixed.low, -0.5);
  EXPECT_EQ(fixed.high, 2);
  for (const char *bad : {"layr", "1", "0,1,2", "1,0", "1,1", "a,b", "0,nan", ","})
    EXPECT_THAT(complaint([&] { parse_map_range(bad); }), HasSubstr("--range: "));
  EXPECT_THAT(complaint([] { parse_map_range("layr"); }), HasSubstr("did you mean 'layer'"));
}

TEST(FeatureGrid, LabelsAndColours) {
  const auto tiles = feature_tiles(ramp_maps(3, 4, 5), {2, 1, 0}, {});
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[0].label, "#2");
  EXPECT_EQ(tiles[0].sublabel, "max 3.00");
  EXPECT_EQ(tiles[1].sublabel, "silent");
  EXPECT_EQ(tiles[0].image.pixels, tiles[2].image.pixels);
  const Rgb low = magma(0), high = magma(1);
  EXPECT_TRUE(std::equal(low.begin(), low.end(), tiles[0].image.at(0, 0)));
  EXPECT_TRUE(std::equal(high.begin(), high.end(), tiles[0].image.at(4, 3)));
  EXPECT_TRUE(std::equal(low.begin(), low.end(), tiles[1].image.at(4, 3)));

  const auto layer = feature_tiles(ramp_maps(3, 4, 5), {0, 2}, parse_map_range("layer"));
  const Rgb third = magma(1.0 / 3);
  EXPECT_TRUE(std::equal(third.begin(), third.end(), layer[0].image.at(4, 3)));
  const auto fixed = feature_tiles(ramp_maps(3, 4, 5), {0}, parse_map_range("0,2"));
  const Rgb half = magma(0.5);
  EXPECT_TRUE(std::equal(half.begin(), half.end(), fixed[0].image.at(4, 3)));
  EXPECT_THAT(complaint([] { feature_tiles(ramp_maps(3, 4, 5), {3}, {}); }), HasSubstr("it has 0 to 2"));
}

TEST(FeatureGrid, ShortNumbers) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0"},           {4.2137, "4.21"},      {42.137, "42.1"},  {1240.4, "1240"}, {0.03124, "0.0312"},
      {0.99999, "1.00"},  {9.9999, "10.0"},      {99.99, "100"},    {-0.5, "-0.500"}, {1e7, "1.00e+07"},
      {2e-9, "2.00e-09"}, {0.00012, "0.000120"}, {0.09999, "0.100"}};
  for (const auto &[value, text] : cases)
    EXPECT_EQ(short_number(value), text);
}

TEST(Grid, PleasingColumns) {
  const std::vector<std::pair<int, int>> cases = {{1, 1},  {2, 2},  {4, 2},  {6, 3}, {8, 4},
                                                  {10, 5}, {12, 4}, {16, 4}, {64, 8}};
  for (const auto &[n, columns] : cases)
    EXPECT_EQ(pleasing_columns(n, 144, 164), columns) << n;
  for (int n = 1; n <= 600; ++n) {
    const int columns = pleasing_columns(n, 144, 164);
    EXPECT_GE(columns, 1);
    EXPECT_LE(columns, n);
    const int rows = (n + columns - 1) / columns;
    const double aspect = columns * 144.0 / (rows * 164.0);
    if (n >= 12) {
      EXPECT_GT(aspect, 0.6) << n;
      EXPECT_LT(aspect, 2.8) << n;
    }
  }
}

TEST(Grid, EveryTileIsThereAndLabelled) {
  for (const int n : {1, 2, 5, 12, 33}) {
    const auto tiles = feature_tiles(ramp_maps(n + 2, 14, 14), first(n), {});
    GridOptions options;
    options.cell = 128;
    options.columns = 4;
    const ImageRgb8 grid = tile_grid(tiles, options);
    const int side = 14 * 9, columns = std::min(n, 4), rows = (n + 3) / 4;
    EXPECT_EQ(grid.width, 2 * page::margin + columns * (side + page::gutter) - page::gutter);
    const int step = (grid.height - 2 * page::margin + page::gutter) / rows;
    for (int i = 0; i < n; ++i) {
      const int x = page::margin + i % 4 * (side + page::gutter), y = page::margin + i / 4 * step;
      EXPECT_EQ(inked(grid, x, y, x + side, y + side), side * side) << i;
      EXPECT_GT(inked(grid, x, y + side, x + side, y + step - page::gutter), 30) << i;
      // The gutter at the right is empty.
      EXPECT_EQ(inked(grid, x + side, y, x + side + page::gutter, y + step), 0) << i;
    }
  }
}

TEST(Grid, LongLabelsAndTitlesStayOnThePage) {
  std::vector<Tile> tiles(
      3, {ImageRgb8(128, 96, 0), "block4_conv3:200 + 0.5*block3_conv2:100 - block1_conv1:3", "stayed dead"});
  tiles[1].label = std::string(300, 'W');
  GridOptions options;
  options.title = std::string(200, 'M');
  options.subtitle = std::string(300, 'm');
  const ImageRgb8 grid = tile_grid(tiles, options);
  EXPECT_LE(grid.width, 900);
  EXPECT_EQ(inked(grid, grid.width - page::margin + 1, 0, grid.width, grid.height), 0);
  EXPECT_EQ(inked(grid, 0, grid.height - page::margin + 1, grid.width, grid.height), 0);
}

TEST(Grid, ThinPicturesKeepReadableLabels) {
  const auto tiles = feature_tiles(ramp_maps(3, 64, 2), {0, 1, 2}, {});
  GridOptions options;
  options.columns = 3;
  const ImageRgb8 grid = tile_grid(tiles, options);
  EXPECT_GE((grid.width - 2 * page::margin) / 3, static_cast<int>(measure_text("max 3.00", 12)));
}

TEST(Grid, TooMuchOrNothingIsExplained) {
  complaint([] { tile_grid({}, {}); });
  const std::vector<Tile> tiles(200, {ImageRgb8(2000, 8, 0), "", ""});
  GridOptions options;
  options.columns = 200;
  EXPECT_THAT(complaint([&] { tile_grid(tiles, options); }),
              HasSubstr("the grid of 200 pictures (choose fewer): is too large"));
}

TEST(Grid, Deterministic) {
  const auto tiles = feature_tiles(ramp_maps(6, 7, 9), first(6), {});
  EXPECT_EQ(tile_grid(tiles, {"a", "b"}).pixels, tile_grid(tiles, {"a", "b"}).pixels);
}

TEST(Strip, ColumnsInOrder) {
  std::vector<StripColumn> columns;
  for (const int side : {56, 14, 300}) {
    Array map = ramp_maps(1, side, side);
    columns.push_back({"block" + std::to_string(side), "channel 13", map, ImageRgb8(128, 128, 90), ""});
  }
  const ImageRgb8 plain = draw_strip(columns, {});
  StripOptions options;
  options.photo = ImageRgb8(60, 40, 30);
  options.photo_label = "photo.png";
  options.title = "vgg16";
  const ImageRgb8 with_photo = draw_strip(columns, options);
  EXPECT_EQ(with_photo.width, plain.width + 256 + page::gutter);
  // Each image is there whole, in its own column, at the foot of the page.
  for (int i = 0; i < 3; ++i) {
    const int x = plain.width - page::margin - (3 - i) * 256 - (2 - i) * page::gutter;
    EXPECT_EQ(inked(plain, x, plain.height - page::margin - 256, x + 256, plain.height - page::margin), 256 * 256);
  }
  EXPECT_EQ(draw_strip(columns, options).pixels, with_photo.pixels);
  complaint([] { draw_strip({}, {}); });
  complaint([] { draw_strip({{"a", "", ramp_maps(1, 4, 4), ImageRgb8(), ""}}, {}); });
  EXPECT_THROW(draw_strip({{"a", "", Array{}, ImageRgb8(8, 8), ""}}, {}), std::invalid_argument);
  EXPECT_THROW(feature_tiles(Array{{2, 3, 0}, {}}, {0}, {}), std::invalid_argument);
  StripOptions huge;
  huge.cell = 9000;
  EXPECT_THAT(complaint([&] { draw_strip(columns, huge); }), HasSubstr("choose fewer"));
}

// Planes 0, 1, 2, ... of the value 0.1, 0.2, 0.3, ...
Array flat_planes(int count, int height, int width) {
  Array image{{count, height, width}, {}};
  for (int c = 0; c < count; ++c)
    image.data.insert(image.data.end(), static_cast<std::size_t>(height * width), 0.1F * static_cast<float>(c + 1));
  return image;
}

int grey_of(int plane) { return static_cast<int>(std::lround(25.5 * (plane + 1))); }

TEST(Planes, OneIsGreyAndThreeAreColours) {
  const ImageRgb8 grey = draw_planes(flat_planes(1, 3, 4), plane_view(1, {}));
  EXPECT_EQ(grey.width, 4);
  EXPECT_EQ(grey.height, 3);
  EXPECT_TRUE(std::ranges::all_of(grey.pixels, [](int v) { return v == grey_of(0); }));
  const Array three = flat_planes(3, 2, 2);
  EXPECT_EQ(draw_planes(three, plane_view(3, {0, 1, 2})).pixels, to_rgb8(three).pixels);
  const ImageRgb8 chosen = draw_planes(flat_planes(6, 2, 2), plane_view(6, {4, 2, 0}));
  EXPECT_EQ(std::vector<int>(chosen.pixels.begin(), chosen.pixels.begin() + 3),
            (std::vector<int>{grey_of(4), grey_of(2), grey_of(0)}));
}

TEST(Planes, OthersLieSideBySide) {
  for (const int count : {2, 4, 5, 6}) {
    SCOPED_TRACE(count);
    const PlaneView view = plane_view(count, {});
    const ImageRgb8 mosaic = draw_planes(flat_planes(count, 5, 7), view);
    EXPECT_EQ((Size{mosaic.width, mosaic.height}), view_size(view, {7, 5}));
    EXPECT_GE(view.columns * view.rows, count);
    for (int c = 0; c < count; ++c)
      for (const auto &[x, y] : {std::pair{0, 0}, std::pair{6, 4}})
        EXPECT_EQ(*mosaic.at(c % view.columns * (7 + plane_gap) + x, c / view.columns * (5 + plane_gap) + y),
                  grey_of(c));
    EXPECT_EQ(*mosaic.at(7, 0), page::paper);
  }
  EXPECT_THROW(draw_planes(flat_planes(4, 2, 2), plane_view(3, {})), std::invalid_argument);
}

TEST(Planes, AGridNamesThem) {
  const std::vector<Tile> tiles = plane_tiles(flat_planes(6, 4, 4));
  ASSERT_EQ(tiles.size(), 6U);
  EXPECT_EQ(tiles[5].label, "plane 5");
  EXPECT_EQ(*tiles[5].image.at(0, 0), grey_of(5));
}

TEST(ExamplesPage, HasARowForEachChannel) {
  ExamplesRow row{
      "#3", "in 4 % of photos", {{ImageRgb8(112, 60, 10), "4.2", ""}, {ImageRgb8(), "3.1", ""}}, {5, 0, 1}, "0", "8"};
  const ImageRgb8 one = examples_page({{"net  layer", "photos", {row}}}, 4);
  const ImageRgb8 three = examples_page({{"net  layer", "photos", {row, row, row}}}, 4);
  EXPECT_EQ(one.width, three.width);
  EXPECT_GT(three.height, one.height + 2 * examples_crop_side);
  const auto dark = std::count(one.pixels.begin(), one.pixels.end(), 10); // the crop, as it is
  EXPECT_GE(dark, 112 * 60 * 3);
  // Many stand side by side; too many are refused before they are drawn.
  const ImageRgb8 many = examples_page({{"net  layer", "", std::vector<ExamplesRow>(60, row)}}, 4);
  EXPECT_GT(many.width, 2 * one.width - 100);
  EXPECT_NO_THROW(check_examples_page({1024}, 9));
  EXPECT_NE(complaint([] { check_examples_page({40000}, 9); }).find("choose fewer"), std::string::npos);
}

} // namespace
} // namespace convscope
