// One op on the device against the reference.
#pragma once

#include <gtest/gtest.h>

#include "kernels/device_network.h"
#include "kernels/graphs.h"

namespace convscope {

// The op after the input; and after a ReLU whose value is a target too, so that the op's gradient is added to
// another one and masked. At its own output, both alone and followed by a ReLU.
inline void check_op(const Op &op, const reference::Tensor &input, NetworkOptions options = {}) {
  {
    SCOPED_TRACE("alone");
    Graph graph = graph_with_input();
    options.targets = {push(graph, op, {0})};
    expect_like_reference(graph, input, options);
  }
  {
    SCOPED_TRACE("between ReLUs");
    Graph graph = graph_with_input();
    const NodeId x = push(graph, Relu{}, {0});
    const NodeId y = push(graph, op, {x});
    options.targets = {x, push(graph, Relu{}, {y})};
    expect_like_reference(graph, input, options);
  }
}

} // namespace convscope
