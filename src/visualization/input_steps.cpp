#include "visualization/input_steps.h"

#include <fmt/format.h>

#include "base/error.h"
#include "visualization/groups.h"

namespace convscope {

namespace {

constexpr gpu::PreprocessParams unchanged{{0, 1, 2}, {1, 1, 1}, {0, 0, 0}};

std::uint32_t mode_of(const Recipe &recipe) {
  if (!recipe.transforms)
    return gpu::TRANSFORM_NONE;
  return recipe.border == Border::grey ? gpu::TRANSFORM_GREY : gpu::TRANSFORM_REFLECT;
}

} // namespace

InputSteps::InputSteps(vulkan::Programs &programs, const Recipe &recipe, const Preprocessing &preprocessing, int batch,
                       int height, int width, Size input_size)
    : programs_(programs), mode_(mode_of(recipe)), decorrelated_(recipe.decorrelate_colours), batch_(batch),
      height_(height), width_(width), canvas_h_(canvas_side(recipe, height)), canvas_w_(canvas_side(recipe, width)),
      net_h_(input_size.given() ? input_size.height : canvas_h_),
      net_w_(input_size.given() ? input_size.width : canvas_w_) {
  if (preprocessing.channels() != 3)
    throw UserError(fmt::format("images are made of nets for three channels, not of {}", preprocessing.channels()));
  for (std::size_t i = 0; i < 3; ++i) {
    preprocessing_.source[i] = preprocessing.source[i];
    preprocessing_.scale[i] = preprocessing.scale[i];
    preprocessing_.shift[i] = preprocessing.shift[i];
  }
}

gpu::TransformParams InputSteps::transform_params() const {
  return {batch_, height_, width_, canvas_h_, canvas_w_, width_, 1.0F, resizes() ? unchanged : preprocessing_};
}

gpu::ResizeParams InputSteps::resize_params() const {
  return {batch_,
          canvas_h_,
          canvas_w_,
          net_h_,
          net_w_,
          float(canvas_h_) / float(net_h_),
          float(canvas_w_) / float(net_w_),
          preprocessing_};
}

TensorId InputSteps::append_forward(Plan &plan, TensorId image, TensorId maps) const {
  const auto make = [&](const char *name, const Shape &shape) {
    return plan.transient(name, std::size_t(batch_) * std::size_t(shape.elements()) * sizeof(float));
  };
  TensorId drawn = image;
  if (mode_ != gpu::TRANSFORM_NONE || !resizes()) {
    drawn = make("canvas", canvas());
    plan.dispatch("transform", programs_.get("transform", {mode_}),
                  image_groups(std::int64_t{canvas_h_} * canvas_w_, batch_), transform_params(),
                  {reads(image), reads(maps), writes(drawn)});
  }
  if (!resizes())
    return drawn;
  const TensorId input = make("net input", net_input());
  plan.dispatch("resize", programs_.get("resize"), image_groups(std::int64_t{net_h_} * net_w_, batch_), resize_params(),
                {reads(drawn), writes(input)});
  return input;
}

void InputSteps::append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to) const {
  append_adjoint(plan, gradient, maps, image, to, transform_params(), false);
}

void InputSteps::append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                                 int row_stride, float gain) const {
  gpu::TransformParams params = transform_params();
  params.row_stride = row_stride;
  params.gain = gain;
  append_adjoint(plan, gradient, maps, image, to, params, true);
}

void InputSteps::append_adjoint(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                                const gpu::TransformParams &params, bool with_colour) const {
  if (resizes()) {
    const std::size_t bytes = std::size_t(batch_) * std::size_t(canvas().elements()) * sizeof(float);
    const TensorId at_canvas = plan.transient("canvas gradient", bytes);
    plan.dispatch("resize gradient", programs_.get("resize_adjoint"),
                  image_groups(std::int64_t{canvas_h_} * canvas_w_, batch_), resize_params(),
                  {reads(gradient), writes(at_canvas)});
    gradient = at_canvas;
  }
  plan.dispatch("transform gradient",
                programs_.get("transform_adjoint", {mode_, with_colour ? 1U : 0U, decorrelated_ ? 1U : 0U}),
                image_groups(std::int64_t{height_} * width_, batch_), params,
                {reads(gradient), reads(maps), reads(image), writes(to)});
}

} // namespace convscope
