// Factors of activations: exact where there is an exact answer, near scikit-learn's where there is none.
#include "visualization/factorization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace convscope {
namespace {

// Numbers that any program can make: a sparse non-negative matrix.
std::vector<double> sparse(int rows, int columns) {
  std::vector<double> x;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      x.push_back(std::max(0.0, std::sin(1.7 * i + 0.3 * j * i + 2.1 * j) + 0.3 * std::cos(0.05 * i * j)));
  return x;
}

double distance(const std::vector<double> &x, const Factors &f) {
  double squares = 0;
  for (int i = 0; i < f.rows; ++i)
    for (int j = 0; j < f.columns; ++j) {
      double rest = x[std::size_t(i * f.columns + j)];
      for (int k = 0; k < f.count; ++k)
        rest -= f.shares[std::size_t(i * f.count + k)] * f.vectors[std::size_t(k * f.columns + j)];
      squares += rest * rest;
    }
  return std::sqrt(squares);
}

TEST(Factorization, ResidualIsWithinAPercentOfScikitLearns) {
  struct Case {
    int rows, columns, count;
    double residual; // sklearn 1's NMF(count, tol=1e-6, max_iter=2000).reconstruction_err_
  };
  for (const Case &of :
       std::vector<Case>{{24, 40, 3, 10.915}, {49, 20, 6, 9.80667}, {96, 70, 8, 29.5556}, {5, 64, 5, 3.60721e-05}}) {
    const std::vector<double> x = sparse(of.rows, of.columns);
    const Factors factors = factorize(x, of.rows, of.columns, of.count);
    EXPECT_LT(factors.residual, 1.01 * of.residual + 1e-3) << of.rows << "x" << of.columns << ", " << of.count;
    EXPECT_NEAR(factors.residual, distance(x, factors), 1e-9 * of.residual);
    for (const std::vector<double> *side : {&factors.shares, &factors.vectors})
      EXPECT_TRUE(std::all_of(side->begin(), side->end(), [](double v) { return v >= 0 && std::isfinite(v); }));
  }
}

TEST(Factorization, FindsFactorsThatThereAre) {
  constexpr int rows = 30, columns = 17, count = 3;
  const std::vector<double> a = sparse(rows, count), b = sparse(count, columns);
  std::vector<double> x(std::size_t(rows) * columns);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < count; ++k)
      x[i] += a[i / columns * count + k] * b[k * columns + i % columns];
    squares += x[i] * x[i];
  }
  EXPECT_LT(factorize(x, rows, columns, count).residual, 0.01 * std::sqrt(squares));
}

TEST(Factorization, OddShapes) {
  EXPECT_NEAR(factorize({2}, 1, 1, 1).residual, 0, 1e-12);
  EXPECT_NEAR(factorize({1, 2, 3}, 1, 3, 1).residual, 0, 1e-9);
  EXPECT_NEAR(factorize({1, 2, 3}, 3, 1, 1).residual, 0, 1e-9);
  EXPECT_EQ(factorize(std::vector<double>(12), 3, 4, 2).residual, 0); // nothing there
  EXPECT_NEAR(factorize({1, 0, 0, 1, 1, 0}, 3, 2, 2).residual, 0, 1e-3);
  const std::vector<double> one(20, 1.0); // of rank 1: the other factors have nothing to do
  EXPECT_LT(factorize(one, 4, 5, 4).residual, 1e-2);
}

TEST(Factorization, IsTheSameEachTime) {
  const std::vector<double> x = sparse(20, 31);
  EXPECT_EQ(factorize(x, 20, 31, 5).shares, factorize(x, 20, 31, 5).shares);
}

} // namespace
} // namespace convscope
