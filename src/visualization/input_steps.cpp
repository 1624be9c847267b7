#include "visualization/input_steps.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "visualization/groups.h"

namespace convscope {

namespace {

std::uint32_t mode_of(const Recipe &recipe) {
  if (!recipe.transforms)
    return gpu::TRANSFORM_NONE;
  return recipe.border == Border::grey ? gpu::TRANSFORM_GREY : gpu::TRANSFORM_REFLECT;
}

// Of each plane of the image, which of the net's input is made from it.
std::vector<int> readers_of(const Preprocessing &preprocessing, int planes) {
  if (static_cast<int>(preprocessing.source.size()) != planes)
    throw std::logic_error("the preprocessing is of another number of planes than the net's input");
  std::vector<int> readers(preprocessing.source.size(), -1);
  for (int c = 0; c < planes; ++c)
    readers.at(static_cast<std::size_t>(preprocessing.source[static_cast<std::size_t>(c)])) = c;
  if (std::find(readers.begin(), readers.end(), -1) != readers.end())
    throw UserError("the preprocessing uses a plane of the picture twice: no image can be optimized through it");
  return readers;
}

gpu::PlaneParams unchanged_planes(int planes, int first, int count) {
  gpu::PlaneParams params{planes, first, {}, {}, {}};
  for (int i = 0; i < 3; ++i) {
    params.source[i] = first + (i < count ? i : 0);
    params.scale[i] = 1;
  }
  return params;
}

} // namespace

InputSteps::InputSteps(vulkan::Programs &programs, const Recipe &recipe, const Preprocessing &preprocessing, int batch,
                       const Shape &image, Size input_size, Size canvas)
    : programs_(programs), mode_(mode_of(recipe)), decorrelated_(decorrelates(recipe, image.c)), noise_(recipe.noise),
      noise_width_(recipe.noise_width), batch_(batch), views_(convscope::views(recipe)), image_(image),
      canvas_(canvas.given() ? Shape{image.c, canvas.height, canvas.width}
                             : Shape{image.c, canvas_side(recipe, image.h), canvas_side(recipe, image.w)}),
      net_(input_size.given() ? Shape{image.c, input_size.height, input_size.width} : canvas_) {
  const std::vector<int> readers = readers_of(preprocessing, image.c);
  for (int first = 0; first < image.c; first += 3) {
    Group group;
    group.count = std::min(3, image.c - first);
    group.forward = group.backward = group.unchanged = unchanged_planes(image.c, first, group.count);
    for (int i = 0; i < group.count; ++i) {
      const auto plane = static_cast<std::size_t>(first) + static_cast<std::size_t>(i);
      group.forward.source[i] = preprocessing.source[plane];
      group.forward.scale[i] = preprocessing.scale[plane];
      group.forward.shift[i] = preprocessing.shift[plane];
      group.backward.source[i] = readers[plane];
      group.backward.scale[i] = preprocessing.scale[static_cast<std::size_t>(readers[plane])];
    }
    groups_.push_back(group);
  }
}

gpu::TransformParams InputSteps::transform_params(const gpu::PlaneParams &plane) const {
  return {image_.h, image_.w, canvas_.h, canvas_.w, {image_.h * image_.w, image_.w, 0}, 1.0F, plane, views_};
}

gpu::ResizeParams InputSteps::resize_params(const gpu::PlaneParams &plane) const {
  return {canvas_.h, canvas_.w, net_.h, net_.w, float(canvas_.h) / float(net_.h), float(canvas_.w) / float(net_.w),
          plane};
}

void InputSteps::append_noise(Plan &plan, TensorId input, const Random &random) const {
  for (const Group &group : groups_) {
    gpu::NoiseParams params{net_.h * net_.w, net_.c, views_, group.forward.first, group.count, {}, {}};
    for (int i = 0; i < group.count; ++i) {
      params.deviation[i] = static_cast<float>(noise_) * group.forward.scale[i];
      params.width[i] = static_cast<float>(noise_width_) * group.forward.scale[i];
    }
    plan.dispatch("noise", programs_.get("noise"), image_groups(params.pixels, batch_ * views_), params,
                  {updates(input), reads(random.state), reads(random.images)});
  }
}

TensorId InputSteps::append_forward(Plan &plan, TensorId image, TensorId maps,
                                    const std::optional<Random> &random) const {
  const int canvases = batch_ * views_;
  const auto noisy = [&](TensorId input) {
    if (random && (noise_ > 0 || noise_width_ > 0))
      append_noise(plan, input, *random);
    return input;
  };
  const auto make = [&](const char *name, const Shape &shape) {
    return plan.transient(name, std::size_t(canvases) * std::size_t(shape.elements()) * sizeof(float));
  };
  TensorId drawn = image;
  if (mode_ != gpu::TRANSFORM_NONE || !resizes()) {
    drawn = make("canvas", canvas_);
    for (const Group &group : groups_)
      plan.dispatch("transform", programs_.get("transform", {mode_, std::uint32_t(group.count)}),
                    image_groups(std::int64_t{canvas_.h} * canvas_.w, canvases),
                    transform_params(resizes() ? group.unchanged : group.forward),
                    {reads(image), reads(maps), writes(drawn)});
  }
  if (!resizes())
    return noisy(drawn);
  const TensorId input = make("net input", net_);
  for (const Group &group : groups_)
    plan.dispatch("resize", programs_.get("resize", {std::uint32_t(group.count)}),
                  image_groups(std::int64_t{net_.h} * net_.w, canvases), resize_params(group.forward),
                  {reads(drawn), writes(input)});
  return noisy(input);
}

void InputSteps::append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                                 TensorId added) const {
  append_adjoint(plan, gradient, maps, image, to, transform_params({}).place, 1, false, added);
}

void InputSteps::append_backward(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                                 const gpu::PlaneLayout &layout, float gain, TensorId added) const {
  append_adjoint(plan, gradient, maps, image, to, layout, gain, true, added);
}

void InputSteps::append_adjoint(Plan &plan, TensorId gradient, TensorId maps, TensorId image, TensorId to,
                                const gpu::PlaneLayout &layout, float gain, bool with_colour, TensorId added) const {
  if (resizes()) {
    const int canvases = batch_ * views_;
    const std::size_t bytes = std::size_t(canvases) * std::size_t(canvas_.elements()) * sizeof(float);
    const TensorId at_canvas = plan.transient("canvas gradient", bytes);
    for (const Group &group : groups_)
      plan.dispatch("resize gradient", programs_.get("resize_adjoint", {std::uint32_t(group.count)}),
                    image_groups(std::int64_t{canvas_.h} * canvas_.w, canvases), resize_params(group.backward),
                    {reads(gradient), writes(at_canvas)});
    gradient = at_canvas;
  }
  for (const Group &group : groups_) {
    gpu::TransformParams params = transform_params(resizes() ? group.unchanged : group.backward);
    params.place = layout;
    params.gain = gain;
    plan.dispatch(
        "transform gradient",
        programs_.get("transform_adjoint", {mode_, std::uint32_t(group.count), with_colour ? 1U : 0U,
                                            decorrelated_ ? 1U : 0U, added != TensorId::none ? 1U : 0U}),
        image_groups(std::int64_t{image_.h} * image_.w, batch_), params,
        {reads(gradient), reads(maps), reads(image), writes(to), reads(added != TensorId::none ? added : image)});
  }
}

} // namespace convscope
