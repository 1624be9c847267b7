// Pools, over windows and over all pixels.
#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

Window pool_window(const Layer &layer) {
  layer.check_data_format();
  layer.need_rank(4);
  const auto size = layer.args.pair("pool_size", {2, 2});
  const auto strides = layer.args.pair("strides", size);
  Window window;
  window.kernel_h = size[0];
  window.kernel_w = size[1];
  window.stride_h = strides[0];
  window.stride_w = strides[1];
  window.same = layer.pads_same();
  return window;
}

Value max_pool(Layer &layer) { return {layer.add(MaxPool{pool_window(layer)}, layer.input().node), 4}; }
Value average_pool(Layer &layer) { return {layer.add(AvgPool{pool_window(layer), false}, layer.input().node), 4}; }

template <typename Op> Value global_pool(Layer &layer) {
  layer.check_data_format();
  layer.need_rank(4);
  return {layer.add(Op{}, layer.input().node), layer.args.flag("keepdims", false) ? 4 : 2};
}

// Over the steps of (batch, steps, channels).
template <Reduction reduction> Value global_pool_1d(Layer &layer) {
  layer.check_data_format();
  layer.need_rank(3);
  const NodeId node = layer.add(Reduce{reduction, {false, true, true}}, layer.input().node);
  return {node, layer.args.flag("keepdims", false) ? 3 : 2};
}

} // namespace

const Handlers &pooling_layers() {
  static const Handlers handlers{{"MaxPooling2D", max_pool},
                                 {"MaxPool2D", max_pool},
                                 {"AveragePooling2D", average_pool},
                                 {"AvgPool2D", average_pool},
                                 {"GlobalAveragePooling2D", global_pool<GlobalAvgPool>},
                                 {"GlobalAvgPool2D", global_pool<GlobalAvgPool>},
                                 {"GlobalMaxPooling2D", global_pool<GlobalMaxPool>},
                                 {"GlobalMaxPool2D", global_pool<GlobalMaxPool>},
                                 {"GlobalAveragePooling1D", global_pool_1d<Reduction::mean>},
                                 {"GlobalMaxPooling1D", global_pool_1d<Reduction::max>}};
  return handlers;
}

} // namespace convscope::keras
