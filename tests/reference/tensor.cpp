#include "reference/tensor.h"

#include <cmath>
#include <limits>
#include <random>

namespace convscope::reference {

double dot(const Tensor &a, const Tensor &b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i)
    sum += a.data[i] * b.data.at(i);
  return sum;
}

double relative_error(const Tensor &a, const Tensor &b) {
  if (!a.same_shape(b))
    return std::numeric_limits<double>::infinity();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    difference += (a.data[i] - b.data[i]) * (a.data[i] - b.data[i]);
    norm += b.data[i] * b.data[i];
  }
  return std::sqrt(norm > 0 ? difference / norm : difference);
}

Tensor random_tensor(int n, int c, int h, int w, unsigned seed, double low, double high) {
  Tensor result(n, c, h, w);
  std::mt19937 bits(seed); // its sequence is fixed by the standard; the distributions' are not
  for (double &value : result.data)
    value = low + (high - low) * (bits() / 4294967296.0);
  return result;
}

std::vector<float> random_floats(std::size_t count, unsigned seed, double low, double high) {
  return to_floats(random_tensor(1, 1, 1, int(count), seed, low, high));
}

std::vector<float> to_floats(const Tensor &a) { return {a.data.begin(), a.data.end()}; }

Tensor rounded(const Tensor &a) { return from_floats(to_floats(a), a.n, a.c, a.h, a.w); }

Tensor from_floats(const std::vector<float> &values, int n, int c, int h, int w) {
  Tensor result(n, c, h, w);
  for (std::size_t i = 0; i < result.data.size(); ++i)
    result.data[i] = values.at(i);
  return result;
}

} // namespace convscope::reference
