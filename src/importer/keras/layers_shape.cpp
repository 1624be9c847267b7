// Layers that only rename, reorder or reshape, and those that do nothing outside of training.
#include <algorithm>

#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

Value identity(Layer &layer) { return layer.input(); }

Value flatten(Layer &layer) {
  const Value from = layer.input();
  if (from.rank == 2)
    return from;
  // Keras flattens as if channels were last, where the layer itself knows that they are first.
  const bool first = layer.args.text("data_format", "channels_last") == "channels_first";
  if (first && !layer.channels_first())
    layer.unsupported("the model has layers of both data formats");
  NodeId node = layer.to_keras_order(from.node, from.rank);
  if (first)
    node = layer.add(from.rank == 4 ? Transpose{{Axis::h, Axis::w, Axis::c}} : Transpose{{Axis::h, Axis::c, Axis::w}},
                     node);
  return {layer.add(Flatten{}, node), 2};
}

} // namespace

Value reshaped(Layer &layer, Value from, const std::vector<int> &target) {
  const int rank = static_cast<int>(target.size()) + 1;
  if (rank < 2 || rank > 4)
    layer.unsupported(fmt::format("it makes a tensor with {} axes", rank));
  int unknown = 0;
  for (const int side : target) {
    if (side < 1 && side != -1)
      layer.fail(fmt::format("makes a tensor with a side of {}", side));
    unknown += side == -1 ? 1 : 0;
  }
  if (unknown > 1)
    layer.fail("makes a tensor of which two sides are unknown");
  // A vector as a map of one pixel: nothing moves.
  const bool pixel = rank == 4 && !layer.channels_first() && target[0] == 1 && target[1] == 1;
  if (from.rank == 2 && (pixel || rank == 2))
    return {layer.add(Reshape{{target.back(), 1, 1}}, from.node), rank};
  Shape shape{target[0], rank > 2 ? target[1] : 1, rank > 3 ? target[2] : 1};
  const NodeId node = layer.add(Reshape{shape}, layer.to_keras_order(from.node, from.rank));
  return {layer.from_keras_order(node, rank), rank};
}

namespace {

Value reshape(Layer &layer) {
  return reshaped(layer, layer.input(), layer.args.integers("target_shape").value_or(std::vector<int>{}));
}

Value permute(Layer &layer) {
  const Value from = layer.input();
  const auto dims = layer.args.integers("dims").value_or(std::vector<int>{});
  if (static_cast<int>(dims.size()) != from.rank - 1)
    layer.fail(fmt::format("permutes {} axes of a tensor with {}", dims.size(), from.rank));
  Transpose op;
  std::array<bool, 3> seen{};
  for (int i = 1; i < from.rank; ++i) {
    const Axis source = layer.axis(dims[static_cast<std::size_t>(i) - 1], from.rank);
    op.order[static_cast<std::size_t>(layer.axis(i, from.rank))] = source;
    if (std::exchange(seen[static_cast<std::size_t>(source)], true))
      layer.fail("its 'dims' are no permutation");
  }
  return {layer.add(op, from.node), from.rank};
}

} // namespace

const Handlers &shape_layers() {
  static const Handlers handlers = [] {
    Handlers all{{"Flatten", flatten}, {"Reshape", reshape}, {"Permute", permute}};
    // What training alone needs.
    for (const char *name : {"Dropout",
                             "SpatialDropout1D",
                             "SpatialDropout2D",
                             "AlphaDropout",
                             "GaussianDropout",
                             "GaussianNoise",
                             "ActivityRegularization",
                             "StochasticDepth",
                             "DropPath",
                             "FixedDropout",
                             "Identity",
                             "RandomFlip",
                             "RandomRotation",
                             "RandomZoom",
                             "RandomTranslation",
                             "RandomContrast",
                             "RandomBrightness",
                             "RandomHue",
                             "RandomSaturation",
                             "RandomSharpness",
                             "RandomShear",
                             "RandomErasing",
                             "RandomGrayscale",
                             "RandomInvert",
                             "RandomPosterization",
                             "RandomColorJitter",
                             "RandomColorDegeneration",
                             "RandomGaussianBlur",
                             "RandomPerspective",
                             "RandomElasticTransform",
                             "RandAugment",
                             "AugMix",
                             "MixUp",
                             "CutMix"})
      all[name] = identity;
    return all;
  }();
  return handlers;
}

} // namespace convscope::keras
