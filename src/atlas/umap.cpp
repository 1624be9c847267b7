#include "atlas/umap.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <Eigen/Eigenvalues>

#include "visualization/random.h"

namespace convscope {

namespace {

// Of 1 / (1 + a d^2b), the nearest to 1 below min_dist 0.01 and exp(-(d - min_dist)) above.
constexpr double a = 1.8956, b = 0.8006;
constexpr int strangers = 5; // points that a point is pushed away from, for each neighbour that it is pulled to
constexpr double longest_move = 4;

// The distance of the nearest neighbour that is apart, and the scale by which the neighbourhood's weights sum to
// log2(count).
struct Scale {
  double nearest = 0, width = 1;
};

Scale scale_of(const float *distances, int count, double mean_of_all) {
  constexpr double least = 1e-3; // of the mean distance, so that doubles don't divide by nothing
  Scale scale;
  double mean = 0;
  for (int i = 0; i < count; ++i) {
    mean += double(distances[i]) / count;
    if (scale.nearest == 0 && distances[i] > 0)
      scale.nearest = distances[i];
  }
  const double wanted = std::log2(count + 1); // its authors count the point itself
  double low = 0, high = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 64; ++round) {
    double sum = 0;
    for (int i = 0; i < count; ++i)
      sum += std::exp(-std::max(0.0, distances[i] - scale.nearest) / scale.width);
    if (std::abs(sum - wanted) < 1e-5)
      break;
    (sum > wanted ? high : low) = scale.width;
    scale.width = std::isinf(high) ? 2 * scale.width : (low + high) / 2;
  }
  scale.width = std::max(scale.width, least * (scale.nearest > 0 ? mean : mean_of_all));
  return scale;
}

double limited(double move) { return std::clamp(move, -longest_move, longest_move); }

double squared_distance(const Point &p, const Point &q) {
  return (p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]);
}

// Gradient ascent on the likelihood of the edges, an edge at a time, as often as its weight says.
class Layout {
public:
  Layout(std::vector<UmapEdge> edges, std::vector<Point> points, std::uint64_t seed, int epochs)
      : edges_(std::move(edges)), points_(std::move(points)), key_(philox_key(seed, "umap")), epochs_(epochs) {
    double most = 0;
    for (const UmapEdge &edge : edges_)
      most = std::max(most, edge.weight);
    std::erase_if(edges_, [&](const UmapEdge &edge) { return edge.weight < most / epochs; });
    for (const UmapEdge &edge : edges_) {
      every_.push_back(most / edge.weight);
      next_.push_back(every_.back());
    }
  }

  std::vector<Point> run() {
    for (int epoch = 0; epoch < epochs_; ++epoch) {
      const double rate = 1.0 - static_cast<double>(epoch) / epochs_;
      for (std::size_t e = 0; e < edges_.size(); ++e)
        if (next_[e] <= epoch) {
          pull(edges_[e], rate);
          for (int i = 0; i < strangers; ++i)
            push(edges_[e].from, stranger(static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(e), i), rate);
          next_[e] += every_[e];
        }
    }
    return std::move(points_);
  }

private:
  Point &point(int index) { return points_[static_cast<std::size_t>(index)]; }

  void pull(const UmapEdge &edge, double rate) {
    Point &p = point(edge.from), &q = point(edge.to);
    const double d = squared_distance(p, q);
    if (d == 0)
      return;
    const double slope = -2 * a * b * std::pow(d, b - 1) / (a * std::pow(d, b) + 1);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const double move = rate * limited(slope * (p[axis] - q[axis]));
      p[axis] += move;
      q[axis] -= move;
    }
  }

  void push(int index, int from, double rate) {
    if (index == from)
      return;
    Point &p = point(index);
    const Point q = point(from);
    const double d = squared_distance(p, q);
    const double slope = 2 * b / ((0.001 + d) * (a * std::pow(d, b) + 1));
    for (std::size_t axis = 0; axis < 2; ++axis)
      p[axis] += rate * (d > 0 ? limited(slope * (p[axis] - q[axis])) : longest_move);
  }

  int stranger(std::uint32_t epoch, std::uint32_t edge, int index) {
    const std::array<std::uint32_t, 4> drawn = philox({epoch, edge, static_cast<std::uint32_t>(index), 0}, key_);
    return static_cast<int>(drawn[0] % points_.size());
  }

  std::vector<UmapEdge> edges_;
  std::vector<Point> points_;
  std::array<std::uint32_t, 2> key_;
  int epochs_;
  std::vector<double> every_, next_; // epochs between an edge's turns, and the next one
};

} // namespace

std::vector<UmapEdge> umap_edges(const Neighbours &neighbours) {
  const int count = neighbours.count;
  double mean = 0;
  for (const float distance : neighbours.distances)
    mean += double(distance) / static_cast<double>(neighbours.distances.size());
  std::vector<UmapEdge> edges;
  for (int from = 0; from < neighbours.points; ++from) {
    const auto row = static_cast<std::size_t>(from) * static_cast<std::size_t>(count);
    const Scale scale = scale_of(neighbours.distances.data() + row, count, mean);
    for (std::size_t i = row; i < row + static_cast<std::size_t>(count); ++i) {
      const double weight = std::exp(-std::max(0.0, neighbours.distances[i] - scale.nearest) / scale.width);
      edges.push_back({from, neighbours.indices[i], weight});
      edges.push_back({neighbours.indices[i], from, -weight}); // the other's, seen from here
    }
  }
  const auto order = [](const UmapEdge &x, const UmapEdge &y) {
    return std::pair(x.from, x.to) < std::pair(y.from, y.to);
  };
  std::sort(edges.begin(), edges.end(), order);
  std::vector<UmapEdge> united;
  for (const UmapEdge &edge : edges) {
    const double weight = std::abs(edge.weight);
    if (!united.empty() && united.back().from == edge.from && united.back().to == edge.to)
      united.back().weight += weight - united.back().weight * weight;
    else
      united.push_back({edge.from, edge.to, weight});
  }
  return united;
}

std::vector<Point> principal_plane(const Array &vectors, std::uint64_t seed) {
  const auto rows = static_cast<Eigen::Index>(vectors.shape.at(0)),
             columns = static_cast<Eigen::Index>(vectors.shape.at(1));
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> all(vectors.data.data(), rows, columns);
  const Eigen::RowVectorXf mean = all.colwise().mean();
  const Rows centred = all.rowwise() - mean;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> axes((centred.transpose() * centred).cast<double>());
  std::vector<Point> plane(static_cast<std::size_t>(rows));
  const auto key = philox_key(seed, "umap start");
  for (Eigen::Index axis = 0; axis < 2; ++axis) {
    Eigen::VectorXd along = Eigen::VectorXd::Zero(rows);
    if (axis < columns) {
      Eigen::VectorXd direction = axes.eigenvectors().col(columns - 1 - axis);
      Eigen::Index largest = 0;
      direction.cwiseAbs().maxCoeff(&largest);
      if (direction[largest] < 0) // either sign is an eigenvector's
        direction = -direction;
      along = centred.cast<double>() * direction;
    }
    const double most = along.cwiseAbs().maxCoeff();
    for (Eigen::Index i = 0; i < rows; ++i) {
      const auto drawn = philox({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(axis), 0, 0}, key);
      plane[static_cast<std::size_t>(i)][static_cast<std::size_t>(axis)] =
          (most > 0 ? along[i] / most * 10 : 0) + 1e-4 * (drawn[0] / 4294967296.0 - 0.5);
    }
  }
  return plane;
}

std::vector<Point> umap(const Neighbours &neighbours, std::vector<Point> start, std::uint64_t seed, int epochs) {
  if (neighbours.count == 0)
    return start;
  if (epochs == 0)
    epochs = neighbours.points <= 10000 ? 500 : 200;
  return Layout(umap_edges(neighbours), std::move(start), seed, epochs).run();
}

} // namespace convscope
