#include "visualization/objective_steps.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "visualization/terms/forms.h"

namespace convscope {

namespace {

// Whether both are done by one member, in one run: of one layer, by the same steps for any number of terms.
bool go_together(const Term &a, const Term &b) {
  return a.layer == b.layer && form_of(a.kind).make == &channel_steps && form_of(b.kind).make == &channel_steps;
}

} // namespace

ObjectiveSteps::ObjectiveSteps(Plan &plan, std::vector<Objective> objectives, const std::vector<Shape> &shapes,
                               const Shape &image)
    : plan_(plan), objectives_(std::move(objectives)), terms_(static_cast<int>(objectives_.at(0).terms.size())),
      layers_(layers_of(objectives_[0])) {
  const std::vector<Term> &pattern = objectives_[0].terms;
  for (const Objective &objective : objectives_)
    for (std::size_t t = 0; t < pattern.size(); ++t)
      if (objective.terms.size() != pattern.size() || objective.terms[t].layer != pattern[t].layer ||
          form_of(objective.terms[t].kind).make != form_of(pattern[t].kind).make)
        throw std::logic_error("objectives of different layers are no batch");
  for (int first = 0; first < terms_;) {
    const Term &term = pattern[std::size_t(first)];
    TermRun run;
    run.batch = static_cast<int>(objectives_.size());
    run.first = first;
    run.all = terms_;
    run.shape = term.layer < 0 ? image : shapes.at(static_cast<std::size_t>(term.layer));
    while (first + run.count < terms_ && go_together(term, pattern[std::size_t(first + run.count)]))
      ++run.count;
    for (const Objective &objective : objectives_)
      for (int t = first; t < first + run.count; ++t)
        run.members.push_back(&objective.terms[std::size_t(t)]);
    first += run.count;
    runs_.push_back({term.layer, form_of(term.kind).make(plan, run), {}});
  }
  partials_ = plan.transient("objective values", objectives_.size() * std::size_t(parts()) * sizeof(float));
}

bool ObjectiveSteps::of_image() const {
  return std::any_of(runs_.begin(), runs_.end(), [](const Run &run) { return run.layer < 0; });
}

void ObjectiveSteps::append_values(const Sources &sources) {
  const auto output = [](const Network *network, const std::vector<NodeId> &layers, NodeId layer) {
    return std::binary_search(layers.begin(), layers.end(), layer) ? network->output(layer) : TensorId::none;
  };
  const std::vector<NodeId> photo = photo_layers_of(objectives_[0]), style = style_layers_of(objectives_[0]);
  // The first kernel gives the whole tensor its life; the others fill in their own terms' parts.
  for (Run &run : runs_) {
    if (run.layer < 0)
      run.inputs.own = sources.image;
    else
      run.inputs = {sources.own->output(run.layer), output(sources.photo, photo, run.layer),
                    output(sources.style, style, run.layer)};
    run.steps->append_value(run.inputs, &run == runs_.data() ? writes(partials_) : updates(partials_));
  }
}

std::vector<Network::Seed> ObjectiveSteps::seeds() {
  std::vector<Network::Seed> result;
  for (Run &run : runs_)
    if (run.layer >= 0)
      result.emplace_back(run.layer,
                          [&run](const GradientTarget &target) { run.steps->append_gradient(run.inputs, target); });
  return result;
}

void ObjectiveSteps::append_image_gradient(TensorId to) {
  bool accumulate = false;
  for (Run &run : runs_)
    if (run.layer < 0)
      run.steps->append_gradient(run.inputs, {to, std::exchange(accumulate, true), TensorId::none});
}

void ObjectiveSteps::write_terms() {
  for (Run &run : runs_)
    run.steps->write();
}

} // namespace convscope
