// What an optimization step does outside of the net: the cases of step_cases.h on the device.
#include <cmath>
#include <utility>

#include "doctor/checks.h"
#include "doctor/noise.h"
#include "doctor/step_cases.h"
#include "plan/plan.h"
#include "plan/weights.h"
#include "visualization/gallery.h"
#include "visualization/input_steps.h"
#include "visualization/opacity_steps.h"
#include "visualization/optimization.h"
#include "visualization/optimizer_steps.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/cppn.h"

namespace convscope::doctor {

namespace {

template <typename T> void write(Plan &plan, TensorId to, const std::vector<T> &values) {
  plan.write(to, std::as_bytes(std::span(values)));
}

void append(std::vector<std::string> &all, const std::vector<std::string> &more) {
  all.insert(all.end(), more.begin(), more.end());
}

// The image of given parameters, and the gradient of given gradients with respect to what the colours take.
Computed parameterization(vulkan::Programs &programs, const ParameterizationCase &of) {
  const Recipe by = of.recipe();
  Parameterization made(programs, by, ParameterizationCase::batch, of.image);
  Plan forward(programs, "the image of parameters"), backward(programs, "the parameters' gradient");
  const Parameterization::Tensors tensors = made.make_tensors(forward);
  made.append_image(forward, tensors);
  forward.allocate();
  write(forward, tensors.parameters, of.parameters(forward.bytes(tensors.parameters) / sizeof(float)));
  made.write_tables(forward, tensors);
  forward.record(Variant::usual).run(of.name);
  Computed computed;
  computed.outputs.push_back({of.key("image"), forward.read_all<float>(tensors.image)});
  append(computed.kernels, forward.kernels());

  const Parameterization::Tensors shared = Parameterization::share(forward, tensors, backward);
  const TensorId squares = backward.persistent("squares", std::size_t(ParameterizationCase::batch) *
                                                              std::size_t(made.gradient_parts()) * sizeof(float));
  made.append_gradient(backward, shared, squares);
  backward.allocate();
  std::vector<float> work(forward.bytes(tensors.work) / sizeof(float));
  const std::vector<float> given =
      noise(floats(of.image, ParameterizationCase::batch), ParameterizationCase::gradient_seed);
  const gpu::PlaneLayout at = made.layout();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto w = static_cast<std::size_t>(of.image.w), h = static_cast<std::size_t>(of.image.h);
    work[i / (w * h) * std::size_t(at.plane_stride) + std::size_t(at.first) + i / w % h * std::size_t(at.row_stride) +
         i % w] = given[i];
  }
  write(forward, tensors.work, work);
  backward.record(Variant::usual).run(of.name);
  computed.outputs.push_back({of.key("gradient"), forward.read_all<float>(tensors.gradient)});
  float sum = 0;
  for (const float part : backward.read_all<float>(squares))
    sum += part;
  computed.outputs.push_back({of.key("squares of the gradient"), {sum}});
  append(computed.kernels, backward.kernels());
  return computed;
}

Computed drawing(vulkan::Programs &programs) {
  const Recipe by = DrawingCase::recipe();
  const int count = Parameterization(programs, by, 1, {DrawingCase::planes, 1, 1}).count();
  Computed computed;
  const Array image =
      draw_cppn(programs, by, DrawingCase::planes, noise(std::size_t(count), DrawingCase::parameters_seed, -0.25, 0.25),
                {DrawingCase::width, DrawingCase::height}, false, &computed.kernels);
  computed.outputs.push_back({DrawingCase::key(), image.data});
  return computed;
}

Computed opacity(vulkan::Programs &programs) {
  using Case = OpacityCase;
  const Recipe by = Case::recipe();
  const Shape whole{Case::image.c + 1, Case::image.h, Case::image.w};
  Parameterization made(programs, by, Case::batch, whole, nullptr, true);
  Plan plan(programs, "an opacity");
  const Parameterization::Tensors tensors = made.make_tensors(plan);
  const std::size_t bytes = floats(Case::image, Case::batch) * sizeof(float);
  const TensorId state = plan.persistent("step", sizeof(gpu::StepState));
  const TensorId images = plan.persistent("image states", Case::batch * sizeof(gpu::ImageState));
  const TensorId seen = plan.persistent("what is seen", bytes), gradient = plan.persistent("gradient", bytes);
  const TensorId values = plan.persistent("values", Case::batch * sizeof(float));
  OpacitySteps steps(by, Case::batch, Case::image);
  made.append_image(plan, tensors);
  plan.copy(steps.append_seen(plan, tensors.image, state, images), seen);
  steps.append_gradient(plan, gradient, tensors.image, values, 1, tensors.work, made);
  const std::size_t pixels = std::size_t(Case::batch) * std::size_t(Case::image.h * Case::image.w);
  const TensorId saliency = plan.persistent("saliency", pixels * sizeof(float));
  append_saliency(plan, Case::batch, Case::image, gradient, saliency);
  plan.allocate();
  made.write_tables(plan, tensors);
  write(plan, tensors.parameters, noise(floats(whole, Case::batch), Case::planes_seed));
  write(plan, saliency, std::vector<float>(pixels, Case::saliency_before));
  write(plan, gradient, noise(floats(Case::image, Case::batch), Case::gradient_seed));
  write(plan, values, std::vector<float>(Case::values.begin(), Case::values.end()));
  write(plan, state, std::vector<gpu::StepState>{{Case::step + 1, 0, 0, 0, 0, 0, 0, 0}});
  std::vector<gpu::ImageState> states;
  for (const auto &key : Case::keys)
    states.push_back({key[0], key[1], -1, 1});
  write(plan, images, states);
  plan.record(Variant::usual).run("an opacity");
  return {{{Case::key("what is seen"), plan.read_all<float>(seen)},
           {Case::key("gradient"), plan.read_all<float>(tensors.work)},
           {Case::key("saliency"), plan.read_all<float>(saliency)}},
          plan.kernels()};
}

gpu::AffineMap device_map(const std::array<float, 6> &m) {
  const double det = double(m[0]) * m[4] - double(m[1]) * m[3];
  return {
      m[0], m[1], m[2], m[3], m[4], m[5], float(m[4] / det), float(-m[1] / det), float(-m[3] / det), float(m[0] / det)};
}

Computed transform(vulkan::Programs &programs, const TransformCase &of) {
  constexpr int batch = TransformCase::batch;
  const InputSteps steps(programs, of.recipe(), turned_preprocessing(), batch, of.image, square(of.input_size));
  Plan plan(programs, "transforms");
  const Shape net = steps.net_input();
  const auto tensor = [&](const char *name, const Shape &shape) {
    return plan.persistent(name, floats(shape, batch) * sizeof(float));
  };
  const TensorId image = tensor("image", of.image), gradient = tensor("gradient", of.image);
  const TensorId upstream = tensor("upstream", net), input = tensor("input", net);
  const TensorId maps = plan.persistent("maps", batch * sizeof(gpu::AffineMap));
  plan.copy(steps.append_forward(plan, image, maps), input);
  steps.append_backward(plan, upstream, maps, image, gradient);
  plan.allocate();
  write(plan, image, noise(floats(of.image, batch), TransformCase::image_seed, 0, 1));
  write(plan, upstream, noise(floats(net, batch), TransformCase::gradient_seed));
  std::vector<gpu::AffineMap> table;
  for (int n = 0; n < batch; ++n)
    table.push_back(device_map(transform_map(of, n)));
  write(plan, maps, table);
  plan.record(Variant::usual).run(of.name);
  return {{{of.key("net's input"), plan.read_all<float>(input)}, {of.key("adjoint"), plan.read_all<float>(gradient)}},
          plan.kernels()};
}

Computed adam(vulkan::Programs &programs) {
  constexpr int batch = AdamCase::batch;
  const Recipe by = AdamCase::recipe();
  Parameterization pixels(programs, by, batch, {3, AdamCase::height, AdamCase::width});
  Plan plan(programs, "Adam");
  const Parameterization::Tensors tensors = pixels.make_tensors(plan);
  OptimizerSteps optimizer(plan, by, pixels, batch, AdamCase::steps, AdamCase::steps);
  const TensorId values = plan.persistent("values", batch * sizeof(float));
  optimizer.append_advance(AdamCase::height, AdamCase::width, AdamCase::height, AdamCase::width);
  pixels.append_gradient(plan, tensors, optimizer.gradient_partials());
  optimizer.append_update(tensors, values, 1);
  plan.allocate();
  write(plan, tensors.parameters, AdamCase::start());
  pixels.write_tables(plan, tensors);
  write(plan, values, std::vector<float>(batch, 0.5F));
  optimizer.write_start(std::vector<std::array<std::uint32_t, 2>>(batch), by.lr);
  const vulkan::Recording recording = plan.record(Variant::usual);
  for (int step = 0; step < AdamCase::steps; ++step) {
    write(plan, tensors.work, AdamCase::gradient(step));
    recording.run("Adam");
  }
  return {{{AdamCase::key(), plan.read_all<float>(tensors.parameters)}}, plan.kernels()};
}

Computed gallery(vulkan::Programs &programs) {
  using Case = GalleryCase;
  Plan plan(programs, "a gallery");
  GalleryOptions options;
  options.groups = Case::groups;
  options.shares = Case::shares();
  const Recipe by = AdamCase::recipe();
  Gallery made(plan, by, options, Case::images, Case::slots, Case::count);
  const auto tensor = [&](const char *name) {
    return plan.persistent(name, std::size_t{Case::slots} * Case::count * sizeof(float));
  };
  const TensorId parameters = tensor("parameters"), gradient = tensor("gradient");
  const TensorId state = plan.persistent("step", sizeof(gpu::StepState));
  const TensorId images = plan.persistent("image states", Case::slots * sizeof(gpu::ImageState));
  made.append_gather(parameters);
  made.append_update(gradient, state, images);
  plan.allocate();
  made.write_start(Case::start());
  std::vector<gpu::ImageState> states;
  for (int slot = 0; slot < Case::slots; ++slot)
    states.push_back({0, 0, -1, Case::clip(slot)});
  write(plan, images, states);
  const vulkan::Recording recording = plan.record(Variant::usual);
  for (int step = 0; step < Case::steps; ++step) {
    made.choose(Case::chosen(step), true);
    write(plan, gradient, Case::gradient(step));
    write(plan, state,
          std::vector<gpu::StepState>{{step + 1, static_cast<float>(by.lr),
                                       static_cast<float>(1 - std::pow(by.beta1, step + 1)),
                                       static_cast<float>(1 - std::pow(by.beta2, step + 1)), 1, 0, 0, 0}});
    recording.run("a gallery");
  }
  return {{{Case::key("gathered"), plan.read_all<float>(parameters)}, {Case::key("members"), made.read_members()}},
          plan.kernels()};
}

Computed optimization(vulkan::Programs &programs, const OptimizationCase &of) {
  const Graph graph = small_net();
  Weights weights(programs.device());
  std::vector<Objective> objectives;
  for (const std::string &text : of.objectives)
    objectives.push_back(parse_objective(text, graph));
  const auto batch = static_cast<int>(objectives.size());
  const Recipe by = recipe(of.recipe_name);
  OptimizationOptions options;
  options.height = of.height;
  options.width = of.width;
  options.input_size = square(of.input_size);
  options.seed = OptimizationCase::seed;
  const Parameterization parameters(programs, by, batch, {3, of.height, of.width});
  options.init = Array{parameters.shape(batch), {}};
  options.init->data =
      noise(static_cast<std::size_t>(options.init->elements()), OptimizationCase::parameters_seed, -0.02, 0.02);
  Optimization made(programs, weights, graph, std::move(objectives), by, options);
  made.step(OptimizationCase::steps);
  Computed computed;
  computed.outputs.push_back({of.key("image"), made.images().data});
  Output values{of.key("values"), {}}, norms{of.key("norms of gradients"), {}};
  for (const Progress &progress : made.progress()) {
    values.values.insert(values.values.end(), progress.values.begin(), progress.values.end());
    norms.values.insert(norms.values.end(), progress.norms.begin(), progress.norms.end());
  }
  computed.outputs.push_back(std::move(values));
  computed.outputs.push_back(std::move(norms));
  computed.kernels = made.kernels();
  return computed;
}

Computed draws(vulkan::Programs &programs) {
  constexpr int batch = DrawCase::batch;
  const Recipe by = recipe("lucid");
  Parameterization parameterization(programs, by, batch, {3, DrawCase::height, DrawCase::width});
  Plan plan(programs, "random numbers");
  const Parameterization::Tensors tensors = parameterization.make_tensors(plan);
  OptimizerSteps optimizer(plan, by, parameterization, batch, 1, 1);
  optimizer.append_advance(DrawCase::height, DrawCase::width, DrawCase::height + by.canvas_margin,
                           DrawCase::width + by.canvas_margin);
  parameterization.append_init(plan, tensors, optimizer.images());
  Recipe noisy;
  noisy.noise = DrawCase::noise;
  noisy.noise_width = DrawCase::noise_width;
  const Shape picture{3, DrawCase::height, DrawCase::width};
  const InputSteps steps(programs, noisy, turned_preprocessing(), batch, picture, {});
  const TensorId grey = plan.persistent("picture", floats(picture, batch) * sizeof(float));
  const TensorId input = plan.persistent("input", floats(picture, batch) * sizeof(float));
  const InputSteps::Random random{optimizer.state(), optimizer.images()};
  plan.copy(steps.append_forward(plan, grey, optimizer.maps(), random), input);
  plan.allocate();
  write(plan, grey, std::vector<float>(floats(picture, batch), 0.5F));
  std::vector<std::array<std::uint32_t, 2>> keys;
  for (int n = 0; n < batch; ++n)
    keys.push_back(DrawCase::philox_key_of(n));
  optimizer.write_start(keys, by.lr);
  const vulkan::Recording recording = plan.record(Variant::usual);
  Output maps{DrawCase::key("transforms"), {}};
  for (int step = 0; step < DrawCase::steps; ++step) {
    recording.run("random numbers");
    for (const gpu::AffineMap &m : plan.read_all<gpu::AffineMap>(optimizer.maps()))
      maps.values.insert(maps.values.end(), {m.m00, m.m01, m.tx, m.m10, m.m11, m.ty});
  }
  return {{std::move(maps),
           {DrawCase::key("parameters"), plan.read_all<float>(tensors.parameters)},
           {DrawCase::key("noise"), plan.read_all<float>(input)}},
          plan.kernels()};
}

// The key of a check's outputs is "group, name > output".
Check check(const char *group, const std::string &name, double tolerance,
            std::function<Computed(vulkan::Programs &)> compute) {
  return {group, name, tolerance, {}, {}, {}, std::move(compute)};
}

} // namespace

std::vector<Check> step_checks() {
  std::vector<Check> checks;
  for (const ParameterizationCase &of : parameterization_cases())
    checks.push_back(
        check("parameters", of.name, 1e-5, [of](auto &programs) { return parameterization(programs, of); }));
  checks.push_back(check("parameters", "a net that paints, drawn at 19x7", 1e-5, drawing));
  checks.push_back(check("parameters", "an opacity", 1e-5, opacity));
  // Positions have errors of 1e-7 of the canvas, and images change from pixel to pixel.
  for (const TransformCase &of : transform_cases())
    checks.push_back(check("transform", of.name, 2e-5, [of](auto &programs) { return transform(programs, of); }));
  checks.push_back(check("random numbers", "Philox", 1e-5, draws));
  checks.push_back(check("Adam", "clipped", 1e-5, adam));
  checks.push_back(check("Adam", "by turns", 1e-5, gallery));
  // Adam's first steps go by the sign of a gradient, however small it is.
  for (const OptimizationCase &of : optimization_cases())
    checks.push_back(
        check("optimization", of.recipe_name, 1e-3, [of](auto &programs) { return optimization(programs, of); }));
  return checks;
}

} // namespace convscope::doctor
