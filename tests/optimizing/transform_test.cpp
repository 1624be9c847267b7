#include "reference/transform.h"

#include "optimizing/expected.h"
#include "optimizing/optimizing.h"
#include "visualization/input_steps.h"

namespace convscope {
namespace {

const Preprocessing bgr{{2, 1, 0}, {2.0F, 0.5F, 1.5F}, {-0.25F, 0.125F, 0.75F}, "test"};

struct Case {
  int height, width, margin, input_size; // 0: as it is
  Border border;
};

std::ostream &operator<<(std::ostream &out, const Case &c) {
  return out << c.height << "x" << c.width << " + " << c.margin << " -> " << c.input_size
             << (c.border == Border::grey ? " grey" : " reflect");
}

gpu::AffineMap device_map(const reference::Affine &m) {
  const double det = m[0] * m[4] - m[1] * m[3];
  return {float(m[0]), float(m[1]),       float(m[2]),        float(m[3]),        float(m[4]),
          float(m[5]), float(m[4] / det), float(-m[1] / det), float(-m[3] / det), float(m[0] / det)};
}

// What the device works with: positions are floats.
reference::Affine rounded(reference::Affine m) {
  for (double &value : m)
    value = float(value);
  return m;
}

// Rotations and scales of all sizes; some maps leave the image far behind.
std::vector<reference::Affine> test_maps(const Case &c, int batch) {
  std::vector<reference::Affine> maps;
  for (int n = 0; n < batch; ++n) {
    const double angle = 0.2 + 1.1 * n, scale = n % 3 == 0 ? 0.9 : n % 3 == 1 ? 1.7 : 0.35;
    const double a = std::cos(angle) * scale, b = std::sin(angle) * scale;
    maps.push_back(rounded(reference::centred_affine({a, -b, b, a}, 1.37 * n - 1, 0.61 - 2 * n, c.height, c.width,
                                                     c.height + c.margin, c.width + c.margin)));
  }
  return maps;
}

Recipe test_recipe(const Case &c) {
  Recipe recipe;
  recipe.transforms = true;
  recipe.canvas_margin = c.margin;
  recipe.border = c.border;
  return recipe;
}

struct Applied {
  std::vector<float> input, gradient; // of the net; with respect to the image
};

Applied apply(const Recipe &recipe, const Preprocessing &preprocessing, const Case &c,
              const std::vector<reference::Affine> &maps, const reference::Tensor &image,
              const reference::Tensor &upstream) {
  const int batch = int(maps.size()) / views(recipe);
  InputSteps steps(programs(), recipe, preprocessing, batch, {preprocessing.channels(), c.height, c.width},
                   square(c.input_size));
  Plan plan(programs(), "transform");
  const auto persistent = [&](const char *name, const reference::Tensor &like) {
    return plan.persistent(name, like.data.size() * sizeof(float));
  };
  const TensorId image_tensor = persistent("image", image), gradient = persistent("gradient", image);
  const TensorId upstream_tensor = persistent("upstream", upstream), input = persistent("input", upstream);
  const TensorId maps_tensor = plan.persistent("maps", maps.size() * sizeof(gpu::AffineMap));
  plan.copy(steps.append_forward(plan, image_tensor, maps_tensor), input);
  steps.append_backward(plan, upstream_tensor, maps_tensor, image_tensor, gradient);
  plan.allocate();
  write(plan, image_tensor, reference::to_floats(image));
  write(plan, upstream_tensor, reference::to_floats(upstream));
  std::vector<gpu::AffineMap> device_maps;
  for (const auto &map : maps)
    device_maps.push_back(device_map(map));
  write(plan, maps_tensor, device_maps);
  plan.record(Variant::usual).run("the test's transform");
  return {plan.read_all<float>(input), plan.read_all<float>(gradient)};
}

// Any number of planes, in any order: some groups of three are whole, some are not.
Preprocessing shuffled(int planes) {
  Preprocessing by{{}, {}, {}, "test"};
  for (int c = 0; c < planes; ++c) {
    by.source.push_back((c + planes / 2) % planes);
    by.scale.push_back(0.5F + 0.25F * float(c));
    by.shift.push_back(0.125F * float(c) - 0.25F);
  }
  return by;
}

class TransformTest : public Optimizing, public ::testing::WithParamInterface<Case> {};

// <A x, y> = <x, A'y> and both sides as the reference has them, for that preprocessing.
void expect_references(const Case &c, const Preprocessing &by) {
  const int batch = 4, canvas_h = c.height + c.margin, canvas_w = c.width + c.margin;
  const bool resizes = c.input_size > 0;
  const int net_h = resizes ? c.input_size : canvas_h, net_w = resizes ? c.input_size : canvas_w;
  const auto outside = c.border == Border::grey ? reference::Outside::Grey : reference::Outside::Reflect;
  const auto maps = test_maps(c, batch);
  const int planes = by.channels();
  const auto image = reference::random_tensor(batch, planes, c.height, c.width, 1, 0, 1);
  const auto upstream = reference::random_tensor(batch, planes, net_h, net_w, 2);
  const Applied applied = apply(test_recipe(c), by, c, maps, image, upstream);

  auto canvas = reference::sample_affine(image, maps, canvas_h, canvas_w, outside);
  auto gradient = preprocessed_adjoint(upstream, by);
  if (resizes) {
    canvas = reference::resize_bilinear(canvas, net_h, net_w);
    gradient = reference::resize_bilinear_adjoint(gradient, canvas_h, canvas_w);
  }
  // Positions have errors of 1e-7 of the canvas, and images change from pixel to pixel.
  EXPECT_LT(relative_error(applied.input, preprocessed(canvas, by)), 3e-6);
  EXPECT_LT(
      relative_error(applied.gradient, reference::sample_affine_adjoint(gradient, maps, c.height, c.width, outside)),
      1e-5);

  // <A x, y> = <x, A'y>, A being the linear part: both from the device, hence closer than either to the reference.
  const auto black = apply(test_recipe(c), by, c, maps, reference::Tensor(batch, planes, c.height, c.width), upstream);
  const auto y = reference::to_floats(upstream);
  const double left = dot(applied.input, y) - dot(black.input, y);
  const double right = dot(reference::to_floats(image), applied.gradient);
  EXPECT_NEAR(left / right, 1, 1e-4) << left;
}

TEST_P(TransformTest, ForwardAndAdjointAreTheReferences) { expect_references(GetParam(), bgr); }

TEST_P(TransformTest, OfAnyPlanesToo) {
  for (const int planes : {1, 2, 4, 6, 7}) {
    SCOPED_TRACE(planes);
    expect_references(GetParam(), shuffled(planes));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TransformTest,
                         ::testing::Values(Case{16, 16, 12, 0, Border::grey}, Case{9, 23, 5, 0, Border::grey},
                                           Case{1, 7, 0, 0, Border::grey}, Case{16, 12, 0, 0, Border::reflect},
                                           Case{5, 3, 9, 0, Border::reflect}, Case{1, 1, 4, 0, Border::reflect},
                                           Case{2, 17, 2, 0, Border::reflect}, Case{11, 14, 3, 33, Border::grey},
                                           Case{31, 20, 0, 13, Border::reflect}));

using TransformPlain = Optimizing;

TEST_F(TransformPlain, NoTransformIsAnExactCopy) {
  const Case c{13, 6, 0, 0, Border::grey};
  const auto image = reference::random_tensor(2, 3, 13, 6, 3, 0, 1);
  const auto upstream = reference::random_tensor(2, 3, 13, 6, 4);
  const std::vector<reference::Affine> maps(2, {1, 0, 0, 0, 1, 0});
  const Applied applied = apply(Recipe{}, Preprocessing{}, c, maps, image, upstream);
  EXPECT_EQ(applied.input, reference::to_floats(image));
  EXPECT_EQ(applied.gradient, reference::to_floats(upstream));
}

TEST_F(TransformPlain, ResizesWithoutTransforms) {
  for (const int size : {1, 8, 29}) {
    const Case c{10, 17, 0, size, Border::grey};
    const auto image = reference::random_tensor(2, 3, 10, 17, 5, 0, 1);
    const auto upstream = reference::random_tensor(2, 3, size, size, 6);
    const std::vector<reference::Affine> maps(2, {1, 0, 0, 0, 1, 0});
    const Applied applied = apply(Recipe{}, bgr, c, maps, image, upstream);
    EXPECT_LT(relative_error(applied.input, preprocessed(reference::resize_bilinear(image, size, size), bgr)), 1e-6);
    const auto expected = reference::resize_bilinear_adjoint(preprocessed_adjoint(upstream, bgr), 10, 17);
    EXPECT_LT(relative_error(applied.gradient, expected), 2e-6);
  }
}

TEST_F(TransformPlain, APlaneThatIsReadTwiceIsRefused) {
  EXPECT_THROW(InputSteps(programs(), Recipe{}, {{0, 0}, {1, 1}, {0, 0}, "test"}, 1, {2, 8, 8}, {}), UserError);
}

TEST_F(TransformPlain, IdentityMapIsExact) {
  for (const Border border : {Border::grey, Border::reflect}) {
    const Case c{7, 9, 0, 0, border};
    const auto image = reference::random_tensor(1, 3, 7, 9, 7, 0, 1);
    const auto upstream = reference::random_tensor(1, 3, 7, 9, 8);
    const Applied applied = apply(test_recipe(c), Preprocessing{}, c, {{1, 0, 0, 0, 1, 0}}, image, upstream);
    EXPECT_EQ(applied.input, reference::to_floats(image));
    EXPECT_EQ(applied.gradient, reference::to_floats(upstream));
  }
}

// An image that the net sees in several views: each as a batch of its own would have it, and back their sum.
TEST_F(Optimizing, ViewsOfAnImageAddUp) {
  const Case c{20, 26, 6, 0, Border::grey};
  constexpr int count = 4;
  Recipe recipe = test_recipe(c);
  const auto maps = test_maps(c, count);
  const auto image = reference::random_tensor(1, 3, c.height, c.width, 1, 0, 1);
  const auto upstream = reference::random_tensor(count, 3, c.height + c.margin, c.width + c.margin, 2);
  reference::Tensor repeated(count, 3, c.height, c.width);
  for (std::size_t i = 0; i < repeated.data.size(); ++i)
    repeated.data[i] = image.data[i % image.data.size()];
  const Applied apart = apply(recipe, bgr, c, maps, repeated, upstream);
  recipe.crops = count;
  const Applied together = apply(recipe, bgr, c, maps, image, upstream);
  EXPECT_EQ(together.input, apart.input);
  reference::Tensor sum(1, 3, c.height, c.width);
  for (std::size_t i = 0; i < apart.gradient.size(); ++i)
    sum.data[i % sum.data.size()] += apart.gradient[i];
  EXPECT_LT(relative_error(together.gradient, sum), 1e-6);
}

// The same in every batch, another in each step, and with the moments that were asked for.
TEST_F(Optimizing, NoiseHasItsMoments) {
  Recipe recipe;
  recipe.noise = 0.1;
  recipe.noise_width = 0.3;
  constexpr int height = 64, width = 80;
  const Preprocessing twice{{0, 1, 2}, {2, 2, 2}, {0, 0, 0}, "test"};
  const auto noise_of = [&](int batch, int step) {
    InputSteps steps(programs(), recipe, twice, batch, {3, height, width}, {});
    Plan plan(programs(), "noise");
    const auto floats = std::size_t(batch * 3 * height * width);
    const TensorId image = plan.persistent("image", floats * sizeof(float));
    const TensorId input = plan.persistent("input", floats * sizeof(float));
    const TensorId state = plan.persistent("state", sizeof(gpu::StepState));
    const TensorId images = plan.persistent("images", std::size_t(batch) * sizeof(gpu::ImageState));
    const TensorId maps = plan.persistent("maps", std::size_t(batch) * sizeof(gpu::AffineMap));
    plan.copy(steps.append_forward(plan, image, maps, InputSteps::Random{state, images}), input);
    plan.allocate();
    write(plan, image, std::vector<float>(floats));
    write(plan, state, std::vector<gpu::StepState>{{step + 1, 0, 0, 0, 0, 0, 0, 0}});
    std::vector<gpu::ImageState> keys;
    for (int n = 0; n < batch; ++n)
      keys.push_back({std::uint32_t(n), 7, -1, 1});
    write(plan, images, keys);
    plan.record(Variant::usual).run("the test's noise");
    return plan.read_all<float>(input);
  };
  const auto alone = noise_of(1, 3), together = noise_of(2, 3);
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin()));
  EXPECT_FALSE(std::equal(alone.begin(), alone.end(), together.begin() + std::ssize(alone)));
  EXPECT_NE(alone, noise_of(1, 4));
  double sum = 0, squares = 0;
  for (const float v : alone) {
    sum += v;
    squares += double(v) * v;
  }
  const double count = double(alone.size()), variance = 4 * (0.1 * 0.1 + 0.3 * 0.3 / 12);
  EXPECT_NEAR(sum / count, 0, 5 * std::sqrt(variance / count));
  EXPECT_NEAR(squares / count, variance, 0.05 * variance);
}

} // namespace
} // namespace convscope
