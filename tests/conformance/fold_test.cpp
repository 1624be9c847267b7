// Every node test of ONNX whose op is computed from constants at import, with all of its inputs as constants.
#include <cstdlib>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "conformance/node_tests.h"
#include "importer/onnx/expansions.h"
#include "importer/onnx/folds.h"
#include "importer/onnx_model.h"

namespace convscope {
namespace {

// Tests of ops that are folded, by the beginning of their names, which are left out.
struct LeftOut {
  std::string_view name, why;
};
constexpr LeftOut left_out[] = {
    {"test_training_dropout", "drops out at random"},
    {"test_resize_downsample_sizes_nearest_tf_half_pixel_for_nn", "coordinates that ONNX has dropped"},
    {"test_resize_tf_crop_and_resize", "crops to a region of its own"},
    {"test_resize_downsample_scales_cubic_align_corners", "corners of a fractional length"},
    // Their right values take 3.1415 for pi.
    {"test_blackmanwindow", "values of a rounded pi"},
    {"test_hammingwindow", "values of a rounded pi"},
    {"test_hannwindow", "values of a rounded pi"},
    {"test_resize_downsample_scales_linear_align_corners", "corners of a fractional length"},
};

bool has_strings(const onnx::TensorProto &tensor) { return !onnx_import::element_type(tensor.data_type()); }

// Whether it is some standard ops in a row.
bool is_expanded(const onnx::NodeProto &node) {
  try {
    return onnx_import::expansion_of(node).has_value();
  } catch (const onnx_import::NotSupported &) {
    return false;
  }
}

std::string why_not(const NodeTest &test) {
  if (!test.why_unread.empty())
    return test.why_unread;
  for (const LeftOut &known : left_out)
    if (test.name.rfind(known.name, 0) == 0)
      return std::string(known.why);
  for (const onnx::NodeProto &node : test.model.graph().node())
    if (onnx_import::fold_of(node.op_type()) == nullptr && !is_expanded(node))
      return "op " + node.op_type() + " is not folded";
  const auto any = [&](auto holds) {
    return std::any_of(test.inputs.begin(), test.inputs.end(), holds) ||
           std::any_of(test.outputs.begin(), test.outputs.end(), holds);
  };
  if (any(has_strings))
    return "strings";
  // The test data's makers had no bfloat16.
  if (test.name.find("BFLOAT16") != std::string::npos)
    return "its bfloat16 numbers are stored as whole ones";
  return "";
}

// The graph beside a picture that nobody looks at; all of its own inputs are given.
OnnxImport folded(const NodeTest &test) {
  OnnxOptions options;
  options.input_layout = "nchw";
  onnx::ModelProto model = test.model;
  onnx::GraphProto &graph = *model.mutable_graph();
  for (int i = 0; i < graph.input_size(); ++i)
    options.constants[graph.input(i).name()] = bytes_of(test.inputs[static_cast<std::size_t>(i)]);
  const auto inputs = graph.input();
  graph.clear_input();
  onnx::ValueInfoProto &picture = *graph.add_input();
  picture.set_name("picture of nothing");
  for (const std::int64_t length : {1, 3, 8, 8})
    picture.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(length);
  for (const onnx::ValueInfoProto &input : inputs)
    *graph.add_input() = input;
  return import_onnx(bytes_of(model), test.name, options);
}

std::string run(const NodeTest &test) {
  try {
    const OnnxImport import = folded(test);
    for (std::size_t i = 0; i < import.outputs.size(); ++i) {
      const OnnxOutput &output = import.outputs[i];
      const onnx_import::Tensor expected = decoded(test.outputs[i]);
      if (!output.constant)
        return fmt::format("'{}' was not computed", output.name);
      if (output.shape != expected.dims)
        return fmt::format("'{}' is {} instead of {}", output.name, onnx_import::dims_text(output.shape),
                           onnx_import::dims_text(expected.dims));
      const bool half = expected.type == onnx_import::ElementType::float16;
      if (std::string wrong = compare(output.values, expected, half ? 1e-3 : 2e-6); !wrong.empty())
        return fmt::format("'{}' {}", output.name, wrong);
    }
  } catch (const UserError &error) {
    return error.what();
  }
  return "";
}

TEST(Conformance, Folds) {
  const std::vector<NodeTest> tests = read_node_tests();
  if (tests.empty())
    GTEST_SKIP() << "no node tests: libonnx-testdata is not installed";
  const char *const only = std::getenv("CONVSCOPE_CONFORMANCE_ONLY");
  std::map<std::string, int> not_applicable;
  int passed = 0;
  for (const NodeTest &test : tests) {
    if (only != nullptr && test.name.find(only) == std::string::npos)
      continue;
    if (const std::string why = why_not(test); !why.empty()) {
      ++not_applicable[why];
      continue;
    }
    const std::string wrong = run(test);
    if (wrong.empty())
      ++passed;
    else
      ADD_FAILURE() << test.name << ": " << wrong;
  }
  for (const auto &[why, count] : not_applicable)
    std::cout << count << " not applicable: " << why << "\n";
  std::cout << passed << " folded as they should be\n";
}

} // namespace
} // namespace convscope
