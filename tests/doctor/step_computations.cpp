#include <cmath>

#include "computations.h"
#include "doctor/noise.h"
#include "doctor/step_cases.h"
#include "graph/names.h"
#include "optimizing/expected.h"
#include "optimizing/opacity.h"
#include "params.h"
#include "reference/adam.h"
#include "reference/network.h"
#include "reference/painted.h"
#include "reference/parameterization.h"
#include "reference/philox.h"
#include "reference/transform.h"
#include "visualization/objective.h"
#include "visualization/parameterization.h"
#include "visualization/parameterizations/natural_spectrum.h"
#include "visualization/random.h"

namespace convscope::doctor {

namespace {

using reference::Tensor;
using Key = std::array<std::uint32_t, 2>;

Tensor noise_tensor(int n, int c, int h, int w, std::uint64_t seed, double low = -1, double high = 1) {
  return reference::from_floats(
      noise(std::size_t(n) * std::size_t(c) * std::size_t(h) * std::size_t(w), seed, low, high), n, c, h, w);
}

Tensor row(const std::vector<double> &values) {
  Tensor made(1, 1, 1, int(values.size()));
  made.data = values;
  return made;
}

// What the planes of a batch are, from all its parameters, where they are neither spectra nor pixels.
Tensor painted(const ParameterizationCase &of, const std::vector<double> &parameters) {
  constexpr int n = ParameterizationCase::batch;
  const auto [c, h, w] = of.image;
  Tensor planes(n, c, h, w);
  const auto count = std::ptrdiff_t(parameters.size()) / n, pixels = std::ptrdiff_t(c) * h * w;
  if (of.kind == ParameterizationKind::maco) {
    Tensor phases(n, c, h, w / 2 + 1);
    phases.data = parameters;
    const std::vector<float> magnitudes = natural_spectrum(c, h, w);
    return reference::maco_planes(phases, {magnitudes.begin(), magnitudes.end()}, w);
  }
  for (int i = 0; i < n; ++i) {
    const auto first = parameters.begin() + i * count;
    std::vector<double> own(first, first + count);
    Tensor one;
    if (of.kind == ParameterizationKind::laplacian)
      one = reference::laplacian_planes(own, c, h, w);
    else if (of.kind == ParameterizationKind::cppn)
      one = reference::cppn_planes(own, c, h, w);
    else {
      Tensor spectrum(1, c, h, 2 * (w / 2 + 1));
      const auto spectral = std::ptrdiff_t(spectrum.data.size());
      std::copy_n(own.begin(), spectral, spectrum.data.begin());
      const std::vector<double> scale = reference::spectrum_scale(h, w);
      for (std::size_t k = 0; k < spectrum.data.size(); ++k)
        spectrum.data[k] *= scale[k / 2 % scale.size()];
      one = reference::irfft2(spectrum, w);
      const Tensor coarse = reference::shared_planes({own.begin() + spectral, own.end()}, n, c, h, w);
      for (std::ptrdiff_t k = 0; k < pixels; ++k)
        one.data[std::size_t(k)] += 4 * coarse.data[std::size_t(i * pixels + k)];
    }
    std::copy(one.data.begin(), one.data.end(), planes.data.begin() + i * pixels);
  }
  return planes;
}

// By central differences; what the images of `shared` have in common gathers from all.
Tensor painted_gradient(const ParameterizationCase &of, const std::vector<double> &parameters, const Tensor &gradient) {
  Tensor result(1, 1, 1, int(parameters.size()));
  result.data = reference::central_differences(
      parameters, [&](const std::vector<double> &moved) { return reference::dot(painted(of, moved), gradient); });
  if (of.kind == ParameterizationKind::shared) {
    const std::size_t count = parameters.size() / 2;
    const std::size_t spectral = std::size_t(of.image.c * of.image.h * 2 * (of.image.w / 2 + 1));
    for (std::size_t i = spectral; i < count; ++i)
      result.data[i] = result.data[count + i] = result.data[i] + result.data[count + i];
  }
  return result;
}

Tensor coloured(Tensor planes, const Recipe &by) {
  if (decorrelates(by, planes.c))
    planes = reference::colour(planes);
  for (double &v : planes.data)
    v = 1 / (1 + std::exp(-image_gain(by, planes.c) * v));
  return planes;
}

int painted_count(const ParameterizationCase &of) {
  const auto [c, h, w] = of.image;
  int count = 0;
  switch (of.kind) {
  case ParameterizationKind::maco:
    return c * h * (w / 2 + 1);
  case ParameterizationKind::laplacian:
    for (const int factor : {1, 2, 4, 8})
      count += c * ((h + factor - 1) / factor) * ((w + factor - 1) / factor);
    return count;
  case ParameterizationKind::cppn:
    return 3 * 24 + 7 * 49 * 24 + 49 * ((c + 3) / 4 * 4);
  default:
    for (const auto &[factor, slots] : {std::pair(2, 1), {4, 1}, {8, 1}, {8, 2}, {16, 1}, {16, 2}})
      count += slots * c * std::max(1, h / factor) * std::max(1, w / factor);
    return c * h * 2 * (w / 2 + 1) + count + count % 2;
  }
}

void add_parameterization(const ParameterizationCase &of, std::vector<Computation> &all) {
  constexpr int n = ParameterizationCase::batch;
  const auto [c, h, w] = of.image;
  const Tensor gradient = noise_tensor(n, c, h, w, ParameterizationCase::gradient_seed);
  Tensor image, result;
  if (of.kind != ParameterizationKind::pixel && of.kind != ParameterizationKind::fft) {
    const std::vector<float> drawn = of.parameters(std::size_t(n) * std::size_t(painted_count(of)));
    const std::vector<double> parameters(drawn.begin(), drawn.end());
    image = coloured(painted(of, parameters), of.recipe());
    result = painted_gradient(of, parameters, gradient);
  } else if (of.kind == ParameterizationKind::pixel) {
    image = reference::image_from_pixels(noise_tensor(n, c, h, w, ParameterizationCase::parameters_seed));
    result = gradient;
  } else {
    Recipe by;
    const int whole_h = spectrum_side(h), whole_w = spectrum_side(w);
    const Tensor spectrum = noise_tensor(n, c, whole_h, 2 * (whole_w / 2 + 1), ParameterizationCase::parameters_seed);
    image = c == 3 ? reference::image_from_spectrum(spectrum, w)
                   : reference::planes_from_spectrum(spectrum, whole_w, h, w, image_gain(by, c));
    result = reference::irfft2_adjoint(reference::cropped_adjoint(gradient, whole_h, whole_w));
    const std::vector<double> scale = reference::spectrum_scale(whole_h, whole_w);
    for (std::size_t i = 0; i < result.data.size(); ++i)
      result.data[i] *= scale[i / 2 % scale.size()];
  }
  all.push_back({of.key("image"), image});
  all.push_back({of.key("gradient"), result});
  all.push_back({of.key("squares of the gradient"), Tensor(1, 1, 1, 1, reference::dot(result, result))});
}

void add_drawing(std::vector<Computation> &all) {
  const ParameterizationCase small{"", ParameterizationKind::cppn, {DrawingCase::planes, 1, 1}};
  const Tensor drawn = noise_tensor(1, 1, 1, painted_count(small), DrawingCase::parameters_seed, -0.25, 0.25);
  all.push_back({DrawingCase::key(), coloured(reference::cppn_planes(drawn.data, DrawingCase::planes,
                                                                     DrawingCase::height, DrawingCase::width),
                                              DrawingCase::recipe())});
}

void add_opacity(std::vector<Computation> &all) {
  using Case = OpacityCase;
  const auto [c, h, w] = Case::image;
  const Recipe by = Case::recipe();
  const Tensor planes = noise_tensor(Case::batch, c + 1, h, w, Case::planes_seed);
  const Tensor gradient = noise_tensor(Case::batch, c, h, w, Case::gradient_seed);
  const Tensor behind = backdrop({Case::keys.begin(), Case::keys.end()}, Case::image, Case::step, true);
  const Tensor image = painted_with_opacity(planes, by);
  const std::vector<double> clear = clear_shares(image);
  // Both factors of O (1 - mean opacity), the other as it is.
  Tensor result = planes;
  const auto value = [&](const std::vector<double> &numbers) {
    Tensor moved = planes;
    moved.data = numbers;
    const Tensor made = painted_with_opacity(moved, by), shown = seen(made, behind);
    const std::vector<double> shares = clear_shares(made);
    double sum = 0;
    for (std::size_t i = 0; i < shown.data.size(); ++i)
      sum += clear[i * Case::batch / shown.data.size()] * shown.data[i] * gradient.data[i];
    for (std::size_t n = 0; n < Case::batch; ++n)
      sum += double(Case::values[n]) * shares[n];
    return sum;
  };
  result.data = reference::central_differences(planes.data, value);
  all.push_back({Case::key("what is seen"), seen(image, behind)});
  all.push_back({Case::key("gradient"), result});
  Tensor saliency(Case::batch, 1, h, w);
  for (int n = 0; n < Case::batch; ++n)
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) {
        saliency.at(n, 0, y, x) = Case::saliency_before;
        for (int plane = 0; plane < c; ++plane)
          saliency.at(n, 0, y, x) += std::abs(gradient.at(n, plane, y, x));
      }
  all.push_back({Case::key("saliency"), saliency});
}

// Transforms, a resize where the net takes another size than the canvas, and the preprocessing; and their adjoint.
struct Way {
  Recipe by;
  std::vector<reference::Affine> maps;
  int h, w, net_h, net_w; // of the image; of the net's input

  int canvas_h() const { return canvas_side(by, h); }
  int canvas_w() const { return canvas_side(by, w); }
  bool resizes() const { return net_h != canvas_h() || net_w != canvas_w(); }
  reference::Outside outside() const {
    return by.border == Border::grey ? reference::Outside::Grey : reference::Outside::Reflect;
  }
  Tensor there(const Tensor &image) const {
    Tensor x = by.transforms ? reference::sample_affine(image, maps, canvas_h(), canvas_w(), outside()) : image;
    if (resizes())
      x = reference::resize_bilinear(x, net_h, net_w);
    return preprocessed(x, turned_preprocessing());
  }
  Tensor back(const Tensor &grad) const {
    Tensor x = preprocessed_adjoint(grad, turned_preprocessing());
    if (resizes())
      x = reference::resize_bilinear_adjoint(x, canvas_h(), canvas_w());
    return by.transforms ? reference::sample_affine_adjoint(x, maps, h, w, outside()) : x;
  }
};

void add_transform(const TransformCase &of, std::vector<Computation> &all) {
  constexpr int n = TransformCase::batch;
  const auto [c, h, w] = of.image;
  const bool resized = of.input_size > 0;
  Way way{of.recipe(), {}, h, w, resized ? of.input_size : h + of.margin, resized ? of.input_size : w + of.margin};
  for (int i = 0; i < n; ++i) {
    const std::array<float, 6> m = transform_map(of, i);
    way.maps.push_back({m[0], m[1], m[2], m[3], m[4], m[5]});
  }
  all.push_back({of.key("net's input"), way.there(noise_tensor(n, c, h, w, TransformCase::image_seed, 0, 1))});
  all.push_back({of.key("adjoint"), way.back(noise_tensor(n, c, way.net_h, way.net_w, TransformCase::gradient_seed))});
}

void add_draws(std::vector<Computation> &all) {
  const Recipe by = recipe("lucid");
  std::vector<double> maps, parameters;
  for (int step = 0; step < DrawCase::steps; ++step)
    for (int n = 0; n < DrawCase::batch; ++n) {
      const auto map = drawn_map(by, step, DrawCase::philox_key_of(n), DrawCase::height, DrawCase::width);
      maps.insert(maps.end(), map.begin(), map.end());
    }
  const int count = 3 * spectrum_side(DrawCase::height) * 2 * (spectrum_side(DrawCase::width) / 2 + 1);
  for (int n = 0; n < DrawCase::batch; ++n)
    for (int i = 0; i < count; ++i)
      parameters.push_back(by.initial_deviation *
                           normals(std::uint32_t(i / 4), DrawCase::philox_key_of(n)).at(std::size_t(i % 4)));
  std::vector<double> noise;
  for (int n = 0; n < DrawCase::batch; ++n)
    for (std::uint32_t c = 0; c < 3; ++c)
      for (std::uint32_t i = 0; i < DrawCase::height * DrawCase::width; ++i) {
        const auto words =
            reference::philox({i, gpu::PURPOSE_NOISE, c, DrawCase::steps - 1}, DrawCase::philox_key_of(n));
        const double added = DrawCase::noise * normal_pair(words[0], words[1]).first +
                             DrawCase::noise_width * ((words[2] >> 8) * 0x1p-24 - 0.5);
        const Preprocessing net = turned_preprocessing();
        noise.push_back((0.5 + added) * net.scale[c] + net.shift[c]);
      }
  all.push_back({DrawCase::key("transforms"), row(maps)});
  all.push_back({DrawCase::key("noise"), row(noise)});
  all.push_back({DrawCase::key("parameters"), row(parameters)});
}

void add_gallery(std::vector<Computation> &all) {
  using Case = GalleryCase;
  const Recipe by = AdamCase::recipe();
  const std::vector<float> shares = Case::shares(), start = Case::start();
  std::vector<double> members(start.begin(), start.end()), first(start.size()), second(start.size()), gathered;
  std::vector<int> visits(Case::images);
  const auto share = [&](int image, int group) { return double(shares[std::size_t(image * Case::groups + group)]); };
  const auto move = [&](int member, int i, double g, int visit) {
    const auto at = std::size_t(member * Case::count + i);
    first[at] = by.beta1 * first[at] + (1 - by.beta1) * g;
    second[at] = by.beta2 * second[at] + (1 - by.beta2) * g * g;
    members[at] += by.lr * first[at] / (1 - std::pow(by.beta1, visit)) /
                   (std::sqrt(second[at] / (1 - std::pow(by.beta2, visit))) + by.epsilon);
  };
  for (int step = 0; step < Case::steps; ++step) {
    const std::vector<int> chosen = Case::chosen(step);
    const std::vector<float> gradient = Case::gradient(step);
    const auto of = [&](int slot, int i) {
      return double(Case::clip(slot)) * gradient[std::size_t(slot * Case::count + i)];
    };
    gathered.clear();
    for (const int image : chosen)
      for (int i = 0; i < Case::count; ++i) {
        double sum = 0;
        for (int j = 0; j < Case::groups; ++j)
          sum += share(image, j) * members[std::size_t((Case::images + j) * Case::count + i)];
        gathered.push_back(0.7 * members[std::size_t(image * Case::count + i)] + 0.5 * sum);
      }
    for (const int image : chosen)
      ++visits[std::size_t(image)];
    for (int i = 0; i < Case::count; ++i) {
      for (int j = 0; j < Case::groups; ++j) {
        double sum = 0;
        for (int slot = 0; slot < Case::slots; ++slot)
          sum += share(chosen[std::size_t(slot)], j) * of(slot, i);
        move(Case::images + j, i, 0.5 * sum, step + 1);
      }
      for (int slot = 0; slot < Case::slots; ++slot) {
        const int image = chosen[std::size_t(slot)];
        move(image, i, 0.7 * of(slot, i), visits[std::size_t(image)]);
      }
    }
  }
  all.push_back({Case::key("gathered"), row(gathered)});
  all.push_back({Case::key("members"), row(members)});
}

void add_adam(std::vector<Computation> &all) {
  constexpr int n = AdamCase::batch, h = AdamCase::height, w = AdamCase::width;
  const Recipe by = AdamCase::recipe();
  Tensor parameters = reference::from_floats(AdamCase::start(), n, 3, h, w);
  reference::Adam adam{by.lr, by.beta1, by.beta2, by.epsilon, false, 0, 1, 0, {}, {}};
  for (int step = 0; step < AdamCase::steps; ++step) {
    Tensor gradient = reference::from_floats(AdamCase::gradient(step), n, 3, h, w);
    reference::clip_gradient(gradient, by.clip_norm);
    adam.ascend(parameters, gradient);
  }
  all.push_back({AdamCase::key(), parameters});
}

struct Judged {
  double value = 0;
  Tensor gradient; // with respect to the net's input
};

Judged judge(const Graph &graph, const Objective &objective, const Tensor &input) {
  const std::vector<Tensor> outputs = reference::forward(graph, input);
  Judged judged{0, Tensor(1, input.c, input.h, input.w)};
  for (const Term &term : objective.terms) {
    const Tensor &layer = outputs.at(std::size_t(term.layer));
    using Kind = reference::Objective::Kind;
    const Kind kind = term.kind == TermKind::mean_square ? Kind::MeanSquare
                      : is_unit(term)                    ? Kind::Unit
                                                         : Kind::ChannelMean;
    const bool centre = term.positions.kind == Positions::Kind::centre;
    const reference::Objective one{kind, term.channel, centre ? layer.w / 2 : term.positions.x,
                                   centre ? layer.h / 2 : term.positions.y};
    judged.value += term.weight * reference::objective_values(layer, {one}).at(0);
    const Tensor seed = reference::objective_gradient(layer, {one});
    const Tensor part = reference::backward(graph, outputs, term.layer, seed).at(0);
    for (std::size_t i = 0; i < part.data.size(); ++i)
      judged.gradient.data[i] += term.weight * part.data[i];
  }
  return judged;
}

void add_optimization(const OptimizationCase &of, std::vector<Computation> &all) {
  const Graph graph = small_net();
  const Recipe by = recipe(of.recipe_name);
  const int columns = of.width / 2 + 1, h = of.height, w = of.width;
  const auto batch = int(of.objectives.size());
  const Tensor start = noise_tensor(batch, 3, h, 2 * columns, OptimizationCase::parameters_seed, -0.02, 0.02);
  Tensor images(batch, 3, h, w);
  std::vector<double> values, norms;
  for (int n = 0; n < batch; ++n) {
    const Objective objective = parse_objective(of.objectives[std::size_t(n)], graph);
    const Key key = philox_key(OptimizationCase::seed, objective.canonical);
    Tensor spectrum(1, 3, h, 2 * columns);
    const auto size = std::ptrdiff_t(spectrum.data.size());
    std::copy_n(start.data.begin() + n * size, size, spectrum.data.begin());
    reference::Adam adam{by.lr, by.beta1, by.beta2, by.epsilon, false, 0, 1, 0, {}, {}};
    for (int step = 0; step < OptimizationCase::steps; ++step) {
      const Tensor image = reference::image_from_spectrum(spectrum, w);
      const bool resized = of.input_size > 0;
      const Way way{by,
                    {drawn_map(by, step, key, h, w)},
                    h,
                    w,
                    resized ? of.input_size : canvas_side(by, h),
                    resized ? of.input_size : canvas_side(by, w)};
      const Judged judged = judge(graph, objective, way.there(image));
      Tensor gradient = reference::spectrum_gradient(way.back(judged.gradient), image);
      values.push_back(judged.value);
      norms.push_back(std::sqrt(reference::dot(gradient, gradient)));
      if (by.clip_norm > 0)
        reference::clip_gradient(gradient, by.clip_norm);
      adam.ascend(spectrum, gradient);
    }
    const Tensor image = reference::image_from_spectrum(spectrum, w);
    std::copy(image.data.begin(), image.data.end(), images.data.begin() + n * std::ptrdiff_t(image.data.size()));
  }
  all.push_back({of.key("image"), images});
  all.push_back({of.key("values"), row(values)});
  all.push_back({of.key("norms of gradients"), row(norms)});
}

} // namespace

std::vector<Computation> step_computations() {
  std::vector<Computation> all;
  for (const ParameterizationCase &of : parameterization_cases())
    add_parameterization(of, all);
  add_drawing(all);
  add_opacity(all);
  for (const TransformCase &of : transform_cases())
    add_transform(of, all);
  add_draws(all);
  add_adam(all);
  add_gallery(all);
  for (const OptimizationCase &of : optimization_cases())
    add_optimization(of, all);
  return all;
}

} // namespace convscope::doctor
