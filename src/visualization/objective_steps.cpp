#include "visualization/objective_steps.h"

#include <stdexcept>

#include "visualization/groups.h"

namespace convscope {

namespace {

gpu::ObjectiveTerm device_term(const Term &term, const Shape &shape) {
  gpu::ObjectiveTerm result{gpu::TERM_CHANNEL_MEAN, term.channel, 0, static_cast<float>(term.weight)};
  if (term.kind == Term::Kind::unit) {
    result.kind = gpu::TERM_UNIT;
    result.pixel = term.centre ? shape.h / 2 * shape.w + shape.w / 2 : term.y * shape.w + term.x;
  } else if (term.kind == Term::Kind::mean_square) {
    result.kind = gpu::TERM_MEAN_SQUARE;
    result.weight = static_cast<float>(term.weight / double(shape.elements()));
  } else {
    result.weight = static_cast<float>(term.weight / (double(shape.h) * shape.w));
  }
  return result;
}

} // namespace

ObjectiveSteps::ObjectiveSteps(Plan &plan, const std::vector<Objective> &objectives, const std::vector<Shape> &shapes)
    : plan_(plan), batch_(static_cast<int>(objectives.size())), terms_(static_cast<int>(objectives.at(0).terms.size())),
      layers_(layers_of(objectives[0])) {
  const std::vector<Term> &pattern = objectives[0].terms;
  for (int t = 0; t < terms_; ++t)
    if (t == 0 || pattern[std::size_t(t)].layer != pattern[std::size_t(t) - 1].layer)
      first_.push_back(t);
  first_.push_back(terms_);
  for (const NodeId layer : layers_)
    shapes_.push_back(shapes.at(static_cast<std::size_t>(layer)));
  for (const Objective &objective : objectives)
    for (std::size_t t = 0; t < pattern.size(); ++t) {
      if (objective.terms.size() != pattern.size() || objective.terms[t].layer != pattern[t].layer)
        throw std::logic_error("objectives of different layers are no batch");
      table_.push_back(device_term(objective.terms[t], shapes.at(static_cast<std::size_t>(pattern[t].layer))));
    }
  table_tensor_ = plan.persistent("objective terms", table_.size() * sizeof(gpu::ObjectiveTerm));
  partials_ = plan.transient("objective values", std::size_t(batch_) * std::size_t(parts()) * sizeof(float));
}

void ObjectiveSteps::write_terms() { plan_.write(table_tensor_, std::as_bytes(std::span(table_))); }

gpu::ObjectiveParams ObjectiveSteps::params(std::size_t layer) const {
  const Shape &shape = shapes_[layer];
  return {shape.c, shape.h * shape.w, terms_, first_[layer], first_[layer + 1] - first_[layer]};
}

void ObjectiveSteps::append_values(const Network &network) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const gpu::ObjectiveParams p = params(i);
    // The first layer's kernel gives the whole tensor its life; the others fill in their own terms' parts.
    plan_.dispatch(
        "objective", plan_.programs().get("objective_value"),
        {std::uint32_t(gpu::OBJECTIVE_PARTS), std::uint32_t(p.count), std::uint32_t(batch_)}, p,
        {reads(network.output(layers_[i])), reads(table_tensor_), i == 0 ? writes(partials_) : updates(partials_)});
  }
}

std::vector<Network::Seed> ObjectiveSteps::seeds(const Network &network) {
  std::vector<Network::Seed> result;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    result.emplace_back(layers_[i], [this, i, output = network.output(layers_[i])](const GradientTarget &target) {
      const gpu::ObjectiveParams p = params(i);
      plan_.dispatch("objective gradient", plan_.programs().get("objective_gradient", {target.epilogue()}),
                     image_groups(std::int64_t{p.channels} * p.pixels, batch_), p,
                     {reads(output), reads(table_tensor_),
                      target.accumulate ? updates(target.tensor) : writes(target.tensor),
                      reads(target.mask_or(table_tensor_))});
    });
  return result;
}

} // namespace convscope
