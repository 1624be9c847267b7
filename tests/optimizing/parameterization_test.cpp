#include "visualization/parameterization.h"

#include <cmath>

#include "io/npy.h"
#include "optimizing/expected.h"
#include "optimizing/optimizing.h"
#include "optimizing/shown.h"
#include "reference/parameterization.h"
#include "reference/philox.h"
#include "visualization/random.h"

namespace convscope {
namespace {

// (n, c, h, w) with rows as the device has them before its transform.
std::vector<float> padded_rows(const reference::Tensor &x, int row_stride) {
  std::vector<float> result;
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    result.push_back(float(x.data[i]));
    if (i % std::size_t(x.w) == std::size_t(x.w) - 1)
      result.insert(result.end(), std::size_t(row_stride - x.w), 0.0F);
  }
  return result;
}

std::string size_name(const ::testing::TestParamInfo<std::pair<int, int>> &test) {
  return std::to_string(test.param.first) + "x" + std::to_string(test.param.second);
}

class ParameterizationTest : public Optimizing, public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(ParameterizationTest, SpectrumIsTheReferences) {
  const auto [height, width] = GetParam();
  const int stride = 2 * (width / 2 + 1), batch = 2;
  const auto spectrum = reference::random_tensor(batch, 3, height, stride, 1);
  const auto upstream = reference::random_tensor(batch, 3, height, width, 2);
  const auto image = reference::image_from_spectrum(spectrum, width);
  const Shown shown = show(Recipe{}, batch, {3, height, width}, reference::to_floats(spectrum),
                           padded_rows(through_colours(upstream, image, 0.25), stride));
  EXPECT_LT(relative_error(shown.image, image), 1e-5);
  EXPECT_LT(relative_error(shown.gradient, reference::spectrum_gradient(upstream, image)), 1e-5);
}

TEST_P(ParameterizationTest, PixelsAreTheReferences) {
  const auto [height, width] = GetParam();
  Recipe recipe;
  recipe.parameterization = ParameterizationKind::pixel;
  const auto pixels = reference::random_tensor(2, 3, height, width, 3);
  const auto upstream = reference::random_tensor(2, 3, height, width, 4);
  const auto image = reference::image_from_pixels(pixels);
  const Shown shown = show(recipe, 2, {3, height, width}, reference::to_floats(pixels),
                           reference::to_floats(through_colours(upstream, image, 1)));
  EXPECT_LT(relative_error(shown.image, image), 1e-6);
  EXPECT_LT(relative_error(shown.gradient, reference::pixels_gradient(upstream, image)), 1e-6);
}

// Without decorrelation: C is the identity, so that sigmoid(x) is sigmoid(C y) for y = C^-1 x.
TEST_P(ParameterizationTest, PlainColoursAreTheSigmoidAlone) {
  const auto [height, width] = GetParam();
  Recipe recipe;
  recipe.parameterization = ParameterizationKind::pixel;
  recipe.decorrelate_colours = false;
  const auto pixels = reference::random_tensor(2, 3, height, width, 7);
  const auto upstream = reference::random_tensor(2, 3, height, width, 8);
  reference::Tensor image = pixels;
  for (double &v : image.data)
    v = 1 / (1 + std::exp(-v));
  const Shown shown = show(recipe, 2, {3, height, width}, reference::to_floats(pixels), reference::to_floats(upstream));
  EXPECT_LT(relative_error(shown.image, image), 1e-6);
  EXPECT_EQ(shown.gradient, reference::to_floats(upstream)) << "the gradient begins behind the colours";
}

INSTANTIATE_TEST_SUITE_P(Sizes, ParameterizationTest,
                         ::testing::Values(std::pair(8, 10), std::pair(15, 21), std::pair(12, 7), std::pair(2, 6),
                                           std::pair(6, 2), std::pair(36, 25), std::pair(40, 64)),
                         size_name);

using ParameterizationGolden = ParameterizationTest;

TEST_P(ParameterizationGolden, AnotherImplementationAgrees) {
  const int height = GetParam().first, width = GetParam().second;
  const auto folder = golden_folder() / "parameterization";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << folder << " is not there";
  const auto load = [&](const char *what) {
    return read_npy(folder / (std::to_string(height) + "x" + std::to_string(width) + "." + what + ".npy")).data;
  };
  const int stride = 2 * (width / 2 + 1);
  const auto image = load("image");
  const auto upstream = reference::from_floats(load("upstream"), 1, 3, height, width);
  const auto g = through_colours(upstream, reference::from_floats(image, 1, 3, height, width), 0.25);
  const Shown shown = show(Recipe{}, 1, {3, height, width}, load("spectrum"), padded_rows(g, stride));
  EXPECT_LT(relative_error(shown.image, image), 1e-5);
  EXPECT_LT(relative_error(shown.gradient, load("spectrum_grad")), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ParameterizationGolden,
                         ::testing::Values(std::pair(128, 128), std::pair(96, 160), std::pair(150, 150)), size_name);

using ParameterizationBatch = Optimizing;

// Any number of planes, and sides that the transform can't do: the image is the middle of the spectrum's plane.
TEST_F(ParameterizationBatch, PlanesAndTheMiddleAreTheReferences) {
  for (const int planes : {1, 2, 4, 6})
    for (const auto &[height, width] : {std::pair(8, 10), std::pair(11, 13), std::pair(1, 17), std::pair(22, 1)}) {
      SCOPED_TRACE(std::to_string(planes) + " planes of " + std::to_string(height) + "x" + std::to_string(width));
      const int batch = 2, whole_h = spectrum_side(height), whole_w = spectrum_side(width);
      const Shape image_shape{planes, height, width};
      const Parameterization parameterization(programs(), Recipe{}, batch, image_shape);
      EXPECT_EQ(parameterization.shape(batch), (std::vector<std::int64_t>{batch, planes, whole_h, whole_w / 2 + 1, 2}));
      const double gain = image_gain(Recipe{}, planes);
      const auto spectrum = reference::random_tensor(batch, planes, whole_h, 2 * (whole_w / 2 + 1), 1);
      const auto upstream = reference::random_tensor(batch, planes, height, width, 2);
      const auto image = reference::planes_from_spectrum(spectrum, whole_w, height, width, gain);
      reference::Tensor g = upstream;
      for (std::size_t i = 0; i < g.data.size(); ++i)
        g.data[i] *= gain * image.data[i] * (1 - image.data[i]);
      const Shown shown =
          show(Recipe{}, batch, image_shape, reference::to_floats(spectrum), placed(g, parameterization, batch));
      EXPECT_LT(relative_error(shown.image, image), 1e-5);
      EXPECT_LT(relative_error(shown.gradient, reference::planes_gradient(upstream, image, whole_h, whole_w, gain)),
                1e-5);
    }
}

// Red, green and blue of such sides: the middle of what the whole spectrum shows.
TEST_F(ParameterizationBatch, ColoursOfTheMiddleAreTheWholes) {
  const int height = 11, width = 13, whole_h = 12, whole_w = 14;
  const auto spectrum = reference::random_tensor(2, 3, whole_h, 2 * (whole_w / 2 + 1), 9);
  const auto whole = reference::image_from_spectrum(spectrum, whole_w);
  const std::vector<float> none(spectrum.data.size(), 1);
  const Shown shown = show(Recipe{}, 2, {3, height, width}, reference::to_floats(spectrum), none);
  EXPECT_LT(relative_error(shown.image, reference::cropped(whole, height, width)), 1e-5);
}

// The reference's own gradient, by differences.
TEST(ReferenceParameterization, GradientOfTheMiddleIsThatOfDifferences) {
  const int height = 5, width = 4, image_h = 3, image_w = 3;
  const auto spectrum = reference::random_tensor(1, 2, height, 2 * (width / 2 + 1), 1);
  const auto upstream = reference::random_tensor(1, 2, image_h, image_w, 2);
  const auto value = [&](const reference::Tensor &s) {
    const auto image = reference::planes_from_spectrum(s, width, image_h, image_w, 0.2);
    double sum = 0;
    for (std::size_t i = 0; i < image.data.size(); ++i)
      sum += image.data[i] * upstream.data[i];
    return sum;
  };
  const auto image = reference::planes_from_spectrum(spectrum, width, image_h, image_w, 0.2);
  const auto gradient = reference::planes_gradient(upstream, image, height, width, 0.2);
  for (std::size_t i = 0; i < spectrum.data.size(); ++i) {
    reference::Tensor more = spectrum, less = spectrum;
    more.data[i] += 1e-5;
    less.data[i] -= 1e-5;
    EXPECT_NEAR((value(more) - value(less)) / 2e-5, gradient.data[i], 1e-8) << i;
  }
}

TEST_F(ParameterizationBatch, AnImageAloneEqualsItselfInABatch) {
  for (const auto &[height, width] : {std::pair(15, 14), std::pair(24, 30)}) {
    const int stride = 2 * (width / 2 + 1), batch = 5;
    const auto spectrum = reference::to_floats(reference::random_tensor(batch, 3, height, stride, 5));
    const auto upstream = reference::to_floats(reference::random_tensor(batch, 3, height, stride, 6));
    const Shown together = show(Recipe{}, batch, {3, height, width}, spectrum, upstream);
    for (const int n : {0, 1, 4}) {
      const auto part = [n](const std::vector<float> &values, std::size_t size) {
        return std::vector<float>(values.begin() + std::ptrdiff_t(n * size),
                                  values.begin() + std::ptrdiff_t((n + 1) * size));
      };
      const auto parameters = std::size_t(3 * height * stride), pixels = std::size_t(3 * height * width);
      const Shown alone = show(Recipe{}, 1, {3, height, width}, part(spectrum, parameters), part(upstream, parameters));
      EXPECT_EQ(alone.image, part(together.image, pixels));
      EXPECT_EQ(alone.gradient, part(together.gradient, parameters));
    }
  }
}

TEST_F(ParameterizationBatch, FirstParametersAreKeyedNormalNumbers) {
  const int height = 9, width = 14;
  const std::vector<std::string> texts{"conv1:0", "conv1:1"};
  Parameterization parameterization(programs(), Recipe{}, 2, {3, height, width});
  Plan plan(programs(), "init");
  const auto tensors = parameterization.make_tensors(plan);
  const TensorId images = plan.persistent("images", 2 * sizeof(gpu::ImageState));
  parameterization.append_init(plan, tensors, images);
  plan.allocate();
  std::vector<gpu::ImageState> states;
  for (const auto &text : texts) {
    const auto key = philox_key(7, text);
    states.push_back({key[0], key[1], -1, 1});
  }
  write(plan, images, states);
  plan.record(Variant::usual).run("the test's numbers");
  const auto values = plan.read_all<float>(tensors.parameters);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t n = i / std::size_t(parameterization.count()), at = i % std::size_t(parameterization.count());
    const auto expected = normals(std::uint32_t(at / 4), philox_key(7, texts[n]));
    ASSERT_NEAR(values[i], 0.01 * expected[at % 4], 1e-6) << i;
    sum += values[i];
    squares += double(values[i]) * values[i];
  }
  EXPECT_NEAR(sum / double(values.size()), 0, 1e-3);
  EXPECT_NEAR(std::sqrt(squares / double(values.size())), 0.01, 1e-3);
}

} // namespace
} // namespace convscope
