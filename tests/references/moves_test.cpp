#include "reference/moves.h"

#include "check.h"

namespace convscope::reference {
namespace {

Tensor counting(int c, int h, int w) {
  Tensor x(1, c, h, w);
  for (std::size_t i = 0; i < x.data.size(); ++i)
    x.data[i] = double(i);
  return x;
}

Tensor row(std::vector<double> values) {
  Tensor x(1, 1, 1, int(values.size()));
  x.data = std::move(values);
  return x;
}

void expect_near(const std::vector<double> &got, const std::vector<double> &expected, double tolerance = 1e-6) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

Slice slice(Axis axis, int begin, int end, int step = 1) { return {axis, begin, end, step}; }
constexpr int to_end = std::numeric_limits<int>::max(), to_begin = std::numeric_limits<int>::min();

TEST(ReferenceMoves, Slices) {
  Tensor x = row({0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(move(x, slice(Axis::w, 1, 6, 2)).data, (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(move(x, slice(Axis::w, -3, to_end)).data, (std::vector<double>{4, 5, 6}));
  EXPECT_EQ(move(x, slice(Axis::w, -1, to_begin, -3)).data, (std::vector<double>{6, 3, 0}));
  EXPECT_EQ(move(x, slice(Axis::w, 100, 2, -1)).data, (std::vector<double>{6, 5, 4, 3}));
  EXPECT_EQ(move(counting(3, 2, 1), slice(Axis::c, 1, 2)).data, (std::vector<double>{2, 3}));
}

TEST(ReferenceMoves, Orders) {
  EXPECT_EQ(move(counting(1, 2, 3), Transpose{{Axis::c, Axis::w, Axis::h}}).data,
            (std::vector<double>{0, 3, 1, 4, 2, 5}));
  Tensor turned = move(counting(2, 3, 4), Transpose{{Axis::h, Axis::w, Axis::c}});
  EXPECT_EQ(turned.c, 3);
  EXPECT_EQ(turned.w, 2);
  EXPECT_EQ(turned.at(0, 2, 1, 1), 1 * 12 + 2 * 4 + 1);
  EXPECT_EQ(move(counting(6, 1, 1), ChannelShuffle{2}).data, (std::vector<double>{0, 3, 1, 4, 2, 5}));
  // ONNX's own examples of DepthToSpace, shortened: 8 channels of one pixel.
  EXPECT_EQ(move(counting(8, 1, 1), DepthToSpace{2, true}).data, (std::vector<double>{0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(move(counting(8, 1, 1), DepthToSpace{2, false}).data, (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(move(counting(1, 2, 4), SpaceToDepth{2}).data, (std::vector<double>{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(ReferenceMoves, Pads) {
  Tensor x = row({1, 2, 3});
  Pad pad;
  pad.pad = {0, 2, 0, 1};
  pad.value = 9;
  EXPECT_EQ(move(x, pad).data, (std::vector<double>{9, 9, 1, 2, 3, 9}));
  pad.mode = PadMode::reflect;
  EXPECT_EQ(move(x, pad).data, (std::vector<double>{3, 2, 1, 2, 3, 2}));
  pad.mode = PadMode::edge;
  EXPECT_EQ(move(x, pad).data, (std::vector<double>{1, 1, 1, 2, 3, 3}));
  pad.mode = PadMode::wrap;
  EXPECT_EQ(move(x, pad).data, (std::vector<double>{2, 3, 1, 2, 3, 1}));
  pad = {PadMode::constant, 5, {0, -1, 0, 0}, 1, 0};
  EXPECT_EQ(move(x, pad).data, (std::vector<double>{5, 5, 2, 3}));
}

Resize resize(ResizeMode mode, ResizeCoordinates coordinates, double scale_w,
              NearestRounding rounding = NearestRounding::prefer_floor) {
  Resize op;
  op.mode = mode;
  op.coordinates = coordinates;
  op.rounding = rounding;
  op.scale_w = scale_w;
  return op;
}

// By hand from ONNX's formulas.
TEST(ReferenceMoves, Resizes) {
  Tensor x = row({1, 2, 3, 4});
  EXPECT_EQ(move(x, resize(ResizeMode::nearest, ResizeCoordinates::asymmetric, 2, NearestRounding::floor)).data,
            (std::vector<double>{1, 1, 2, 2, 3, 3, 4, 4}));
  EXPECT_EQ(move(x, resize(ResizeMode::nearest, ResizeCoordinates::asymmetric, 2, NearestRounding::ceil)).data,
            (std::vector<double>{1, 2, 2, 3, 3, 4, 4, 4}));
  EXPECT_EQ(move(x, resize(ResizeMode::nearest, ResizeCoordinates::half_pixel, 0.5)).data,
            (std::vector<double>{1, 3})); // from 0.5 and 2.5
  EXPECT_EQ(move(x, resize(ResizeMode::nearest, ResizeCoordinates::half_pixel, 0.5, NearestRounding::prefer_ceil)).data,
            (std::vector<double>{2, 4}));
  EXPECT_EQ(move(x, resize(ResizeMode::linear, ResizeCoordinates::half_pixel, 2)).data,
            (std::vector<double>{1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4}));
  expect_near(move(x, resize(ResizeMode::linear, ResizeCoordinates::align_corners, 2)).data,
              {1, 10 / 7.0, 13 / 7.0, 16 / 7.0, 19 / 7.0, 22 / 7.0, 25 / 7.0, 4});
  EXPECT_EQ(move(x, resize(ResizeMode::linear, ResizeCoordinates::asymmetric, 2)).data,
            (std::vector<double>{1, 1.5, 2, 2.5, 3, 3.5, 4, 4}));
  EXPECT_EQ(move(x, resize(ResizeMode::linear, ResizeCoordinates::pytorch_half_pixel, 0.25)).data,
            std::vector<double>{1});
  EXPECT_EQ(move(x, resize(ResizeMode::linear, ResizeCoordinates::half_pixel, 0.25)).data, std::vector<double>{2.5});
  // 4 * 0.6 = 2.4 of which 2 are made: both move by half of the rest
  expect_near(move(x, resize(ResizeMode::linear, ResizeCoordinates::half_pixel, 0.6)).data, {4 / 3.0, 3});
  expect_near(move(x, resize(ResizeMode::linear, ResizeCoordinates::half_pixel_symmetric, 0.6)).data,
              {5 / 3.0, 10 / 3.0});
  // ONNX's own examples, resize_upsample_scales_cubic and the same with A = -0.5 and exclude_outside: their first rows.
  Tensor square = counting(1, 4, 4);
  for (double &value : square.data)
    ++value;
  const auto first_row = [&](const Resize &op) {
    Tensor y = move(square, op);
    return std::vector<double>(y.data.begin(), y.data.begin() + y.w);
  };
  Resize cubic = resize(ResizeMode::cubic, ResizeCoordinates::half_pixel, 2);
  cubic.scale_h = 2;
  expect_near(first_row(cubic),
              {0.47265625, 0.76953125, 1.24609375, 1.875, 2.28125, 2.91015625, 3.38671875, 3.68359375});
  cubic.exclude_outside = true;
  cubic.cubic_a = -0.5F;
  expect_near(first_row(cubic),
              {0.55882353, 0.81494204, 1.35698249, 1.89705882, 2.39705882, 2.93713516, 3.47917561, 3.73529412});
}

TEST(ReferenceMoves, ConcatIsWhatSlicesTakeApart) {
  Tensor x = random_tensor(2, 5, 6, 7, 1);
  for (Axis axis : {Axis::c, Axis::h, Axis::w}) {
    Tensor a = move(x, slice(axis, 0, 2)), b = move(x, slice(axis, 2, 3)), c = move(x, slice(axis, 3, to_end));
    EXPECT_EQ(concat({&a, &b, &c}, axis).data, x.data);
    std::vector<Tensor> parts = concat_gradient(x, {&a, &b, &c}, axis);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].data, a.data);
    EXPECT_EQ(parts[2].data, c.data);
  }
}

TEST(ReferenceMoves, Adjoints) {
  std::vector<Move> moves = {slice(Axis::c, 1, 7, 3), slice(Axis::h, -1, to_begin, -2),
                             slice(Axis::w, 2, 5),    Transpose{{Axis::w, Axis::c, Axis::h}},
                             ChannelShuffle{4},       DepthToSpace{2, true},
                             DepthToSpace{2, false},  SpaceToDepth{2}};
  for (PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::edge, PadMode::wrap})
    moves.emplace_back(Pad{mode, 0, {2, -1, 3, 4}, 1, -2});
  for (ResizeMode mode : {ResizeMode::nearest, ResizeMode::linear, ResizeMode::cubic})
    for (ResizeCoordinates coordinates :
         {ResizeCoordinates::half_pixel, ResizeCoordinates::half_pixel_symmetric, ResizeCoordinates::pytorch_half_pixel,
          ResizeCoordinates::align_corners, ResizeCoordinates::asymmetric})
      for (bool exclude : {false, true}) {
        Resize op = resize(mode, coordinates, 1.75, NearestRounding::ceil);
        op.scale_h = 0.6;
        op.exclude_outside = exclude;
        moves.emplace_back(op);
        op.out_h = 13;
        op.out_w = 1;
        moves.emplace_back(op);
      }
  unsigned seed = 0;
  for (const Move &op : moves) {
    SCOPED_TRACE(seed);
    Tensor x = random_tensor(2, 8, 6, 8, ++seed);
    expect_adjoint([&](const Tensor &t) { return move(t, op); },
                   [&](const Tensor &t) { return move_gradient(t, op, x); }, x, ++seed);
  }
}

} // namespace
} // namespace convscope::reference
