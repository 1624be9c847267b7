#include "viewer/aim.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "session/input_size.h"
#include "visualization/terms/forms.h"

namespace convscope::viewer {

namespace {

// The text stands above it already.
std::string without_its_text(std::string problem) {
  const std::size_t end = problem.starts_with("objective '") ? problem.find("': ") : std::string::npos;
  return end == std::string::npos ? problem : problem.substr(end + 3);
}

// What it compares with must be there.
void check_pictures(const Objective &objective, bool has_photo, bool has_style) {
  for (const Term &term : objective.terms) {
    const TermForm &form = form_of(term.kind);
    if (form.needs.photo && !has_photo)
      throw ObjectiveError(fmt::format("{} compares with a photo: open one (O) or drop it here", form.name), term.at,
                           term.length);
    if (form.needs.style && !has_style)
      throw ObjectiveError(
          fmt::format("{} compares with a picture's style: open it by File, Open style picture", form.name), term.at,
          term.length);
  }
}

// The term that its author wrote first, of those of a layer.
const Term *first_term(const Objective &objective, const Graph &graph) {
  const Term *first = nullptr;
  for (const Term &term : objective.terms)
    if (term.layer >= 0 && graph.nodes[static_cast<std::size_t>(term.layer)].layer && (!first || term.at < first->at))
      first = &term;
  return first;
}

} // namespace

std::string objective_text(const Unit &unit) {
  if (unit.channel < 0)
    return unit.layer;
  const std::string text = fmt::format("{}:{}", unit.layer, unit.channel);
  return unit.x >= 0 && unit.y >= 0 ? fmt::format("{}@{},{}", text, unit.x, unit.y) : text;
}

std::string objective_text(const Aim &aim, const Unit &unit) {
  std::string text = objective_text(unit);
  switch (aim.kind) {
  case Aim::Kind::faces:
    return fmt::format("{} - {:.4g}*diversity({})", text, aim.difference, unit.layer);
  case Aim::Kind::caricature:
    return fmt::format("caricature({})", unit.layer);
  case Aim::Kind::accentuation:
    return fmt::format("{} + {:.4g}*stay({})", text, aim.leash, unit.layer);
  case Aim::Kind::typed:
  case Aim::Kind::path:
    return aim.typed;
  case Aim::Kind::unit:
    break;
  }
  return text;
}

Reading reading_of(const Session &session, const std::string &text, const Controls &controls, Size photo,
                   bool has_style) {
  Reading reading;
  reading.text = text;
  try {
    const Graph &graph = session.graph();
    const Objective objective = session.objective(text);
    check_pictures(objective, photo.given(), has_style);
    const Size image = image_size_for(session.model(), objective, controls.recipe, controls.size, photo);
    const Size input = input_size_for(session.model(), layers_of(objective), controls.recipe, image);
    check_objective(session.model(), objective, controls.recipe, image, input);
    reading.company = objective.needs().company;
    reading.unit = {"", -1};
    const Term *const term = first_term(objective, graph);
    if (!term)
      return reading;
    reading.unit = {graph.nodes[static_cast<std::size_t>(term->layer)].name, term->channel};
    if (is_unit(*term) && term->positions.kind == Positions::Kind::rectangle) {
      reading.unit.x = term->positions.x;
      reading.unit.y = term->positions.y;
    }
    reading.plain = objective.terms.size() == 1 && term->kind == TermKind::channel && term->weight == 1 &&
                    (term->positions.kind == Positions::Kind::all || reading.unit.x >= 0);
  } catch (const ObjectiveError &error) {
    reading.problem = without_its_text(error.what());
    reading.at = error.at;
    reading.length = error.length;
  } catch (const UserError &error) {
    reading.problem = without_its_text(error.what());
  }
  return reading;
}

} // namespace convscope::viewer
