#include "conformance/run.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "importer/onnx/ops.h"
#include "kernels/device.h"
#include "kernels/device_network.h"
#include "plan/weights.h"
#include "reference/network.h"

namespace convscope {

namespace {

using reference::Tensor;

// The places of a value's elements, in its order, in a tensor (n, c, h, w).
std::vector<std::size_t> places(const std::vector<std::int64_t> &shape, const std::string &layout, const Tensor &in) {
  const std::array<std::size_t, 4> strides{std::size_t(in.c) * in.h * in.w, std::size_t(in.h) * in.w, std::size_t(in.w),
                                           1};
  std::vector<std::size_t> result{0};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto side = std::string("nchw").find(layout[i]);
    std::vector<std::size_t> next;
    for (const std::size_t place : result)
      for (std::int64_t index = 0; index < shape[i]; ++index)
        next.push_back(place + (side == std::string::npos ? 0 : static_cast<std::size_t>(index) * strides[side]));
    result = std::move(next);
  }
  return result;
}

} // namespace

bool is_taken_over(const NodeTest &test) {
  const auto &nodes = test.model.graph().node();
  return std::all_of(nodes.begin(), nodes.end(), [](const onnx::NodeProto &node) {
    return onnx_import::rule_of("", node.op_type()) != nullptr || node.op_type() == "Constant";
  });
}

std::vector<double> run_output(const OnnxImport &import, const OnnxOutput &output, const std::string &layout,
                               const onnx_import::Tensor &input) {
  Tensor x(import.batch, import.input.c, import.input.h, import.input.w);
  const std::vector<std::size_t> from = places(input.dims, layout, x);
  for (std::size_t i = 0; i < from.size(); ++i)
    x.data[from[i]] = input.at(static_cast<std::int64_t>(i));
  Tensor y;
  if (std::getenv("CONVSCOPE_CONFORMANCE_REFERENCE") != nullptr) {
    y = reference::forward(import.graph, x, output.node)[static_cast<std::size_t>(output.node)];
  } else {
    NetworkOptions options;
    options.input = import.input;
    options.batch = import.batch;
    options.targets = {output.node};
    Weights weights(test_device());
    DeviceNetwork net(weights, import.graph, options);
    net.run(x);
    y = net.output(0);
  }
  std::vector<double> values;
  for (const std::size_t place : places(output.shape, output.layout, y))
    values.push_back(y.data[place]);
  return values;
}

} // namespace convscope
