// Layers by the names that users have for them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "graph/graph.h"

namespace convscope {

// A layer goes by its name; by the name of its output, with or without TensorFlow's ":0"; and by whole parts of either
// between slashes ("features.3" or "Conv" of "/features/features.3/Conv") where no other layer has them. A step within
// a layer, such as the convolution before its ReLU, goes by its whole name where that is no layer's. UserError that
// names the nearest name, or some of the layers that are meant.
NodeId find_layer(const Graph &graph, std::string_view name);
// That layer, or those between commas where none has the whole text as its name; each once, as they are written.
// `option` is for errors.
std::vector<NodeId> find_layers(const Graph &graph, const std::string &text, const std::string &option);

// How much of the beginning of `text` is a layer's name in one of these forms, the longest that ends where a word ends;
// 0 where there is none. Words end at the text's end, at a space, '+' or ':'. The ":0" of an
// output's name counts where another ':' follows: else "conv:0" could not be channel 0 of conv.
std::size_t layer_name_length(const Graph &graph, std::string_view text);

// The node of that name in another graph of the same net, at another size of the input. UserError where it is not
// there.
NodeId same_node(const Graph &from, NodeId node, const Graph &to);

} // namespace convscope
