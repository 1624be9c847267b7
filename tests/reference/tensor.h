// A batch of planes in double, row-major (n, c, h, w): what every reference function takes and gives.
#pragma once

#include <cstddef>
#include <vector>

namespace convscope::reference {

struct Tensor {
  int n = 0, c = 0, h = 0, w = 0;
  std::vector<double> data;

  Tensor() = default;
  Tensor(int images, int channels, int rows, int columns, double value = 0)
      : n(images), c(channels), h(rows), w(columns), data(std::size_t(images) * channels * rows * columns, value) {}

  std::size_t index(int in, int ic, int iy, int ix) const { return ((std::size_t(in) * c + ic) * h + iy) * w + ix; }
  double &at(int in, int ic, int iy, int ix) { return data[index(in, ic, iy, ix)]; }
  double at(int in, int ic, int iy, int ix) const { return data[index(in, ic, iy, ix)]; }
  bool same_shape(const Tensor &other) const { return n == other.n && c == other.c && h == other.h && w == other.w; }
};

// What `value` of the numbers changes by with each of them, by central differences.
template <typename Value> std::vector<double> central_differences(std::vector<double> at, const Value &value) {
  constexpr double step = 1e-5;
  std::vector<double> result;
  for (double &number : at) {
    const double middle = number;
    number = middle + step;
    const double above = value(at);
    number = middle - step;
    result.push_back((above - value(at)) / (2 * step));
    number = middle;
  }
  return result;
}

// <a, b>, the sum of products: for adjoint tests.
double dot(const Tensor &a, const Tensor &b);
// |a - b| / |b| in the Euclidean norm; infinity where shapes differ, and |a| where b is all zero.
double relative_error(const Tensor &a, const Tensor &b);
// Uniform in [low, high), the same on every platform for one seed.
Tensor random_tensor(int n, int c, int h, int w, unsigned seed, double low = -1, double high = 1);
std::vector<float> random_floats(std::size_t count, unsigned seed, double low = -1, double high = 1);
// To and from what the device holds.
std::vector<float> to_floats(const Tensor &a);
// The nearest floats: what the device gets.
Tensor rounded(const Tensor &a);
Tensor from_floats(const std::vector<float> &values, int n, int c, int h, int w);

} // namespace convscope::reference
