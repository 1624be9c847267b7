// Parameterizations that are neither spectra nor pixels: their images are the reference's, and their gradients what
// central differences of the reference, in double, are.
#include <cmath>
#include <functional>

#include "io/npy.h"
#include "optimizing/expected.h"
#include "optimizing/optimizing.h"
#include "optimizing/shown.h"
#include "reference/painted.h"
#include "visualization/parameterizations/cppn.h"
#include "visualization/parameterizations/forms.h"
#include "visualization/parameterizations/half_spectrum.h"
#include "visualization/parameterizations/natural_spectrum.h"
#include "visualization/parameters_of.h"

namespace convscope {
namespace {

using Planes = std::function<reference::Tensor(const std::vector<double> &parameters)>; // of a whole batch
using PaintedTest = Optimizing;

Recipe of_kind(ParameterizationKind kind) {
  Recipe recipe;
  set_parameterization(recipe, kind);
  return recipe;
}

reference::Tensor coloured(reference::Tensor x, const Recipe &recipe) {
  if (decorrelates(recipe, x.c))
    x = reference::colour(x);
  for (double &v : x.data)
    v = 1 / (1 + std::exp(-image_gain(recipe, x.c) * v));
  return x;
}

// The gradient with respect to the planes of sum(image * upstream).
reference::Tensor before_colours(const reference::Tensor &upstream, const reference::Tensor &image,
                                 const Recipe &recipe) {
  reference::Tensor g = upstream;
  for (std::size_t i = 0; i < g.data.size(); ++i)
    g.data[i] *= image_gain(recipe, image.c) * image.data[i] * (1 - image.data[i]);
  return decorrelates(recipe, image.c) ? reference::colour_adjoint(g) : g;
}

void expect_reference(const Recipe &recipe, int batch, const Shape &shape, const std::vector<float> &parameters,
                      const Planes &planes, const Array *spectrum = nullptr, double tolerance = 1e-5) {
  const std::vector<double> exact(parameters.begin(), parameters.end());
  const auto image = coloured(planes(exact), recipe);
  const auto upstream = reference::random_tensor(batch, shape.c, shape.h, shape.w, 2);
  const Parameterization parameterization(programs(), recipe, batch, shape, spectrum);
  ASSERT_EQ(parameters.size(), std::size_t(batch) * std::size_t(parameterization.count()));
  const Shown shown = show(recipe, batch, shape, parameters,
                           placed(before_colours(upstream, image, recipe), parameterization, batch), spectrum);
  EXPECT_LT(relative_error(shown.image, image), tolerance);
  std::vector<float> differences;
  std::vector<double> moved = exact;
  const auto value = [&] { return reference::dot(coloured(planes(moved), recipe), upstream); };
  for (std::size_t i = 0; i < exact.size(); ++i) {
    moved[i] = exact[i] + 1e-5;
    const double above = value();
    moved[i] = exact[i] - 1e-5;
    differences.push_back(float((above - value()) / 2e-5));
    moved[i] = exact[i];
  }
  EXPECT_LT(relative_error(shown.gradient, differences), 2 * tolerance);
}

std::vector<float> random_numbers(std::int64_t count, unsigned seed) {
  return reference::to_floats(reference::random_tensor(1, 1, 1, int(count), seed));
}

// Of a batch, image by image.
Planes each(int batch, const std::function<reference::Tensor(const std::vector<double> &)> &one) {
  return [=](const std::vector<double> &all) {
    const auto size = std::ptrdiff_t(all.size()) / batch;
    reference::Tensor result;
    for (int n = 0; n < batch; ++n) {
      const reference::Tensor image = one({all.begin() + n * size, all.begin() + (n + 1) * size});
      if (n == 0)
        result = reference::Tensor(batch, image.c, image.h, image.w);
      std::copy(image.data.begin(), image.data.end(),
                result.data.begin() + std::ptrdiff_t(n) * std::ptrdiff_t(image.data.size()));
    }
    return result;
  };
}

TEST_F(PaintedTest, PyramidsAreTheReferences) {
  const Recipe recipe = of_kind(ParameterizationKind::laplacian);
  for (const Shape &shape : {Shape{3, 8, 8}, Shape{3, 9, 13}, Shape{1, 1, 7}, Shape{4, 5, 2}, Shape{1, 19, 35}}) {
    SCOPED_TRACE(std::to_string(shape.h) + "x" + std::to_string(shape.w));
    const auto count = Parameterization(programs(), recipe, 2, shape).count();
    expect_reference(recipe, 2, shape, random_numbers(2 * count, 5), each(2, [shape](const auto &parameters) {
                       return reference::laplacian_planes(parameters, shape.c, shape.h, shape.w);
                     }));
  }
}

TEST_F(PaintedTest, PhasesAreTheReferences) {
  const Recipe recipe = of_kind(ParameterizationKind::maco);
  for (const Shape &shape : {Shape{3, 8, 10}, Shape{3, 9, 7}, Shape{2, 12, 5}}) {
    SCOPED_TRACE(std::to_string(shape.h) + "x" + std::to_string(shape.w));
    const int columns = shape.w / 2 + 1;
    Array spectrum{{shape.c, shape.h, columns}, {}};
    for (const float v : random_numbers(std::int64_t{shape.c} * shape.h * columns, 9))
      spectrum.data.push_back(std::abs(v) + 0.1F);
    const std::vector<double> magnitudes(spectrum.data.begin(), spectrum.data.end());
    expect_reference(
        recipe, 2, shape, random_numbers(std::int64_t{2} * shape.c * shape.h * columns, 6),
        [=](const std::vector<double> &all) {
          reference::Tensor phases(2, shape.c, shape.h, columns);
          phases.data = all;
          return reference::maco_planes(phases, magnitudes, shape.w);
        },
        &spectrum);
  }
}

TEST_F(PaintedTest, NetsThatPaintAreTheReferences) {
  const Recipe recipe = of_kind(ParameterizationKind::cppn);
  for (const Shape &shape : {Shape{3, 5, 4}, Shape{1, 1, 6}}) {
    const auto count = Parameterization(programs(), recipe, 1, shape).count();
    std::vector<float> parameters = random_numbers(count, 7);
    for (float &v : parameters)
      v *= 0.3F;
    expect_reference(
        recipe, 1, shape, parameters,
        each(1, [shape](const auto &all) { return reference::cppn_planes(all, shape.c, shape.h, shape.w); }), nullptr,
        2e-5);
    const Array drawn = draw_cppn(programs(), recipe, shape.c, parameters, {9, 7});
    const std::vector<double> exact(parameters.begin(), parameters.end());
    EXPECT_LT(relative_error(drawn.data, coloured(reference::cppn_planes(exact, shape.c, 7, 9), recipe)), 2e-5);
  }
}

// Of fewer pixels than a group's, of more than a strip's, and of planes that fill one quad or six.
TEST_F(PaintedTest, NetsPaintAtAnySize) {
  const Recipe recipe = of_kind(ParameterizationKind::cppn);
  for (const auto &[planes, size] : {std::pair(4, Size{1, 1}), std::pair(5, Size{33, 2}), std::pair(24, Size{3, 11}),
                                     std::pair(3, Size{270, 250}), std::pair(1, Size{2, 40000})}) {
    SCOPED_TRACE(planes);
    std::vector<float> parameters = random_numbers(Parameterization(programs(), recipe, 1, {planes, 1, 1}).count(), 11);
    for (float &v : parameters)
      v *= 0.3F;
    const Array drawn = draw_cppn(programs(), recipe, planes, parameters, size);
    const std::vector<double> exact(parameters.begin(), parameters.end());
    EXPECT_LT(
        relative_error(drawn.data, coloured(reference::cppn_planes(exact, planes, size.height, size.width), recipe)),
        2e-5);
  }
}

// Each image has what is common, and the gradient of all.
TEST_F(PaintedTest, SharedPartsAreTheReferences) {
  const Recipe recipe = of_kind(ParameterizationKind::shared);
  constexpr int batch = 3;
  const Shape shape{3, 20, 17};
  const Parameterization parameterization(programs(), recipe, batch, shape);
  const int whole_h = spectrum_side(shape.h), whole_w = spectrum_side(shape.w), stride = 2 * (whole_w / 2 + 1);
  const int spectral = shape.c * whole_h * stride, count = parameterization.count();
  std::vector<float> parameters = random_numbers(std::int64_t{batch} * count, 8);
  for (int n = 1; n < batch; ++n)
    std::copy(parameters.begin() + spectral, parameters.begin() + count, parameters.begin() + n * count + spectral);
  const std::vector<double> coarse(parameters.begin() + spectral, parameters.begin() + count);
  const auto planes = [&](const std::vector<double> &common) {
    reference::Tensor spectra(batch, shape.c, whole_h, stride);
    for (int n = 0; n < batch; ++n)
      for (int i = 0; i < spectral; ++i)
        spectra.data[std::size_t(n * spectral + i)] = parameters[std::size_t(n * count + i)];
    const auto scale = reference::spectrum_scale(whole_h, whole_w);
    for (std::size_t i = 0; i < spectra.data.size(); ++i)
      spectra.data[i] *= scale[i / 2 % scale.size()];
    reference::Tensor sum = reference::cropped(reference::irfft2(spectra, whole_w), shape.h, shape.w);
    const reference::Tensor shared = reference::shared_planes(common, batch, shape.c, shape.h, shape.w);
    for (std::size_t i = 0; i < sum.data.size(); ++i)
      sum.data[i] += 4 * shared.data[i]; // 1 where the sigmoid takes a quarter
    return sum;
  };
  const auto image = coloured(planes(coarse), recipe);
  const auto upstream = reference::random_tensor(batch, shape.c, shape.h, shape.w, 2);
  const auto g = before_colours(upstream, image, recipe);
  const Shown shown = show(recipe, batch, shape, parameters, placed(g, parameterization, batch));
  EXPECT_LT(relative_error(shown.image, image), 1e-5);
  std::vector<float> differences(coarse.size());
  for (std::size_t i = 0; i < coarse.size(); ++i) {
    std::vector<double> more = coarse, less = coarse;
    more[i] += 1e-4;
    less[i] -= 1e-4;
    differences[i] = float((reference::dot(coloured(planes(more), recipe), upstream) -
                            reference::dot(coloured(planes(less), recipe), upstream)) /
                           2e-4);
  }
  for (int n = 0; n < batch; ++n) {
    const auto first = shown.gradient.begin() + n * count;
    EXPECT_LT(relative_error({first + spectral, first + count}, differences), 2e-5) << n;
  }
  reference::Tensor spectra = reference::irfft2_adjoint(reference::cropped_adjoint(g, whole_h, whole_w));
  const auto scale = reference::spectrum_scale(whole_h, whole_w);
  for (int n = 0; n < batch; ++n) {
    std::vector<float> expected;
    for (int i = 0; i < spectral; ++i)
      expected.push_back(float(spectra.data[std::size_t(n * spectral + i)] * scale[std::size_t(i) / 2 % scale.size()]));
    const auto first = shown.gradient.begin() + n * count;
    EXPECT_LT(relative_error({first, first + spectral}, expected), 1e-5) << n;
  }
}

// Of several strips and workgroups: the image, and of the gradient some numbers of each level and slot.
TEST_F(PaintedTest, SharedPartsOfLargerImagesAreTheReferences) {
  const Recipe recipe = of_kind(ParameterizationKind::shared);
  constexpr int batch = 2;
  for (const Shape &shape : {Shape{3, 45, 66}, Shape{1, 131, 21}}) {
    SCOPED_TRACE(std::to_string(shape.h) + "x" + std::to_string(shape.w));
    const Parameterization parameterization(programs(), recipe, batch, shape);
    const int spectral = shape.c * parameterization.layout().plane_stride, count = parameterization.count();
    std::vector<float> parameters(std::size_t(batch) * std::size_t(count)); // no spectra
    const std::vector<float> coarse = random_numbers(count - spectral, 8);
    for (int n = 0; n < batch; ++n)
      std::copy(coarse.begin(), coarse.end(), parameters.begin() + n * count + spectral);
    const auto planes = [&](const std::vector<double> &common) {
      reference::Tensor sum = reference::shared_planes(common, batch, shape.c, shape.h, shape.w);
      for (double &v : sum.data)
        v *= 4;
      return sum;
    };
    const auto image = coloured(planes({coarse.begin(), coarse.end()}), recipe);
    const auto g = before_colours(reference::random_tensor(batch, shape.c, shape.h, shape.w, 2), image, recipe);
    const Shown shown = show(recipe, batch, shape, parameters, placed(g, parameterization, batch));
    EXPECT_LT(relative_error(shown.image, image), 1e-5);
    std::vector<float> expected, first, last;
    for (std::size_t i = 0; i < coarse.size(); i += 17) {
      std::vector<double> one(coarse.size());
      one[i] = 1;
      expected.push_back(float(reference::dot(planes(one), g)));
      first.push_back(shown.gradient[std::size_t(spectral) + i]);
      last.push_back(shown.gradient[std::size_t(count + spectral) + i]);
    }
    EXPECT_LT(relative_error(first, expected), 1e-5);
    EXPECT_EQ(first, last);
  }
}

TEST_F(PaintedTest, PhasesAreAnotherImplementations) {
  const auto folder = golden_folder() / "parameterization";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << folder << " is not there";
  for (const auto &[height, width] : {std::pair(128, 128), std::pair(64, 96)}) {
    const auto load = [&, height = height, width = width](const char *what) {
      return read_npy(folder / ("maco." + std::to_string(height) + "x" + std::to_string(width) + "." + what + ".npy"));
    };
    const Recipe recipe = of_kind(ParameterizationKind::maco);
    Array spectrum = load("magnitude");
    spectrum.shape = {3, height, width / 2 + 1};
    const auto image = load("image").data;
    const auto upstream = reference::from_floats(load("upstream").data, 1, 3, height, width);
    const Shape shape{3, height, width};
    const Parameterization parameterization(programs(), recipe, 1, shape, &spectrum);
    const auto g = before_colours(upstream, reference::from_floats(image, 1, 3, height, width), recipe);
    const Shown shown = show(recipe, 1, shape, load("phase").data, placed(g, parameterization, 1), &spectrum);
    EXPECT_LT(relative_error(shown.image, image), 1e-5);
    EXPECT_LT(relative_error(shown.gradient, load("phase_grad").data), 1e-5);
  }
}

TEST_F(PaintedTest, AnImageAloneEqualsItselfInABatch) {
  const Shape shape{3, 30, 26};
  for (const ParameterizationForm &form : parameterization_forms()) {
    if (form.coupled)
      continue;
    SCOPED_TRACE(std::string(form.name));
    const Recipe recipe = of_kind(form.kind);
    constexpr int batch = 3;
    const Parameterization one(programs(), recipe, 1, shape);
    const std::size_t count = std::size_t(one.count());
    const auto parameters = random_numbers(std::int64_t{batch} * std::int64_t(count), 5);
    const auto upstream = reference::random_tensor(batch, shape.c, shape.h, shape.w, 6);
    const Parameterization all(programs(), recipe, batch, shape);
    const auto work = placed(upstream, all, batch);
    const Shown together = show(recipe, batch, shape, parameters, work);
    for (std::size_t n = 0; n < batch; ++n) {
      const auto part = [n](const std::vector<float> &values) { return part_of(values, batch, n); };
      const Shown alone = show(recipe, 1, shape, part(parameters), part(work));
      EXPECT_EQ(alone.image, part(together.image));
      EXPECT_EQ(alone.gradient, part(together.gradient));
    }
  }
}

TEST_F(PaintedTest, PicturesComeBack) {
  for (const ParameterizationForm &form : parameterization_forms()) {
    const Recipe recipe = of_kind(form.kind);
    Array image{{3, 11, 14}, {}};
    for (const float v : random_numbers(image.elements(), 3))
      image.data.push_back(0.5F + 0.1F * v);
    if (form.inverse == nullptr) {
      EXPECT_NE(error_of([&] { parameters_of(image, recipe); }).find("can't start from a picture"), std::string::npos);
      continue;
    }
    const Array parameters = parameters_of(image, recipe);
    const Parameterization parameterization(programs(), recipe, 1, {3, 11, 14});
    EXPECT_EQ(parameters.shape, parameterization.shape(1));
    const auto none = placed(reference::Tensor(1, 3, 11, 14), parameterization, 1);
    std::vector<float> ones(none.size(), 1);
    EXPECT_LT(relative_error(show(recipe, 1, {3, 11, 14}, parameters.data, ones).image, image.data), 1e-5) << form.name;
  }
}

TEST(NaturalSpectrum, FallsAsPhotosDo) {
  const auto spectrum = natural_spectrum(3, 128, 128);
  const auto at = [&](int c, int j, int k) { return spectrum[std::size_t((c * 128 + j) * 65 + k)]; };
  EXPECT_GT(at(0, 4, 0), at(0, 8, 0));
  EXPECT_GT(at(0, 8, 0), 4 * at(0, 32, 0));
  EXPECT_GT(at(0, 8, 0), at(0, 0, 8)) << "level edges are the strongest";
  EXPECT_GT(at(0, 0, 8), at(0, 6, 6));
  EXPECT_FLOAT_EQ(at(1, 120, 3), at(1, 8, 3));
}

TEST(NaturalSpectrum, OthersAreCheckedAndResized) {
  Array given{{1, 6, 4}, std::vector<float>(24, 2)};
  EXPECT_EQ(resized_spectrum(given, 1, 10, 9), std::vector<float>(50, 2));
  EXPECT_EQ(resized_spectrum(given, 1, 6, 6), given.data);
  for (std::size_t i = 0; i < 24; ++i)
    given.data[i] = float(std::min(i / 4, 6 - i / 4) * 10 + i % 4);
  EXPECT_EQ(resized_spectrum(given, 1, 6, 6), given.data);
  EXPECT_NE(error_of([&] { check_spectrum(given, 3, "s.npy"); }).find("s.npy: its shape is (1, 6, 4)"),
            std::string::npos);
  given.data[3] = std::nanf("");
  EXPECT_NE(error_of([&] { check_spectrum(given, 1, "s.npy"); }).find("where magnitudes are wanted"),
            std::string::npos);
  given.data.assign(24, 0);
  EXPECT_NE(error_of([&] { check_spectrum(given, 1, "s.npy"); }).find("nothing but zeros"), std::string::npos);
}

TEST(HalfSpectrum, IsTheSumThatDefinesIt) {
  for (const auto &[height, width] : {std::pair(6, 10), std::pair(7, 1), std::pair(1, 9), std::pair(11, 12)}) {
    const auto plane = reference::random_tensor(1, 1, height, width, 4);
    const auto result = half_spectrum(plane.data.data(), height, width);
    for (int j = 0; j < height; ++j)
      for (int k = 0; k <= width / 2; ++k) {
        std::complex<double> sum = 0;
        for (int y = 0; y < height; ++y)
          for (int x = 0; x < width; ++x)
            sum += plane.at(0, 0, y, x) *
                   std::polar(1.0, -2 * 3.14159265358979323846 * (double(j) * y / height + double(k) * x / width));
        EXPECT_LT(std::abs(sum - result[std::size_t(j * (width / 2 + 1) + k)]), 1e-12);
      }
  }
}

} // namespace
} // namespace convscope
