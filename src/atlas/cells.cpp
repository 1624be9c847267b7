#include "atlas/cells.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include <Eigen/Cholesky>

namespace convscope {

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Rows> matrix_of(const Array &vectors) {
  return {vectors.data.data(), static_cast<Eigen::Index>(vectors.shape.at(0)),
          static_cast<Eigen::Index>(vectors.shape.at(1))};
}

} // namespace

std::vector<Point> in_unit_square(const std::vector<Point> &points) {
  constexpr double outliers = 0.01, margin = 0.1;
  std::vector<Point> scaled = points;
  if (points.empty())
    return scaled;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    std::vector<double> sorted;
    for (const Point &point : points)
      sorted.push_back(point[axis]);
    std::sort(sorted.begin(), sorted.end());
    const auto last = static_cast<double>(sorted.size() - 1);
    const double low = sorted[static_cast<std::size_t>(outliers * last)],
                 high = sorted[static_cast<std::size_t>(std::ceil((1 - outliers) * last))];
    const double from = low - margin * (high - low), length = (1 + 2 * margin) * (high - low);
    for (Point &point : scaled)
      point[axis] = length > 0 ? std::clamp((point[axis] - from) / length, 0.0, 1.0) : 0.5;
  }
  return scaled;
}

std::vector<double> inverse_second_moments(const Array &vectors) {
  constexpr double ridge = 1e-2;
  const Eigen::Map<const Rows> all = matrix_of(vectors);
  const Eigen::Index channels = all.cols();
  Eigen::MatrixXd moments = Eigen::MatrixXd::Zero(channels, channels);
  constexpr Eigen::Index at_once = 4096; // in double
  for (Eigen::Index first = 0; first < all.rows(); first += at_once) {
    const Eigen::MatrixXd part = all.middleRows(first, std::min(at_once, all.rows() - first)).cast<double>();
    moments.noalias() += part.transpose() * part;
  }
  moments /= static_cast<double>(std::max<Eigen::Index>(1, all.rows()));
  const double mean = moments.trace() / static_cast<double>(channels);
  moments.diagonal().array() += mean > 0 ? ridge * mean : 1;
  const Eigen::MatrixXd inverse = moments.llt().solve(Eigen::MatrixXd::Identity(channels, channels));
  return {inverse.data(), inverse.data() + inverse.size()};
}

std::vector<AtlasCell> atlas_cells(const std::vector<Point> &square, const Array &vectors,
                                   const std::vector<double> &inverse, int side, int least) {
  std::map<std::pair<int, int>, std::vector<int>> members; // by row and column
  const auto place = [side](double along) { return std::min(side - 1, static_cast<int>(along * side)); };
  for (std::size_t i = 0; i < square.size(); ++i)
    members[{place(square[i][1]), place(square[i][0])}].push_back(static_cast<int>(i));
  const Eigen::Map<const Rows> all = matrix_of(vectors);
  const Eigen::Map<const Eigen::MatrixXd> by(inverse.data(), all.cols(), all.cols());
  std::vector<AtlasCell> cells;
  for (auto &[at, points] : members) {
    if (static_cast<int>(points.size()) < least)
      continue;
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(all.cols());
    for (const int point : points)
      mean += all.row(point).transpose().cast<double>() / static_cast<double>(points.size());
    if (mean.isZero(0))
      continue; // silent
    const Eigen::VectorXd whitened = by * mean;
    AtlasCell cell{at.second, at.first, std::move(points), {}, {}};
    for (Eigen::Index c = 0; c < all.cols(); ++c) {
      cell.mean.push_back(static_cast<float>(mean[c]));
      cell.whitened.push_back(static_cast<float>(whitened[c]));
    }
    cells.push_back(std::move(cell));
  }
  return cells;
}

} // namespace convscope
