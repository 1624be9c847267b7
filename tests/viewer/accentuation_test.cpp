#include "session/accentuation.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "reference/tensor.h"
#include "visualization/recipe.h"

namespace convscope {
namespace {

Array photo_of(int height, int width, unsigned seed) {
  Array photo{{3, height, width}, reference::random_floats(std::size_t(3 * height * width), seed)};
  for (float &value : photo.data)
    value = 0.5F + 0.25F * value;
  return photo;
}

double stay_weight(const Objective &objective) {
  double sum = 0;
  for (const Term &term : objective.terms)
    sum += term.kind == TermKind::stay ? term.weight : 0;
  return sum;
}

TEST(Accentuation, TheLeashIsRelative) {
  Session session;
  ModelRequest request;
  request.model = "alexnet";
  session.load(request);
  const Recipe by = recipe("accentuate");
  const Array photo = photo_of(40, 48, 1);
  const auto balance = [&](const std::string &text) {
    return stay_weight(balanced(session, session.objective(text), by, photo, {48, 40}, 3));
  };
  const double one = balance("conv2:7 + stay(conv1)");
  EXPECT_NEAR(balance("conv2:7 + 0.25*stay(conv1)"), 0.25 * one, 1e-6 * one);
  EXPECT_NEAR(balance("4*conv2:7 + stay(conv1)"), 4 * one, 1e-4 * one);
  EXPECT_EQ(balance("stay(conv1)"), 1);
  EXPECT_EQ(
      stay_weight(balanced(session, session.objective("conv2:7 + stay(conv1)"), recipe("lucid"), photo, {48, 40}, 3)),
      1);

  // Where the image is another than the photo by that much noise, the two pull alike.
  Array noisy = photo;
  const auto noise = reference::random_floats(noisy.data.size(), 9);
  for (std::size_t i = 0; i < noise.size(); ++i)
    noisy.data[i] += 0.036F * noise[i];
  const Preprocessing &net = session.graph().preprocessing;
  const auto sum = [&](const std::string &text) {
    const Array gradient =
        session.gradient(preprocess(noisy, net), session.objective(text), {preprocess(photo, net), {}}).gradient;
    return std::accumulate(gradient.data.begin(), gradient.data.end(), 0.0,
                           [](double all, float value) { return all + std::abs(value); });
  };
  const double ratio = one * sum("stay(conv1)") / sum("conv2:7");
  EXPECT_GT(ratio, 0.7);
  EXPECT_LT(ratio, 1.4);
}

TEST(Accentuation, WhatAUnitSaysIsToldWithoutTheLeash) {
  Session session;
  ModelRequest request;
  request.model = "alexnet";
  session.load(request);
  const Array photo = photo_of(40, 48, 1);
  const auto told = [&](const std::string &text) {
    return excitation(session, session.objective(text), photo, {48, 40});
  };
  const double value =
      session.gradient(preprocess(photo, session.graph().preprocessing), session.objective("conv2:7")).values.front();
  EXPECT_NE(value, 0);
  EXPECT_EQ(told("conv2:7"), value);
  EXPECT_EQ(told("conv2:7 + 30*stay(conv1)"), value);
  EXPECT_EQ(told("conv2:7 + caricature(conv1) - 100*diversity(conv2)"), value);
  EXPECT_EQ(told("stay(conv1)"), std::nullopt);
}

TEST(Accentuation, ALongerLeashIsNotMeasuredAnew) {
  Session session;
  ModelRequest request;
  request.model = "alexnet";
  session.load(request);
  const Recipe by = recipe("accentuate");
  const Array photo = photo_of(40, 48, 1), other = photo_of(40, 48, 2);
  LeashBalance balance;
  const auto weight = [&](const std::string &text, const Array &of, std::uint64_t seed) {
    return stay_weight(balance.of(session, session.objective(text), by, of, {48, 40}, seed));
  };
  const auto anew = [&](const std::string &text, const Array &of, std::uint64_t seed) {
    return stay_weight(balanced(session, session.objective(text), by, of, {48, 40}, seed));
  };
  for (const char *text : {"conv2:7 + stay(conv1)", "conv2:7 + 0.3*stay(conv1)", "conv2:7 + 20*stay(conv1)"})
    EXPECT_EQ(weight(text, photo, 3), anew(text, photo, 3)) << text;
  EXPECT_EQ(balance.measured(), 1);
  EXPECT_EQ(weight("conv2:8 + stay(conv1)", photo, 3), anew("conv2:8 + stay(conv1)", photo, 3));
  EXPECT_EQ(balance.measured(), 2);
  EXPECT_EQ(weight("conv2:8 + stay(conv1)", other, 3), anew("conv2:8 + stay(conv1)", other, 3));
  EXPECT_EQ(balance.measured(), 3);
  EXPECT_EQ(weight("2*conv2:8 + stay(conv1)", other, 3), anew("2*conv2:8 + stay(conv1)", other, 3));
  EXPECT_EQ(balance.measured(), 4);
}

TEST(Accentuation, ItsMaskIsWhereThePhotoChanged) {
  const Array photo = photo_of(30, 50, 2);
  Array image = photo;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t y = 5; y < 12; ++y)
      for (std::size_t x = 30; x < 40; ++x)
        image.data[(c * 30 + y) * 50 + x] += 0.2F;
  const Array mask = change_mask(photo, image);
  ASSERT_EQ(mask.shape, (std::vector<std::int64_t>{1, 30, 50}));
  EXPECT_GT(mask.data[8 * 50 + 35], 0.9);
  EXPECT_EQ(mask.data[8 * 50 + 10], 0);
  EXPECT_EQ(mask.data[25 * 50 + 35], 0);
  EXPECT_EQ(change_mask(photo, photo).data, std::vector<float>(30 * 50));
  const Array shown = masked_change(photo, image);
  EXPECT_NEAR(shown.data[8 * 50 + 35], image.data[8 * 50 + 35], 0.1);
  const double luma = 0.299 * photo.data[0] + 0.587 * photo.data[1500] + 0.114 * photo.data[3000];
  EXPECT_NEAR(shown.data[0], 0.35 * luma, 1e-6);
}

} // namespace
} // namespace convscope
