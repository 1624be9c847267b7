#include "visualization/factorization.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace convscope {

namespace {

constexpr int most_rounds = 500, power_rounds = 80;
constexpr double tolerance = 1e-5; // of a round's changes over the first one's

// (rows, columns), row by row. Large ones are few here, so that plain loops over rows do.
struct Matrix {
  int rows = 0, columns = 0;
  std::vector<double> data;

  Matrix(int r, int c) : rows(r), columns(c), data(std::size_t(r) * std::size_t(c)) {}
  double *row(int i) { return data.data() + std::size_t(i) * std::size_t(columns); }
  const double *row(int i) const { return data.data() + std::size_t(i) * std::size_t(columns); }
};

double dot(const double *a, const double *b, int count) { return std::inner_product(a, a + count, b, 0.0); }

double norm(const std::vector<double> &v) { return std::sqrt(dot(v.data(), v.data(), static_cast<int>(v.size()))); }

Matrix transposed(const Matrix &a) {
  Matrix t(a.columns, a.rows);
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < a.columns; ++j)
      t.row(j)[i] = a.row(i)[j];
  return t;
}

// a b^T
Matrix times_transposed(const Matrix &a, const Matrix &b) {
  Matrix product(a.rows, b.rows);
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < b.rows; ++j)
      product.row(i)[j] = dot(a.row(i), b.row(j), a.columns);
  return product;
}

// The rows become orthonormal, each less what it has of those before; one that has nothing else becomes 0.
void orthonormalize(Matrix &a) {
  for (int i = 0; i < a.rows; ++i) {
    double *v = a.row(i);
    const double before = std::sqrt(dot(v, v, a.columns));
    for (int again = 0; again < 2; ++again)
      for (int j = 0; j < i; ++j) {
        const double along = dot(v, a.row(j), a.columns);
        for (int k = 0; k < a.columns; ++k)
          v[k] -= along * a.row(j)[k];
      }
    const double length = std::sqrt(dot(v, v, a.columns));
    for (int k = 0; k < a.columns; ++k)
      v[k] = length > 1e-12 * before ? v[k] / length : 0;
  }
}

// The first `count` right singular vectors of x as rows, the largest first: the eigenvectors of x^T x, whose sides are
// the shorter ones of x, by powers of it.
Matrix singular_rows(const Matrix &x, int count) {
  const Matrix columns = transposed(x);
  const Matrix gram = times_transposed(columns, columns);
  Matrix vectors(count, x.columns);
  for (int j = 0; j < count; ++j) // anything that is no eigenvector's opposite
    for (int k = 0; k < x.columns; ++k)
      vectors.row(j)[k] = std::cos(1.0 + (j + 1.0) * (k + 0.5));
  orthonormalize(vectors);
  for (int round = 0; round < power_rounds; ++round) {
    vectors = times_transposed(vectors, gram);
    orthonormalize(vectors);
  }
  return vectors;
}

// The non-negative part of a singular pair that has more of it, or of its negative (NNDSVD), and zeros filled with the
// mean of x: coordinate descent can leave them, but begins better elsewhere.
void start(const Matrix &x, Matrix &shares, Matrix &vectors) {
  const bool tall = x.rows >= x.columns;
  const Matrix across = singular_rows(tall ? x : transposed(x), vectors.rows);
  const Matrix along = times_transposed(across, tall ? x : transposed(x)); // times the singular values
  const Matrix &right = tall ? across : along, &left = tall ? along : across;
  const double mean =
      std::accumulate(x.data.begin(), x.data.end(), 0.0) / static_cast<double>(std::max<std::size_t>(1, x.data.size()));
  const auto part = [](const double *v, int count, double sign) {
    std::vector<double> kept(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      kept[static_cast<std::size_t>(i)] = std::max(0.0, sign * v[i]);
    return kept;
  };
  for (int j = 0; j < vectors.rows; ++j) {
    std::vector<double> u = part(left.row(j), x.rows, 1), v = part(right.row(j), x.columns, 1);
    std::vector<double> other_u = part(left.row(j), x.rows, -1), other_v = part(right.row(j), x.columns, -1);
    if (norm(other_u) * norm(other_v) > norm(u) * norm(v)) {
      u = std::move(other_u);
      v = std::move(other_v);
    }
    const double u_norm = norm(u), v_norm = norm(v), root = std::sqrt(u_norm * v_norm); // with the singular value
    for (int i = 0; i < x.rows; ++i)
      shares.row(i)[j] = root > 0 && u[std::size_t(i)] > 0 ? u[std::size_t(i)] / u_norm * root : mean;
    for (int k = 0; k < x.columns; ++k)
      vectors.row(j)[k] = root > 0 && v[std::size_t(k)] > 0 ? v[std::size_t(k)] / v_norm * root : mean;
  }
}

// One round over a side's factors: each row of `side` (n, count) nearer to minimizing |target - side * other|^2, from
// `products` target other^T and `gram` other other^T. How much there was to change.
double improve(Matrix &side, const Matrix &products, const Matrix &gram) {
  double changes = 0;
  for (int j = 0; j < side.columns; ++j) {
    const double curvature = gram.row(j)[j];
    for (int i = 0; i < side.rows; ++i) {
      double &value = side.row(i)[j];
      const double slope = dot(gram.row(j), side.row(i), side.columns) - products.row(i)[j];
      changes += std::abs(value == 0 ? std::min(0.0, slope) : slope);
      if (curvature > 0)
        value = std::max(0.0, value - slope / curvature);
    }
  }
  return changes;
}

double distance(const Matrix &x, const Matrix &shares, const Matrix &by_column) {
  double squares = 0;
  for (int i = 0; i < x.rows; ++i)
    for (int k = 0; k < x.columns; ++k) {
      const double rest = x.row(i)[k] - dot(shares.row(i), by_column.row(k), shares.columns);
      squares += rest * rest;
    }
  return std::sqrt(squares);
}

} // namespace

Factors factorize(const std::vector<double> &values, int rows, int columns, int count) {
  if (rows < 1 || columns < 1 || count < 1 || count > std::min(rows, columns) ||
      values.size() != std::size_t(rows) * std::size_t(columns))
    throw std::logic_error("a matrix has 1 to min(rows, columns) factors");
  Matrix x(rows, columns);
  x.data = values;
  const Matrix x_columns = transposed(x);
  Matrix shares(rows, count), vectors(count, columns);
  start(x, shares, vectors);
  Matrix by_column = transposed(vectors); // (columns, count): both sides look alike to improve()
  Factors factors{rows, columns, count, {}, {}, 0, 0};
  double first = 0;
  for (; factors.rounds < most_rounds; ++factors.rounds) {
    const Matrix v = transposed(by_column);
    double changes = improve(shares, times_transposed(x, v), times_transposed(v, v));
    const Matrix s = transposed(shares);
    changes += improve(by_column, times_transposed(x_columns, s), times_transposed(s, s));
    if (factors.rounds == 0)
      first = changes;
    if (changes <= tolerance * first)
      break;
  }
  factors.residual = distance(x, shares, by_column);
  factors.vectors = transposed(by_column).data;
  factors.shares = std::move(shares.data);
  return factors;
}

} // namespace convscope
