// Matrix products of constants.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "importer/onnx/folds.h"

namespace convscope::onnx_import {

namespace {

// NotSupported where this many multiplications are more than there is time for.
void spend_product(Step &step, const Dims &lengths) {
  const std::optional<std::int64_t> count = element_count(lengths);
  step.translation().spend_work(count.value_or(INT64_MAX));
}

// a @ b as NumPy has it: matrices in the last two dimensions, the others broadcast.
Numbers multiplied(Step &step, const Numbers &a, const Numbers &b) {
  Dims a_dims = a.dims, b_dims = b.dims;
  if (a_dims.empty() || b_dims.empty())
    wrong(step, "multiplies matrices by a single number");
  if (a.dims.size() == 1)
    a_dims.insert(a_dims.begin(), 1);
  if (b.dims.size() == 1)
    b_dims.push_back(1);
  const std::int64_t rows = a_dims[a_dims.size() - 2], inner = a_dims.back(), columns = b_dims.back();
  if (inner != b_dims[b_dims.size() - 2])
    step.misfit(fmt::format("can't multiply values of {} and {}", dims_text(a.dims), dims_text(b.dims)));
  const Dims a_batch(a_dims.begin(), a_dims.end() - 2), b_batch(b_dims.begin(), b_dims.end() - 2);
  const Dims batch = broadcast_dims(step, {a_batch, b_batch});
  Numbers result{batch, {}};
  if (a.dims.size() > 1)
    result.dims.push_back(rows);
  if (b.dims.size() > 1)
    result.dims.push_back(columns);
  const std::int64_t count = checked_count(step, result.dims);
  spend_product(step, {count, inner});
  result.values.resize(static_cast<std::size_t>(count));
  if (count == 0)
    return result;
  Walk walk(batch, {broadcast_strides(a_batch, batch), broadcast_strides(b_batch, batch)});
  for (double *out = result.values.data(); out != result.values.data() + count; out += rows * columns, walk.advance()) {
    const double *left = a.values.data() + walk.at(0) * rows * inner;
    const double *right = b.values.data() + walk.at(1) * inner * columns;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t k = 0; k < inner; ++k) {
        const double factor = left[i * inner + k];
        for (std::int64_t j = 0; j < columns; ++j)
          out[i * columns + j] += factor * right[k * columns + j];
      }
  }
  return result;
}

} // namespace

void fold_mat_mul(Step &step) {
  const Numbers a = numbers(step, 0, "values"), b = numbers(step, 1, "values");
  put_numbers(step, step.constant(0, "").type, multiplied(step, a, b));
}

void fold_gemm(Step &step) {
  const auto factor = [&](std::size_t input, const char *transposed) {
    Numbers matrix = numbers(step, input, "values");
    if (matrix.dims.size() != 2)
      wrong(step, fmt::format("multiplies a value of {}", dims_text(matrix.dims)));
    if (step.attributes().integer(transposed, 0) == 0)
      return matrix;
    step.translation().spend(static_cast<std::int64_t>(matrix.values.size()));
    const std::int64_t rows = matrix.dims[0], columns = matrix.dims[1];
    Numbers turned{{columns, rows}, {}};
    for (std::int64_t column = 0; column < columns; ++column)
      for (std::int64_t row = 0; row < rows; ++row)
        turned.values.push_back(matrix.values[static_cast<std::size_t>(row * columns + column)]);
    return turned;
  };
  Numbers product = multiplied(step, factor(0, "transA"), factor(1, "transB"));
  const double alpha = step.attributes().real("alpha", 1), beta = step.attributes().real("beta", 1);
  for (double &value : product.values)
    value *= alpha;
  if (step.has(2)) {
    const Tensor &c = step.constant(2, "biases");
    if (broadcast_dims(step, {product.dims, c.dims}) != product.dims)
      wrong(step, fmt::format("adds a value of {} to one of {}", dims_text(c.dims), dims_text(product.dims)));
    Walk walk(product.dims, {broadcast_strides(c.dims, product.dims)});
    for (double &value : product.values) {
      value += beta * c.at(walk.at(0));
      walk.advance();
    }
  }
  put_numbers(step, step.constant(0, "").type, product);
}

namespace {

// Einsum's equation: a label for each dimension of each operand and of the result. The dimensions that an ellipsis
// stands for are labelled '0', '1', ..., from the last on.
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

bool is_label(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string spelled_out(Step &step, std::string term, const std::string &ellipsis) {
  if (const std::size_t dots = term.find("..."); dots != std::string::npos)
    term.replace(dots, 3, ellipsis);
  if (!std::all_of(term.begin(), term.end(), is_label))
    wrong(step, fmt::format("has '{}' in its equation", term));
  return term;
}

// An operand's term for its dimensions.
std::string operand_labels(Step &step, const std::string &term, std::size_t rank) {
  std::string ellipsis;
  if (term.find("...") != std::string::npos)
    for (std::size_t i = term.size() - 3; i < rank && ellipsis.size() < 10; ++i)
      ellipsis.insert(ellipsis.begin(), static_cast<char>('0' + ellipsis.size()));
  std::string labels = spelled_out(step, term, ellipsis);
  if (labels.size() != rank)
    wrong(step, fmt::format("has '{}' in its equation for a value of {} dimensions", term, rank));
  return labels;
}

Equation equation_of(Step &step) {
  std::string text = step.attributes().text("equation", "");
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    wrong(step, fmt::format("has an equation of '{}'", text));
  Equation equation;
  for (std::size_t begin = 0; begin <= left.size();) {
    const std::size_t end = std::min(left.find(',', begin), left.size());
    const std::size_t i = equation.operands.size();
    if (i >= step.inputs())
      wrong(step, fmt::format("has an equation for more than {} values", step.inputs()));
    equation.operands.push_back(
        operand_labels(step, left.substr(begin, end - begin), step.constant(i, "values").dims.size()));
    begin = end + 1;
  }
  if (equation.operands.size() != step.inputs())
    wrong(step, fmt::format("has an equation for {} of {} values", equation.operands.size(), step.inputs()));
  std::map<char, int> seen;
  for (const std::string &operand : equation.operands)
    for (const char label : operand)
      ++seen[label];
  std::string broadcast;
  for (const auto &[label, times] : seen)
    if (label >= '0' && label <= '9')
      broadcast.insert(broadcast.begin(), label);
  if (arrow == std::string::npos) { // what stands there once, in alphabetical order
    equation.result = broadcast;
    for (const auto &[label, times] : seen)
      if (times == 1 && label > '9')
        equation.result += label;
    return equation;
  }
  equation.result = spelled_out(step, text.substr(arrow + 2), broadcast);
  for (std::size_t i = 0; i < equation.result.size(); ++i)
    if (seen.count(equation.result[i]) == 0 || equation.result.find(equation.result[i], i + 1) != std::string::npos)
      wrong(step, fmt::format("has a result of '{}'", equation.result));
  return equation;
}

} // namespace

void fold_einsum(Step &step) {
  const Equation equation = equation_of(step);
  std::map<char, std::int64_t> lengths;
  for (std::size_t i = 0; i < equation.operands.size(); ++i)
    for (std::size_t d = 0; d < equation.operands[i].size(); ++d) {
      const char label = equation.operands[i][d];
      const std::int64_t own = step.constant(i, "").dims[d];
      std::int64_t &length = lengths.try_emplace(label, 1).first->second;
      if (length != own && length != 1 && own != 1)
        step.misfit(fmt::format("has '{}' for {} and {} elements", label, length, own));
      length = length == 1 ? own : length;
    }
  // Through all labels, those of the result first.
  std::string labels = equation.result;
  for (const auto &[label, length] : lengths)
    if (labels.find(label) == std::string::npos)
      labels += label;
  Dims dims, all;
  for (const char label : labels)
    (all.push_back(lengths[label]), dims.size() < equation.result.size() ? dims.push_back(lengths[label]) : void());
  std::vector<std::vector<std::int64_t>> strides;
  std::vector<Numbers> operands;
  for (std::size_t i = 0; i < equation.operands.size(); ++i) {
    operands.push_back(numbers(step, i, "values"));
    const std::vector<std::int64_t> own = strides_of(operands[i].dims);
    std::vector<std::int64_t> &along = strides.emplace_back(labels.size());
    for (std::size_t d = 0; d < own.size(); ++d)
      if (operands[i].dims[d] != 1) // a label that stands there twice goes along the diagonal
        along[labels.find(equation.operands[i][d])] += own[d];
  }
  Numbers result{dims, {}};
  const std::int64_t count = checked_count(step, dims);
  result.values.resize(static_cast<std::size_t>(count));
  Dims steps = all;
  steps.push_back(static_cast<std::int64_t>(operands.size()) * 4);
  spend_product(step, steps);
  const std::int64_t terms = element_count(all).value_or(0);
  Walk walk(all, strides);
  for (std::int64_t i = 0; i < terms; ++i, walk.advance()) {
    double product = 1;
    for (std::size_t j = 0; j < operands.size(); ++j)
      product *= operands[j].values[static_cast<std::size_t>(walk.at(j))];
    result.values[static_cast<std::size_t>(i / (terms / count))] += product;
  }
  put_numbers(step, step.constant(0, "").type, result);
}

namespace {

// By elimination; `matrix` is n rows of n, and is changed.
double determinant(double *matrix, std::int64_t n) {
  double result = 1;
  for (std::int64_t column = 0; column < n; ++column) {
    std::int64_t pivot = column;
    for (std::int64_t row = column + 1; row < n; ++row)
      if (std::abs(matrix[row * n + column]) > std::abs(matrix[pivot * n + column]))
        pivot = row;
    if (matrix[pivot * n + column] == 0)
      return 0;
    if (pivot != column) {
      std::swap_ranges(matrix + pivot * n, matrix + (pivot + 1) * n, matrix + column * n);
      result = -result;
    }
    result *= matrix[column * n + column];
    for (std::int64_t row = column + 1; row < n; ++row) {
      const double factor = matrix[row * n + column] / matrix[column * n + column];
      for (std::int64_t i = column; i < n; ++i)
        matrix[row * n + i] -= factor * matrix[column * n + i];
    }
  }
  return result;
}

} // namespace

void fold_determinant(Step &step) {
  Numbers x = numbers(step, 0, "values");
  if (x.dims.size() < 2 || x.dims.back() != x.dims[x.dims.size() - 2])
    wrong(step, fmt::format("takes the determinant of a value of {}", dims_text(x.dims)));
  const std::int64_t n = x.dims.back();
  spend_product(step, {static_cast<std::int64_t>(x.values.size()), n});
  const Dims dims(x.dims.begin(), x.dims.end() - 2);
  step.put_constant(made(step, step.constant(0, "").type, dims,
                         [&](std::int64_t i) { return determinant(x.values.data() + i * n * n, n); }));
}

} // namespace convscope::onnx_import
