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

// Of each image as often as it is seen: the mean of the views is a sum of terms that weigh less. Channels are counted
// from the first that the narrowed net has.
std::vector<Objective> ObjectiveSteps::of_views(const std::vector<Objective> &objectives) const {
  std::vector<Objective> all;
  for (Objective objective : objectives) {
    for (Term &term : objective.terms)
      if (term.layer >= 0)
        term.weight /= views_;
    for (std::size_t t = 0; t < first_channels_.size(); ++t)
      objective.terms.at(t).channel -= first_channels_[t];
    all.insert(all.end(), static_cast<std::size_t>(views_), objective);
  }
  return all;
}

ObjectiveSteps::ObjectiveSteps(Plan &plan, const std::vector<Objective> &objectives, const std::vector<Shape> &shapes,
                               const Shape &image, int views, std::vector<int> first_channels)
    : plan_(plan), views_(views), first_channels_(std::move(first_channels)), objectives_(of_views(objectives)),
      terms_(static_cast<int>(objectives_.at(0).terms.size())), layers_(layers_of(objectives_[0])) {
  const std::vector<Term> &pattern = objectives_[0].terms;
  for (const Objective &objective : objectives_)
    for (std::size_t t = 0; t < pattern.size(); ++t)
      if (objective.terms.size() != pattern.size() || objective.terms[t].layer != pattern[t].layer ||
          form_of(objective.terms[t].kind).make != form_of(pattern[t].kind).make)
        throw std::logic_error("objectives of different layers are no batch");
  for (int first = 0; first < terms_;) {
    const Term &term = pattern[std::size_t(first)];
    TermRun run;
    const bool whole = term.layer < 0; // the image, not a view of it: in the place of its first view's
    const int each = whole ? views : 1;
    run.batch = static_cast<int>(objectives_.size()) / each;
    run.first = first;
    run.all = terms_ * each;
    run.shape = whole ? image : shapes.at(static_cast<std::size_t>(term.layer));
    while (first + run.count < terms_ && go_together(term, pattern[std::size_t(first) + std::size_t(run.count)]))
      ++run.count;
    for (std::size_t i = 0; i < objectives_.size(); i += static_cast<std::size_t>(each))
      for (int t = first; t < first + run.count; ++t)
        run.members.push_back(&objectives_[i].terms[std::size_t(t)]);
    first += run.count;
    runs_.push_back({term.layer, form_of(term.kind).make(plan, run), {}});
  }
  partials_ = plan.transient("objective values", objectives.size() * std::size_t(parts()) * sizeof(float));
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
  const bool holes = views_ > 1 && of_image();
  if (holes)
    plan_.fill(partials_, 0);
  for (Run &run : runs_) {
    if (run.layer < 0)
      run.inputs.own = sources.image;
    else
      run.inputs = {sources.own->output(run.layer), output(sources.photo, photo, run.layer),
                    output(sources.style, style, run.layer)};
    run.steps->append_value(run.inputs, &run == runs_.data() && !holes ? writes(partials_) : updates(partials_));
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

void ObjectiveSteps::write_terms(const std::vector<Objective> &objectives) {
  const std::vector<Objective> next = of_views(objectives);
  for (std::size_t i = 0; i < objectives_.size(); ++i)
    std::copy(next.at(i).terms.begin(), next[i].terms.end(), objectives_[i].terms.begin()); // the runs point to them
  write_terms();
}

} // namespace convscope
