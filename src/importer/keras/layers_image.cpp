// Paddings, crops and resampling of images.
#include <fmt/format.h>

#include "importer/keras/layer.h"

namespace convscope::keras {

namespace {

constexpr int widest = 1 << 16;

// 1, [1, 2] (of height, of width) or [[top, bottom], [left, right]]
Padding margins(const Layer &layer, const char *key) {
  layer.check_data_format();
  layer.need_rank(4);
  const Json *value = layer.args.find(key);
  if (!value || !value->is_array() || value->empty() || !(*value)[0].is_array()) {
    const auto [h, w] = layer.args.pair(key, {1, 1}, 0);
    return {h, w, h, w};
  }
  std::vector<int> sides;
  for (const Json &axis : *value)
    for (const Json &side : axis.is_array() ? axis : Json::array({nullptr}))
      sides.push_back(as_integer(side).value_or(-1));
  const bool good = value->size() == 2 && sides.size() == 4 &&
                    std::all_of(sides.begin(), sides.end(), [](int side) { return side >= 0 && side <= widest; });
  if (!good)
    layer.fail(fmt::format("its '{}' is not made of four numbers from 0 to {}", key, widest));
  return {sides[0], sides[2], sides[1], sides[3]};
}

Value zero_padding(Layer &layer) { return {layer.add(ZeroPad{margins(layer, "padding")}, layer.input().node), 4}; }

Value cropping(Layer &layer) {
  const Padding crop = margins(layer, "cropping");
  return {layer.add(ZeroPad{{-crop.top, -crop.left, -crop.bottom, -crop.right}}, layer.input().node), 4};
}

} // namespace

Resize resize_filter(const Layer &layer, const std::string &name) {
  Resize op;
  if (name == "nearest") {
    op.rounding = NearestRounding::prefer_ceil; // floor((i + 0.5) * in / out)
  } else if (name == "bilinear") {
    op.mode = ResizeMode::linear;
  } else if (name == "bicubic") {
    op.mode = ResizeMode::cubic;
    op.cubic_a = -0.5F;
    op.exclude_outside = true;
  } else {
    layer.unsupported(fmt::format("its interpolation '{}' is not supported", name));
  }
  return op;
}

namespace {

Value up_sampling(Layer &layer) {
  layer.check_data_format();
  layer.need_rank(4);
  const auto [h, w] = layer.args.pair("size", {2, 2});
  Resize op = resize_filter(layer, layer.args.text("interpolation", "nearest"));
  op.scale_h = h;
  op.scale_w = w;
  return {layer.add(op, layer.input().node), 4};
}

Value resizing(Layer &layer) {
  layer.check_data_format();
  layer.need_rank(4);
  for (const char *key : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"})
    if (layer.args.flag(key, false))
      layer.unsupported(fmt::format("its '{}' is not supported", key));
  Resize op = resize_filter(layer, layer.args.text("interpolation", "bilinear"));
  op.out_h = layer.args.pair("height", {0, 0})[0];
  op.out_w = layer.args.pair("width", {0, 0})[0];
  if (op.out_h == 0 || op.out_w == 0)
    layer.fail("has no height or width");
  return {layer.add(op, layer.input().node), 4};
}

// The middle; the odd pixel is left out at the end. Keras enlarges a map that is smaller.
Value center_crop(Layer &layer) {
  layer.check_data_format();
  layer.need_rank(4);
  const int h = layer.args.pair("height", {0, 0})[0], w = layer.args.pair("width", {0, 0})[0];
  if (h == 0 || w == 0)
    layer.fail("has no height or width");
  const Shape map = layer.input_shape();
  if (map.h < h || map.w < w)
    layer.unsupported(fmt::format("it makes {}x{} of a smaller map", w, h));
  Slice rows, columns;
  rows.axis = Axis::h;
  rows.middle = h;
  columns.axis = Axis::w;
  columns.middle = w;
  return {layer.add(columns, layer.add(rows, layer.input().node)), 4};
}

// Outside of training, Keras 2 resizes and Keras 3 leaves the map as it is: where nothing is to be cropped, that is
// one.
Value random_crop(Layer &layer) {
  layer.need_rank(4);
  const int h = layer.args.pair("height", {0, 0})[0], w = layer.args.pair("width", {0, 0})[0];
  const Shape map = layer.input_shape();
  if (map.h != h || map.w != w)
    layer.unsupported("what it does outside of training differs between Keras's versions");
  return layer.input();
}

} // namespace

const Handlers &image_layers() {
  static const Handlers handlers{{"ZeroPadding2D", zero_padding}, {"Cropping2D", cropping},
                                 {"UpSampling2D", up_sampling},   {"Resizing", resizing},
                                 {"CenterCrop", center_crop},     {"RandomCrop", random_crop}};
  return handlers;
}

} // namespace convscope::keras
