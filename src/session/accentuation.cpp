#include "session/accentuation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "io/resize.h"
#include "visualization/gradient.h"

namespace convscope {

namespace {

bool is_stay(const Term &term) { return term.kind == TermKind::stay; }

// Of what pulls away, that which one image and the photo suffice for.
Objective part_of(const Objective &objective, bool stay) {
  Objective part = objective;
  std::erase_if(part.terms, [stay](const Term &term) {
    const Needs needs = Objective{"", "", {term}}.needs();
    return is_stay(term) != stay || needs.style || needs.company;
  });
  return part;
}

double absolute_sum(const Array &values) {
  return std::accumulate(values.data.begin(), values.data.end(), 0.0,
                         [](double sum, float value) { return sum + std::abs(value); });
}

// Uniform, of the deviation that the recipe's noise has: standard distributions of other kinds differ between hosts.
Array with_noise(Array picture, const Recipe &recipe, std::uint64_t seed) {
  constexpr double least = 0.01;
  const double variance = recipe.noise * recipe.noise + recipe.noise_width * recipe.noise_width / 12;
  const double width = std::sqrt(12 * std::max(variance, least * least));
  std::mt19937_64 random(seed);
  for (float &value : picture.data)
    value += static_cast<float>(width * (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5));
  return picture;
}

// (1,H,W), by a Gaussian of that deviation in pixels; at the border by the part of it that lies inside.
void blur(Array &plane, double deviation) {
  const auto height = static_cast<int>(plane.shape[1]), width = static_cast<int>(plane.shape[2]);
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * deviation)));
  std::vector<double> weights;
  for (int i = -reach; i <= reach; ++i)
    weights.push_back(std::exp(-0.5 * i * i / (deviation * deviation)));
  const auto along = [&](int length, int lines, std::size_t step, std::size_t next_line) {
    std::vector<float> line(static_cast<std::size_t>(length));
    for (int l = 0; l < lines; ++l) {
      float *const first = plane.data.data() + static_cast<std::size_t>(l) * next_line;
      for (int i = 0; i < length; ++i) {
        double sum = 0, weight = 0;
        for (int j = std::max(0, i - reach); j <= std::min(length - 1, i + reach); ++j) {
          const double w = weights.at(static_cast<std::size_t>(reach + j - i));
          sum += w * first[static_cast<std::size_t>(j) * step];
          weight += w;
        }
        line[static_cast<std::size_t>(i)] = static_cast<float>(sum / weight);
      }
      for (int i = 0; i < length; ++i)
        first[static_cast<std::size_t>(i) * step] = line[static_cast<std::size_t>(i)];
    }
  };
  along(width, height, 1, static_cast<std::size_t>(width));
  along(height, width, static_cast<std::size_t>(width), 1);
}

// What stay()'s weights are to be multiplied by.
double balance_of(Session &session, const Objective &objective, const Recipe &recipe, const Array &photo, Size input,
                  std::uint64_t seed) {
  const Objective rest = part_of(objective, false), stay = part_of(objective, true);
  if (!recipe.balance_stay || rest.terms.empty() || stay.terms.empty())
    return 1;
  const Preprocessing &preprocessing = session.graph().preprocessing;
  const Array seen = resize(photo, input.width, input.height);
  const Array noisy = preprocess(with_noise(seen, recipe, seed), preprocessing);
  const Pictures pictures{preprocess(seen, preprocessing), {}};
  Objective leash = stay;
  for (Term &term : leash.terms) // one measure for all of them, whatever they weigh
    term.weight = 1;
  // In float32 whatever the session's precision is: what replays an image may ask for that by name.
  const Graph &graph = session.model().at(input);
  const auto size_of_gradient = [&](const Objective &part) {
    return absolute_sum(gradient_of(session.programs(), session.weights(), graph, noisy,
                                    same_objective(part, session.graph(), graph), Precision::fp32, pictures)
                            .gradient);
  };
  const double pull = size_of_gradient(rest), back = size_of_gradient(leash);
  const double balance = pull / back;
  return std::isfinite(balance) && balance > 0 ? balance : 1;
}

Objective with_balance(Objective objective, double balance) {
  for (Term &term : objective.terms)
    if (is_stay(term))
      term.weight *= balance;
  return objective;
}

// All that the terms say, but for how much stay() weighs.
std::string but_for_leash(const Objective &objective) {
  std::string text;
  for (const Term &term : objective.terms) {
    const Positions &at = term.positions;
    text += fmt::format("{} {} {} {} {} {} {} {} {} {} {};", static_cast<int>(term.kind), term.layer, term.channel,
                        static_cast<int>(at.kind), at.x, at.y, at.width, at.height, term.number,
                        is_stay(term) ? 0 : term.weight, term.file);
    for (const float value : term.vector)
      text += fmt::format("{} ", value);
  }
  return text;
}

} // namespace

Objective balanced(Session &session, Objective objective, const Recipe &recipe, const Array &photo, Size input,
                   std::uint64_t seed) {
  const double balance = balance_of(session, objective, recipe, photo, input, seed);
  return with_balance(std::move(objective), balance);
}

Objective LeashBalance::of(Session &session, Objective objective, const Recipe &recipe, const Array &photo, Size input,
                           std::uint64_t seed) {
  Asked asked{but_for_leash(objective), recipe, photo.data, input, seed};
  if (measured_ == 0 || !(asked == asked_)) {
    balance_ = balance_of(session, objective, recipe, photo, input, seed);
    asked_ = std::move(asked);
    ++measured_;
  }
  return with_balance(std::move(objective), balance_);
}

std::optional<double> excitation(Session &session, const Objective &objective, const Array &picture, Size input) {
  Objective own = part_of(objective, false);
  std::erase_if(own.terms, [](const Term &term) { return Objective{"", "", {term}}.needs().photo; });
  if (own.terms.empty())
    return std::nullopt;
  const Array seen = preprocess(resize(picture, input.width, input.height), session.graph().preprocessing);
  const Graph &graph = session.model().at(input);
  return gradient_of(session.programs(), session.weights(), graph, seen, same_objective(own, session.graph(), graph),
                     Precision::fp32)
      .values.front();
}

Array change_mask(const Array &photo, const Array &image) {
  const auto planes = static_cast<std::size_t>(image.shape[0]);
  const std::size_t pixels = image.data.size() / planes;
  Array mask{{1, image.shape[1], image.shape[2]}, std::vector<float>(pixels)};
  for (std::size_t i = 0; i < image.data.size(); ++i)
    mask.data[i % pixels] += std::abs(image.data[i] - photo.data[i]) / static_cast<float>(planes);
  blur(mask, std::max(1.0, static_cast<double>(std::max(image.shape[1], image.shape[2])) / 112));
  std::vector<float> sorted = mask.data;
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 99 / 100);
  std::nth_element(sorted.begin(), at, sorted.end());
  constexpr float least = 1.0F / 255; // below what a picture of 8 bits shows
  for (float &value : mask.data)
    value = std::min(value / std::max(*at, least), 1.0F);
  return mask;
}

Array masked_change(const Array &photo, const Array &image) {
  constexpr float dim = 0.35F;
  const Array mask = change_mask(photo, image);
  const std::size_t pixels = mask.data.size();
  Array shown = image;
  for (std::size_t i = 0; i < pixels; ++i) {
    float light = 0;
    for (std::size_t c = 0; c < 3; ++c)
      light += static_cast<float>(luma.at(c)) * photo.data[c * pixels + i];
    for (std::size_t c = 0; c < 3; ++c)
      shown.data[c * pixels + i] = mask.data[i] * image.data[c * pixels + i] + (1 - mask.data[i]) * dim * light;
  }
  return shown;
}

} // namespace convscope
