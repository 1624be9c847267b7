#include "reference/terms.h"

#include <algorithm>
#include <cmath>

namespace convscope::reference {

namespace {

// (c, c) of image n.
std::vector<double> gram(const Tensor &a, int n) {
  std::vector<double> result;
  for (int i = 0; i < a.c; ++i)
    for (int j = 0; j < a.c; ++j) {
      double sum = 0;
      for (int y = 0; y < a.h; ++y)
        for (int x = 0; x < a.w; ++x)
          sum += a.at(n, i, y, x) * a.at(n, j, y, x);
      result.push_back(sum);
    }
  return result;
}

double norm(const std::vector<double> &v) {
  double sum = 0;
  for (const double x : v)
    sum += x * x;
  return std::sqrt(sum);
}

} // namespace

double rectangle_mean(const Tensor &a, int channel, const Positions &at) {
  double sum = 0;
  for (int n = 0; n < a.n; ++n)
    for (int y = at.y; y < at.y + at.height; ++y)
      for (int x = at.x; x < at.x + at.width; ++x)
        sum += a.at(n, channel, y, x);
  return sum / (at.width * at.height);
}

double direction(const Tensor &a, const std::vector<float> &v, double power, const Positions &at) {
  double total = 0, of_vector = norm({v.begin(), v.end()});
  for (int n = 0; n < a.n; ++n)
    for (int y = at.y; y < at.y + at.height; ++y)
      for (int x = at.x; x < at.x + at.width; ++x) {
        double product = 0, squares = 0;
        for (int c = 0; c < a.c; ++c) {
          product += a.at(n, c, y, x) * v.at(c);
          squares += a.at(n, c, y, x) * a.at(n, c, y, x);
        }
        double cosine = product / ((1e-4 + std::sqrt(squares)) * (1e-4 + of_vector));
        total += product * std::pow(std::max(0.1, cosine), power);
      }
  return total / (at.width * at.height);
}

double caricature(const Tensor &a, const Tensor &other, double power) {
  double total = 0;
  std::size_t each = a.data.size() / a.n;
  for (int n = 0; n < a.n; ++n) {
    double product = 0, squares = 0;
    for (std::size_t i = n * each; i < (n + 1) * each; ++i) {
      product += a.data[i] * other.data[i];
      squares += a.data[i] * a.data[i];
    }
    total += product * std::pow(std::max(0.1, product / (1e-6 + std::sqrt(squares))), power);
  }
  return total;
}

double match(const Tensor &a, const Tensor &other) {
  double sum = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i)
    sum += std::pow(a.data[i] - other.data[i], 2);
  return -sum * a.n / double(a.data.size());
}

double stay(const Tensor &a, const Tensor &other) {
  double sum = 0;
  for (int n = 0; n < a.n; ++n)
    for (int y = 0; y < a.h; ++y)
      for (int x = 0; x < a.w; ++x) {
        double squares = 0;
        for (int c = 0; c < a.c; ++c)
          squares += std::pow(a.at(n, c, y, x) - other.at(n, c, y, x), 2);
        sum += std::sqrt(squares);
      }
  return -sum / (a.h * a.w);
}

double style(const Tensor &a, const Tensor &other) {
  double sum = 0;
  for (int n = 0; n < a.n; ++n) {
    std::vector<double> g = gram(a, n), s = gram(other, n);
    for (std::size_t i = 0; i < g.size(); ++i)
      sum += std::abs(g[i] - s[i]);
  }
  return -sum / (double(a.c) * a.c * a.h * a.w);
}

double diversity(const Tensor &a) {
  std::vector<std::vector<double>> grams;
  for (int n = 0; n < a.n; ++n) {
    grams.push_back(gram(a, n));
    double scale = std::max(norm(grams.back()), 1e-10);
    for (double &g : grams.back())
      g /= scale;
  }
  double sum = 0;
  for (int i = 0; i < a.n; ++i)
    for (int j = 0; j < a.n; ++j)
      for (std::size_t e = 0; e < grams[0].size() && i != j; ++e)
        sum += grams[i][e] * grams[j][e];
  return sum / a.n;
}

double alignment(const Tensor &a) {
  double total = 0;
  std::size_t each = a.data.size() / a.n;
  for (int i = 0; i < a.n; ++i)
    for (int d = 1; i + d < a.n; ++d) {
      double sum = 0;
      for (std::size_t e = 0; e < each; ++e)
        sum += std::pow(a.data[i * each + e] - a.data[(i + d) * each + e], 2);
      total -= sum / double(each) / std::pow(2, d);
    }
  return total;
}

double total_variation(const Tensor &x) {
  double sum = 0;
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int i = 0; i < x.h; ++i)
        for (int j = 0; j < x.w; ++j) {
          sum += i + 1 < x.h ? std::abs(x.at(n, c, i + 1, j) - x.at(n, c, i, j)) : 0;
          sum += j + 1 < x.w ? std::abs(x.at(n, c, i, j + 1) - x.at(n, c, i, j)) : 0;
        }
  return sum;
}

double l1(const Tensor &x, double constant) {
  double sum = 0;
  for (const double v : x.data)
    sum += std::abs(v - constant);
  return sum;
}

double l2(const Tensor &x, double constant) {
  double total = 0;
  std::size_t each = x.data.size() / x.n;
  for (int n = 0; n < x.n; ++n) {
    double sum = 1e-6;
    for (std::size_t i = n * each; i < (n + 1) * each; ++i)
      sum += std::pow(x.data[i] - constant, 2);
    total += std::sqrt(sum);
  }
  return total;
}

double blur_distance(const Tensor &x, const Tensor &blurred) {
  double sum = 0;
  for (std::size_t i = 0; i < x.data.size(); ++i)
    sum += std::pow(x.data[i] - blurred.data[i], 2);
  return sum / 2;
}

Tensor blur(const Tensor &x) {
  Tensor result = x;
  for (int n = 0; n < x.n; ++n)
    for (int c = 0; c < x.c; ++c)
      for (int i = 0; i < x.h; ++i)
        for (int j = 0; j < x.w; ++j) {
          double sum = 0, weights = 0;
          for (int y = std::max(i - 1, 0); y <= std::min(i + 1, x.h - 1); ++y)
            for (int k = std::max(j - 1, 0); k <= std::min(j + 1, x.w - 1); ++k) {
              double weight = y == i && k == j ? 1 : 0.5;
              sum += weight * x.at(n, c, y, k);
              weights += weight;
            }
          result.at(n, c, i, j) = sum / weights;
        }
  return result;
}

Tensor difference_gradient(const std::function<double(const Tensor &)> &value, const Tensor &at) {
  constexpr double step = 1e-5;
  Tensor moved = at, gradient = at;
  for (std::size_t i = 0; i < at.data.size(); ++i) {
    moved.data[i] = at.data[i] + step;
    double above = value(moved);
    moved.data[i] = at.data[i] - step;
    gradient.data[i] = (above - value(moved)) / (2 * step);
    moved.data[i] = at.data[i];
  }
  return gradient;
}

} // namespace convscope::reference
