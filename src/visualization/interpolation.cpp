#include "visualization/interpolation.h"

#include <algorithm>

#include <fmt/format.h>

#include "visualization/parameterizations/forms.h"
#include "visualization/terms/forms.h"

namespace convscope {

namespace {

bool same_term(const Term &a, const Term &b) {
  return a.kind == b.kind && a.layer == b.layer && a.channel == b.channel && a.positions == b.positions &&
         a.file == b.file && a.vector == b.vector && a.number == b.number;
}

// A term with its weights at both ends.
struct Blend {
  Term term;
  double from, to;
};

std::vector<Blend> blend(const Objective &from, const Objective &to) {
  std::vector<Blend> all;
  for (const Term &term : from.terms)
    all.push_back({term, term.weight, 0});
  for (const Term &term : to.terms) {
    const auto there = std::find_if(all.begin(), all.end(), [&](const Blend &b) {
      return b.to == 0 && b.from != 0 && same_term(b.term, term); // one that is written twice stays two
    });
    if (there == all.end())
      all.push_back({term, 0, term.weight});
    else
      there->to = term.weight;
  }
  std::stable_sort(all.begin(), all.end(), [](const Blend &a, const Blend &b) { return a.term.layer < b.term.layer; });
  for (const Blend &b : all)
    if (form_of(b.term.kind).needs.company && b.from != b.to)
      throw UserError(fmt::format("--from '{}' and --to '{}': {}() is between all the images of the path: both must "
                                  "have it, with one weight",
                                  from.text, to.text, form_of(b.term.kind).name));
  return all;
}

// As an author would write it: a lone term by itself, a sum in brackets.
std::string weighted(double weight, const Objective &objective) {
  const Term &first = objective.terms.front();
  const bool alone = objective.terms.size() == 1 && first.weight == 1;
  return fmt::format("{:.3g}*{}{}{}", weight, alone ? "" : "(", objective.text, alone ? "" : ")");
}

} // namespace

void follow_path(Recipe &recipe) {
  set_parameterization(recipe, ParameterizationKind::shared);
  recipe.lr /= 5;
}

std::vector<Objective> interpolated(const Objective &from, const Objective &to, int count) {
  const std::vector<Blend> terms = blend(from, to);
  std::vector<Objective> all;
  for (int i = 0; i < count; ++i) {
    const double t = double(i) / (count - 1);
    Objective image;
    image.variant = i;
    image.text = i == 0           ? from.text
                 : i == count - 1 ? to.text
                                  : fmt::format("{} + {}", weighted(1 - t, from), weighted(t, to));
    image.canonical = fmt::format("{} .. {} #{}", from.canonical, to.canonical, i);
    for (const Blend &b : terms) {
      image.terms.push_back(b.term);
      image.terms.back().weight = (1 - t) * b.from + t * b.to;
    }
    all.push_back(std::move(image));
  }
  return all;
}

} // namespace convscope
