// Non-negative matrix factorization: a few vectors of which each row is nearly a sum.
#pragma once

#include <cstddef>
#include <vector>

namespace convscope {

struct Factors {
  int rows = 0, columns = 0, count = 0;
  std::vector<double> shares;  // (rows, count)
  std::vector<double> vectors; // (count, columns)
  double residual = 0;         // Frobenius norm of x - shares * vectors
  int rounds = 0;
};

// The `count` factors, 1 to min(rows, columns), that come near `values` (rows, columns), none negative: half
// the squared residual is minimized by coordinate descent, a factor at a time (HALS). The same for the same values.
Factors factorize(const std::vector<double> &values, int rows, int columns, int count);

} // namespace convscope
