// Every applicable node test of ONNX: imported, run, compared.
#include "conformance/node_tests.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "conformance/run.h"
#include "importer/onnx/tensor.h"
#include "importer/onnx_model.h"

namespace convscope {
namespace {

using onnx_import::Tensor;

std::string run(const NodeTest &test, const std::string &layout) {
  OnnxOptions options;
  options.input_layout = layout;
  for (int i = 1; i < test.model.graph().input_size(); ++i)
    options.constants[test.model.graph().input(i).name()] = bytes_of(test.inputs[static_cast<std::size_t>(i)]);
  OnnxImport import;
  try {
    import = import_onnx(bytes_of(test.model), test.name, options);
  } catch (const UserError &error) {
    return error.what();
  }
  const Tensor input = decoded(test.inputs[0]);
  for (std::size_t i = 0; i < import.outputs.size(); ++i) {
    const OnnxOutput &output = import.outputs[i];
    if (output.node < 0 && !output.constant)
      return "an output was not taken over";
    try {
      const std::vector<double> got = output.constant ? output.values : run_output(import, output, layout, input);
      if (std::string wrong = compare(got, decoded(test.outputs[i]), 1e-3); !wrong.empty())
        return wrong;
    } catch (const std::exception &error) {
      return error.what();
    }
  }
  return "";
}

std::string run(const NodeTest &test) {
  std::string first;
  for (const std::string &layout : layouts_of(test.inputs.front().dims_size())) {
    const std::string wrong = run(test, layout);
    if (wrong.empty())
      return "";
    if (first.empty())
      first = wrong;
  }
  return first;
}

struct Row {
  int passed = 0, applicable = 0;
  std::vector<std::string> failed;
};

void write_table(const std::string &file, const std::map<std::string, Row> &rows) {
  std::ofstream stream(file);
  int passed = 0, applicable = 0;
  for (const auto &[op, row] : rows) {
    stream << fmt::format("| {} | {} | {} |\n", op, row.passed, row.applicable);
    passed += row.passed;
    applicable += row.applicable;
  }
  stream << fmt::format("| **all** | **{}** | **{}** |\n", passed, applicable);
}

TEST(Conformance, NodeTests) {
  const std::vector<NodeTest> tests = read_node_tests();
  if (tests.empty())
    GTEST_SKIP() << "no node tests: libonnx-testdata is not installed";
  const char *const only = std::getenv("CONVSCOPE_CONFORMANCE_ONLY");
  std::map<std::string, Row> rows;
  std::map<std::string, int> not_applicable;
  for (const NodeTest &test : tests) {
    if (only != nullptr && test.name.find(only) == std::string::npos)
      continue;
    if (!test.why_not.empty() || !is_taken_over(test)) {
      ++not_applicable[test.why_not.empty() ? "op " + test.op : test.why_not];
      continue;
    }
    Row &row = rows[test.op];
    ++row.applicable;
    const std::string wrong = run(test);
    if (wrong.empty())
      ++row.passed;
    else
      ADD_FAILURE() << test.name << ": " << wrong;
  }
  for (const auto &[why, count] : not_applicable)
    std::cout << count << " not applicable: " << why << "\n";
  if (const char *const table = std::getenv("CONVSCOPE_CONFORMANCE_TABLE"))
    write_table(table, rows);
}

} // namespace
} // namespace convscope
