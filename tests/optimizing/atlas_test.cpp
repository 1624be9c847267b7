// What an activation atlas is laid out by: neighbours, UMAP, cells.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "atlas/cells.h"
#include "atlas/neighbours.h"
#include "atlas/umap.h"
#include "optimizing/optimizing.h"

namespace convscope {
namespace {

using ::testing::ElementsAre;

class Atlas : public Optimizing {};

// Numbers that any program can make.
Array made(int rows, int columns) {
  Array x{{rows, columns}, {}};
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      x.data.push_back(
          static_cast<float>(std::max(0.05, std::sin(1.7 * i + 0.3 * j * i + 2.1 * j) + 0.3 * std::cos(0.05 * i * j))));
  return x;
}

double cosine_distance(const Array &x, int i, int j) {
  double dot = 0, of_i = 0, of_j = 0;
  const auto columns = static_cast<std::size_t>(x.shape[1]);
  for (std::size_t c = 0; c < columns; ++c) {
    const double a = x.data[std::size_t(i) * columns + c], b = x.data[std::size_t(j) * columns + c];
    dot += a * b;
    of_i += a * a;
    of_j += b * b;
  }
  return of_i > 0 && of_j > 0 ? 1 - dot / std::sqrt(of_i * of_j) : 1;
}

// Indices of all other points, the nearest first.
std::vector<int> by_distance(int points, int from, const auto &distance) {
  std::vector<int> order(std::size_t(points), 0);
  std::iota(order.begin(), order.end(), 0);
  order.erase(order.begin() + from);
  std::vector<double> far(std::size_t(points), 0);
  for (const int i : order)
    far[std::size_t(i)] = distance(from, i);
  std::stable_sort(order.begin(), order.end(), [&](int i, int j) { return far[std::size_t(i)] < far[std::size_t(j)]; });
  return order;
}

TEST_F(Atlas, NeighboursAreThoseOfASearchInDouble) {
  for (const auto &[points, columns, count] : {std::array{1, 3, 4}, {2, 1, 5}, {37, 5, 6}, {1100, 9, 4}}) {
    Array x = made(points, columns);
    if (points == 37) // silent
      std::fill_n(x.data.begin() + 4 * columns, columns, 0.0F);
    const Neighbours found = nearest_by_cosine(programs(), unit_rows(x), count);
    ASSERT_EQ(found.points, points);
    ASSERT_EQ(found.count, std::min(count, points - 1));
    for (int i = 0; i<points; i += points> 100 ? 37 : 1) {
      const std::vector<int> expected = by_distance(points, i, [&](int p, int q) { return cosine_distance(x, p, q); });
      for (int k = 0; k < found.count; ++k) {
        const auto at = std::size_t(i) * std::size_t(found.count) + std::size_t(k);
        EXPECT_NE(found.indices[at], i);
        EXPECT_NEAR(found.distances[at], cosine_distance(x, i, expected[std::size_t(k)]), 1e-6); // ties in any order
        EXPECT_NEAR(found.distances[at], cosine_distance(x, i, found.indices[at]), 1e-6);
      }
    }
  }
}

TEST_F(Atlas, EdgesAreThoseOfUmapsAuthors) {
  // umap-learn 0.5: UMAP(n_neighbors=8, metric='cosine').graph_, of the same points.
  const std::vector<UmapEdge> edges = umap_edges(nearest_by_cosine(programs(), unit_rows(made(60, 12)), 7));
  double sum = 0;
  std::vector<double> rows(60);
  for (const UmapEdge &edge : edges) {
    sum += edge.weight;
    rows[std::size_t(edge.from)] += edge.weight;
    EXPECT_TRUE(edge.weight > 0 && edge.weight <= 1);
  }
  EXPECT_NEAR(sum, 268.886, 0.05);
  EXPECT_EQ(edges.size(), 572U);
  for (const auto &[row, expected] : {std::pair{0, 3.95904}, {7, 3.61543}, {31, 4.52303}, {59, 3.75689}})
    EXPECT_NEAR(rows[std::size_t(row)], expected, 5e-3) << row;
}

// Venna and Kaski's: 1 where the plane's nearest are neighbours among the vectors, 0.5 where they are any.
double trustworthiness(const Array &x, const std::vector<Point> &plane, int count) {
  const int points = static_cast<int>(plane.size());
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    const std::vector<int> true_order = by_distance(points, i, [&](int p, int q) { return cosine_distance(x, p, q); });
    const std::vector<int> order = by_distance(points, i, [&](int p, int q) {
      return std::hypot(plane[std::size_t(p)][0] - plane[std::size_t(q)][0],
                        plane[std::size_t(p)][1] - plane[std::size_t(q)][1]);
    });
    for (int k = 0; k < count; ++k) {
      const auto rank = std::find(true_order.begin(), true_order.end(), order[std::size_t(k)]) - true_order.begin();
      sum += static_cast<double>(std::max<std::ptrdiff_t>(0, rank + 1 - count));
    }
  }
  return 1 - sum * 2 / (double(points) * count * (2.0 * points - 3 * count - 1));
}

TEST_F(Atlas, UmapKeepsNeighboursTogether) {
  // Eight themes of 24 dimensions, mixed in twos.
  constexpr int points = 400, columns = 24;
  const Array themes = made(8, columns), noise = made(points, columns);
  Array x{{points, columns}, {}};
  for (int i = 0; i < points; ++i)
    for (int c = 0; c < columns; ++c) {
      const double share = (i * 37 % 100) / 100.0;
      x.data.push_back(static_cast<float>(share * themes.data[std::size_t(i % 8 * columns + c)] +
                                          (1 - share) * themes.data[std::size_t(i / 8 % 8 * columns + c)] +
                                          0.1 * noise.data[std::size_t(i * columns + c)]));
    }
  const Array unit = unit_rows(x);
  const Neighbours near = nearest_by_cosine(programs(), unit, 14);
  const std::vector<Point> start = principal_plane(unit, 3), plane = umap(near, start, 3);
  EXPECT_GT(trustworthiness(x, plane, 14), 0.95);
  EXPECT_GT(trustworthiness(x, plane, 14), trustworthiness(x, start, 14) + 0.02);
  EXPECT_EQ(umap(near, start, 3), plane);
  EXPECT_NE(umap(near, start, 4), plane);
}

TEST_F(Atlas, PointsThatAreOneStayFinite) {
  Array x = made(30, 6);
  for (int i = 1; i < 25; ++i)
    std::copy_n(x.data.begin(), 6, x.data.begin() + std::ptrdiff_t(i) * 6);
  const Array unit = unit_rows(x);
  for (const Point &point : umap(nearest_by_cosine(programs(), unit, 8), principal_plane(unit, 0), 0))
    EXPECT_TRUE(std::isfinite(point[0]) && std::isfinite(point[1]));
  EXPECT_EQ(umap(nearest_by_cosine(programs(), unit_rows(made(1, 6)), 8), {{0.5, 0.25}}, 0),
            (std::vector<Point>{{0.5, 0.25}}));
}

TEST(AtlasCells, HoldWhatLiesInThem) {
  std::vector<Point> points;
  for (int i = 0; i <= 200; ++i)
    points.push_back({double(i), i == 0 ? -1e6 : 5.0 * i});
  const std::vector<Point> square = in_unit_square(points);
  EXPECT_NEAR(square[100][0], 0.5, 1e-12);
  EXPECT_NEAR(square[2][0], 0.1 / 1.2, 1e-12);
  EXPECT_NEAR(square[198][0], 1.1 / 1.2, 1e-12);
  EXPECT_EQ(square[0][1], 0); // outside
  EXPECT_THAT(in_unit_square({{3, 4}, {3, 4}})[1], ElementsAre(0.5, 0.5));

  const Array x = made(201, 4);
  const std::vector<AtlasCell> cells = atlas_cells(square, x, inverse_second_moments(x), 5, 3);
  std::set<int> seen;
  for (const AtlasCell &cell : cells) {
    EXPECT_GE(cell.points.size(), 3U);
    for (const int point : cell.points) {
      EXPECT_TRUE(seen.insert(point).second);
      EXPECT_EQ(cell.column, std::min(4, int(square[std::size_t(point)][0] * 5)));
      EXPECT_EQ(cell.row, std::min(4, int(square[std::size_t(point)][1] * 5)));
    }
    for (std::size_t c = 0; c < 4; ++c) {
      double mean = 0;
      for (const int point : cell.points)
        mean += x.data[std::size_t(point) * 4 + c] / double(cell.points.size());
      EXPECT_NEAR(cell.mean[c], mean, 1e-6);
    }
  }
  EXPECT_GT(seen.size(), 195U);
}

TEST(AtlasCells, WhiteningIsTheInverseOfTheSecondMoments) {
  constexpr int points = 50, channels = 7;
  Array x = made(points, channels);
  for (int i = 0; i < points; ++i)
    x.data[std::size_t(i * channels + 3)] = 0; // a silent channel
  const std::vector<double> inverse = inverse_second_moments(x);
  std::vector<double> moments(channels * channels);
  double trace = 0;
  for (int a = 0; a < channels; ++a)
    for (int b = 0; b < channels; ++b) {
      for (int i = 0; i < points; ++i)
        moments[std::size_t(a * channels + b)] +=
            double(x.data[std::size_t(i * channels + a)]) * x.data[std::size_t(i * channels + b)] / points;
      trace += a == b ? moments[std::size_t(a * channels + b)] : 0;
    }
  for (int a = 0; a < channels; ++a)
    for (int b = 0; b < channels; ++b) {
      double product = 0;
      for (int k = 0; k < channels; ++k)
        product += (moments[std::size_t(a * channels + k)] + (a == k ? 0.01 * trace / channels : 0)) *
                   inverse[std::size_t(k * channels + b)];
      EXPECT_NEAR(product, a == b ? 1 : 0, 1e-9);
    }
  const std::vector<AtlasCell> cells = atlas_cells(std::vector<Point>(points, {0.5, 0.5}), x, inverse, 1, 1);
  ASSERT_EQ(cells.size(), 1U);
  for (int a = 0; a < channels; ++a) {
    double expected = 0;
    for (int k = 0; k < channels; ++k)
      expected += inverse[std::size_t(a * channels + k)] * cells[0].mean[std::size_t(k)];
    EXPECT_NEAR(cells[0].whitened[std::size_t(a)], expected, 1e-4);
  }
}

} // namespace
} // namespace convscope
