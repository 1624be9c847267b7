#include "visualization/objective.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "graph/names.h"
#include "visualization/terms/forms.h"

namespace convscope {

namespace {

void sort_by_layer(Objective &objective) {
  std::stable_sort(objective.terms.begin(), objective.terms.end(),
                   [](const Term &a, const Term &b) { return a.layer < b.layer; });
}

[[noreturn]] void fail(const Objective &objective, const Term &term, const std::string &what) {
  throw ObjectiveError(fmt::format("objective '{}': {}", objective.text, what), term.at, term.length);
}

void check_positions(const Objective &objective, const Term &term, const std::string &name, const Shape &shape) {
  const Positions &at = term.positions;
  if (at.kind != Positions::Kind::rectangle)
    return;
  const auto inside = [](int first, int length, int all) { return first < all && length <= all - first; };
  if (inside(at.x, at.width, shape.w) && inside(at.y, at.height, shape.h))
    return;
  if (at.width > 1 || at.height > 1)
    fail(objective, term,
         fmt::format("at this image size the map of {} is {}x{}, which does not hold a rectangle of {}x{} from {},{}",
                     name, shape.w, shape.h, at.width, at.height, at.x, at.y));
  fail(objective, term,
       fmt::format("at this image size the map of {} is {}x{}, so x is 0 to {} and y 0 to {}", name, shape.w, shape.h,
                   shape.w - 1, shape.h - 1));
}

void check_vector(const Objective &objective, const Term &term, const std::string &name, const Shape &shape) {
  const auto refuse = [&](const std::string &what) { fail(objective, term, fmt::format("{} {}", term.file, what)); };
  if (static_cast<int>(term.vector.size()) != shape.c)
    refuse(fmt::format("has {} numbers, where {} has {} channels", term.vector.size(), name, shape.c));
  if (!std::all_of(term.vector.begin(), term.vector.end(), [](float v) { return std::isfinite(v); }))
    refuse("holds a number that is not finite");
  if (std::all_of(term.vector.begin(), term.vector.end(), [](float v) { return v == 0; }))
    refuse("is zero everywhere, which is no direction");
}

std::vector<NodeId> layers_where(const Objective &objective, bool (*wanted)(const Needs &)) {
  std::vector<NodeId> layers;
  for (const Term &term : objective.terms)
    if (term.layer >= 0 && wanted(form_of(term.kind).needs) && (layers.empty() || layers.back() != term.layer))
      layers.push_back(term.layer);
  return layers;
}

} // namespace

Needs Objective::needs() const {
  Needs all;
  for (const Term &term : terms) {
    const Needs &needs = form_of(term.kind).needs;
    all = {all.photo || needs.photo, all.style || needs.style, all.company || needs.company};
  }
  return all;
}

void check_objective(const Objective &objective, const Graph &graph, const std::vector<Shape> &shapes) {
  for (const Term &term : objective.terms) {
    if (term.layer < 0)
      continue;
    const std::string &name = graph.nodes[static_cast<std::size_t>(term.layer)].name;
    const Shape &shape = shapes.at(static_cast<std::size_t>(term.layer));
    if (term.channel >= shape.c)
      fail(objective, term, fmt::format("{} has channels 0 to {}", name, shape.c - 1));
    check_positions(objective, term, name, shape);
    if (form_of(term.kind).vector)
      check_vector(objective, term, name, shape);
  }
}

Objective same_objective(Objective objective, const Graph &from, const Graph &to) {
  for (Term &term : objective.terms)
    if (term.layer >= 0)
      term.layer = same_node(from, term.layer, to);
  sort_by_layer(objective);
  return objective;
}

Objective at_size(Objective objective, const std::vector<Shape> &from, const std::vector<Shape> &to) {
  const auto moved = [](int x, int old_length, int length) { // the position that holds the other's middle
    return static_cast<int>((2 * std::int64_t{x} + 1) * length / (2 * std::int64_t{old_length}));
  };
  for (Term &term : objective.terms) {
    if (term.layer < 0 || term.positions.kind != Positions::Kind::rectangle)
      continue;
    const Shape &old_map = from.at(static_cast<std::size_t>(term.layer)),
                &map = to.at(static_cast<std::size_t>(term.layer));
    Positions &at = term.positions;
    const int right = moved(at.x + at.width - 1, old_map.w, map.w),
              bottom = moved(at.y + at.height - 1, old_map.h, map.h);
    at.x = moved(at.x, old_map.w, map.w);
    at.y = moved(at.y, old_map.h, map.h);
    at.width = right - at.x + 1;
    at.height = bottom - at.y + 1;
  }
  return objective;
}

std::vector<NodeId> layers_of(const Objective &objective) {
  return layers_where(objective, [](const Needs &) { return true; });
}
std::vector<NodeId> photo_layers_of(const Objective &objective) {
  return layers_where(objective, [](const Needs &needs) { return needs.photo; });
}
std::vector<NodeId> style_layers_of(const Objective &objective) {
  return layers_where(objective, [](const Needs &needs) { return needs.style; });
}

std::vector<Objective> with_variants(const std::vector<Objective> &objectives, int variants) {
  std::vector<Objective> all;
  for (const Objective &objective : objectives) {
    if (variants < 2 && objective.needs().company)
      throw UserError(fmt::format("objective '{}': it is between the images of an objective, of which there is one: "
                                  "--variants 4 makes four",
                                  objective.text));
    for (int variant = 0; variant < variants; ++variant) {
      all.push_back(objective);
      all.back().variant = variant;
      if (variant > 0)
        all.back().canonical += fmt::format(" #{}", variant);
    }
  }
  return all;
}

std::vector<std::vector<std::size_t>> group_into_batches(const std::vector<Objective> &objectives) {
  using Pattern = std::vector<std::pair<NodeId, TermKind>>;
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::pair<Pattern, int>, std::size_t> group_of;
  int companies = 0;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    Pattern pattern;
    for (const Term &term : objectives[i].terms)
      pattern.emplace_back(term.layer, term.kind == TermKind::mean_square ? TermKind::channel : term.kind);
    const bool company = objectives[i].needs().company;
    companies += company && objectives[i].variant == 0 ? 1 : 0;
    const auto [found, added] = group_of.try_emplace({std::move(pattern), company ? companies : 0}, groups.size());
    if (added)
      groups.emplace_back();
    groups[found->second].push_back(i);
  }
  return groups;
}

} // namespace convscope
