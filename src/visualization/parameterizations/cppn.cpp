// `cppn`: the parameters are the weights of a small net that makes each pixel from its coordinates: eight layers of 24
// with the composite activation atan(x) / .67, atan(x)^2 / .6, and one that makes the planes.
#include "visualization/parameterizations/cppn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "base/error.h"
#include "plan/lanes.h"
#include "plan/sliced_run.h"
#include "visualization/groups.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/forms.h"

namespace convscope {

namespace {

constexpr int hidden_layers = gpu::CPPN_LAYERS, width = gpu::CPPN_WIDTH, most_planes = width;

struct Layer {
  int inputs, features; // each input has one feature, its coordinate, or two
  int outputs, stride;
  int first;
  int size() const { return (1 + features) * stride; }
};

std::vector<Layer> layers_of(int planes) {
  if (planes > most_planes)
    throw UserError(
        fmt::format("parameterization 'cppn' paints up to {} planes: the net's input has {}", most_planes, planes));
  std::vector<Layer> layers{{2, 2, width, width, 0}};
  while (static_cast<int>(layers.size()) <= hidden_layers) {
    const Layer &before = layers.back();
    const bool last = static_cast<int>(layers.size()) == hidden_layers;
    layers.push_back(
        {width, 2 * width, last ? planes : width, last ? (planes + 3) / 4 * 4 : width, before.first + before.size()});
  }
  return layers;
}

// The layers on some rows of an image of any size.
class Painter {
public:
  Painter(const PlanesRun &run, int height, int image_width, const gpu::PlaneLayout &layout)
      : run_(run), height_(height), width_(image_width), layout_(layout), layers_(layers_of(run.image.c)) {}

  const std::vector<Layer> &layers() const { return layers_; }
  int count() const { return layers_.back().first + layers_.back().size(); }

  gpu::CppnParams params(std::size_t l, int first_row, int rows) const {
    const Layer &layer = layers_[l];
    return {height_,      width_,      first_row, rows,    layer.inputs, layer.outputs,
            layer.stride, layer.first, count(),   layout_, parts()};
  }
  // `hidden`: for each layer but the last (N, 24, rows x width).
  void append(Plan &plan, TensorId parameters, const std::vector<TensorId> &hidden, TensorId planes, int first_row,
              int rows) const {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const bool first = l == 0, last = l + 1 == layers_.size();
      const double flops = 2.0 * layers_[l].features * layers_[l].stride * rows * width_ * run_.batch;
      plan.dispatch(
          "cppn layer", run_.programs.get("cppn_layer", {first ? 1U : 0U, last ? 1U : 0U}),
          image_groups(std::int64_t{rows} * width_, run_.batch), params(l, first_row, rows),
          {reads(parameters), reads(first ? parameters : hidden[l - 1]), last ? updates(planes) : writes(hidden[l])},
          flops);
    }
  }
  // The same without the hidden layers' outputs, for devices whose subgroups are a CPU's vectors.
  void append_drawing(Plan &plan, TensorId parameters, TensorId planes, int first_row, int rows) const {
    const auto lanes = plan.device().info().subgroup_size;
    double flops = 0;
    for (const Layer &layer : layers_)
      flops += 2.0 * layer.features * layer.stride * rows * width_ * run_.batch;
    const auto pixels = static_cast<std::uint32_t>(rows * width_);
    constexpr std::uint32_t run = 4; // as fast as 2 or 8, whose pipelines take longer to be made
    const std::uint32_t each = lanes * run, quads = static_cast<std::uint32_t>(layers_.back().stride) / 4;
    plan.dispatch("cppn drawing", run_.programs.get("cppn_draw", {0, 0, lanes, run, quads}),
                  {(pixels + each - 1) / each, static_cast<std::uint32_t>(run_.batch), 1},
                  params(layers_.size() - 1, first_row, rows), {reads(parameters), updates(planes)}, flops);
  }
  int parts() const { return std::clamp(height_ * width_ / 1024, 1, 64); }

private:
  const PlanesRun run_;
  int height_, width_;
  gpu::PlaneLayout layout_;
  std::vector<Layer> layers_;
};

class CppnPlanes : public Planes {
public:
  explicit CppnPlanes(const PlanesRun &run) : Planes(run), painter_(run, run.image.h, run.image.w, layout()) {}

  std::vector<std::int64_t> shape(std::int64_t batch) const override { return {batch, painter_.count()}; }
  bool in_place() const override { return false; }
  std::vector<Own> own() const override {
    std::vector<Own> all;
    for (int l = 0; l < hidden_layers; ++l)
      all.push_back({"hidden layer", hidden_size(), {}});
    all.push_back({"planes", std::size_t(run_.batch) * std::size_t(run_.image.elements()), {}});
    return all;
  }

  // The last layer begins with zeros, so that the image is grey.
  void append_init(Plan &plan, const PlanesTensors &tensors, TensorId images) const override {
    plan.fill(tensors.parameters, 0);
    for (int l = 0; l < hidden_layers; ++l) {
      const Layer &layer = painter_.layers()[static_cast<std::size_t>(l)];
      append_normal(plan, tensors, images, layer.first + layer.stride, layer.features * layer.stride,
                    run_.recipe.initial_deviation / std::sqrt(double(layer.features)));
    }
  }
  TensorId append_planes(Plan &plan, const PlanesTensors &tensors) override {
    painter_.append(plan, tensors.parameters, tensors.own, tensors.own.back(), 0, run_.image.h);
    return tensors.own.back();
  }
  void append_gradient(Plan &plan, const PlanesTensors &tensors) override {
    TensorId gradient = tensors.work; // with respect to what a layer makes
    for (std::size_t l = painter_.layers().size(); l-- > 0;) {
      const bool first = l == 0, last = l == hidden_layers;
      const TensorId input = first ? tensors.parameters : tensors.own[l - 1];
      append_weights(plan, tensors, l, input, gradient);
      if (first)
        break;
      const TensorId before = plan.transient("hidden gradient", hidden_size() * sizeof(float));
      plan.dispatch("cppn gradient", run_.programs.get("cppn_back", {last ? 1U : 0U}),
                    image_groups(std::int64_t{run_.image.h} * run_.image.w, run_.batch),
                    painter_.params(l, 0, run_.image.h),
                    {reads(tensors.parameters), reads(input), reads(gradient), writes(before)});
      gradient = before;
    }
  }

private:
  std::size_t hidden_size() const {
    return std::size_t(run_.batch) * width * std::size_t(run_.image.h) * std::size_t(run_.image.w);
  }
  // Parts of the gradient with respect to a layer's weights, and their sum.
  void append_weights(Plan &plan, const PlanesTensors &tensors, std::size_t l, TensorId input, TensorId gradient) {
    const bool first = l == 0, last = l == hidden_layers;
    const Layer &layer = painter_.layers()[l];
    const gpu::CppnParams params = painter_.params(l, 0, run_.image.h);
    const auto parts = static_cast<std::uint32_t>(params.parts), images = static_cast<std::uint32_t>(run_.batch);
    const TensorId partial =
        plan.transient("parts of weights", std::size_t{images} * parts * std::size_t(layer.size()) * sizeof(float));
    plan.dispatch("cppn weights", run_.programs.get("cppn_weights", {first ? 1U : 0U, last ? 1U : 0U}),
                  {parts, images, static_cast<std::uint32_t>(layer.inputs + 1)}, params,
                  {reads(input), reads(gradient), writes(partial)});
    plan.dispatch("cppn sum", run_.programs.get("cppn_sum"), image_groups(layer.size(), run_.batch),
                  gpu::CppnSumParams{layer.size(), params.parts, params.first, params.count},
                  {reads(partial), updates(tensors.gradient)});
  }

  Painter painter_;
};

} // namespace

std::unique_ptr<Planes> cppn_planes(const PlanesRun &run) { return std::make_unique<CppnPlanes>(run); }

void check_drawing(const vulkan::DeviceInfo &device, int planes, Size size) {
  const double bytes = double(planes) * size.height * size.width * sizeof(float);
  const auto most = static_cast<double>(device.max_binding());
  if (bytes > most)
    throw UserError(fmt::format("--draw-size {}x{} needs {:.0f} MB in one piece, where {} takes {:.0f} MB", size.width,
                                size.height, bytes * 1e-6, device.name, most * 1e-6));
}

Array draw_cppn(vulkan::Programs &programs, const Recipe &recipe, int planes, const std::vector<float> &parameters,
                Size size, bool opacity, std::vector<std::string> *kernels) {
  const Shape image{planes, size.height, size.width};
  const std::size_t bytes = static_cast<std::size_t>(image.elements()) * sizeof(float);
  check_drawing(programs.device().info(), planes, size);
  const gpu::PlaneLayout layout{size.height * size.width, size.width, 0};
  const Painter painter({programs, recipe, 1, image}, size.height, size.width, layout);
  if (static_cast<int>(parameters.size()) != painter.count())
    throw std::logic_error("parameters of another net that paints");
  Plan plan(programs, "drawing");
  const TensorId weights = plan.persistent("parameters", parameters.size() * sizeof(float));
  const TensorId drawn = plan.persistent("planes", bytes), shown = plan.persistent("image", bytes);
  const int strip = std::clamp((1 << 16) / size.width, 1, size.height); // rows that caches hold
  for (int row = 0; row < size.height; row += strip) {
    const int rows = std::min(strip, size.height - row);
    if (has_vector_lanes(programs.device().info())) {
      painter.append_drawing(plan, weights, drawn, row, rows);
      continue;
    }
    std::vector<TensorId> hidden;
    for (int l = 0; l < hidden_layers; ++l)
      hidden.push_back(
          plan.transient("hidden layer", std::size_t{width} * std::size_t(rows) * std::size_t(size.width) * 4));
    painter.append(plan, weights, hidden, drawn, row, rows);
  }
  append_colours(plan, recipe, 1, image, opacity, layout, drawn, shown);
  if (kernels != nullptr)
    *kernels = plan.kernels();
  plan.allocate();
  plan.write(weights, std::as_bytes(std::span(parameters)));
  SlicedRun(plan, Variant::usual, whole_slices(programs.device().info())).run("drawing an image");
  return {{planes, size.height, size.width}, plan.read_all<float>(shown)};
}

} // namespace convscope
