#include <numeric>

#include "computations.h"
#include "doctor/noise.h"
#include "doctor/objective_cases.h"
#include "doctor/step_cases.h"
#include "optimizing/expected.h"
#include "reference/network.h"
#include "reference/terms.h"

namespace convscope::doctor {

namespace {

using reference::Tensor;

Tensor pictures(std::uint64_t seed) {
  constexpr int n = ObjectiveCase::images, h = ObjectiveCase::height, w = ObjectiveCase::width;
  return reference::from_floats(noise(std::size_t{n * 3 * h * w}, seed), n, 3, h, w);
}

template <typename Function> void for_each_element(const Tensor &of, const Preprocessing &by, Function function) {
  for (int n = 0; n < of.n; ++n)
    for (int c = 0; c < of.c; ++c)
      for (int y = 0; y < of.h; ++y)
        for (int x = 0; x < of.w; ++x)
          function(of.index(n, c, y, x), of.index(n, by.source[std::size_t(c)], y, x), std::size_t(c));
}

// The pictures that inputs were preprocessed from, and the gradient with respect to the inputs of that with respect to
// those.
Tensor unprocessed(const Tensor &input, const Preprocessing &by) {
  Tensor picture = input;
  for_each_element(input, by, [&](std::size_t of_net, std::size_t of_picture, std::size_t c) {
    picture.data[of_picture] = (input.data[of_net] - double(by.shift[c])) / by.scale[c];
  });
  return picture;
}
Tensor unprocessed_adjoint(const Tensor &gradient, const Preprocessing &by) {
  Tensor result = gradient;
  for_each_element(gradient, by, [&](std::size_t of_net, std::size_t of_picture, std::size_t c) {
    result.data[of_net] = gradient.data[of_picture] / by.scale[c];
  });
  return result;
}

// Of a term of a layer or of pictures, without its weight.
double value_of(const Term &term, const Tensor &own, const Tensor &photo, const Tensor &style, const Tensor &blurred) {
  const Positions &p = term.positions;
  const reference::Positions at = p.kind == Positions::Kind::all ? reference::Positions{0, 0, own.w, own.h}
                                  : p.kind == Positions::Kind::centre
                                      ? reference::Positions{own.w / 2, own.h / 2, 1, 1}
                                      : reference::Positions{p.x, p.y, p.width, p.height};
  switch (term.kind) {
  case TermKind::channel:
    return reference::rectangle_mean(own, term.channel, at);
  case TermKind::mean_square:
    return reference::dot(own, own) / (double(own.c) * own.h * own.w);
  case TermKind::direction:
    return reference::direction(own, {term.vector.begin(), term.vector.end()}, term.number, at);
  case TermKind::caricature:
    return reference::caricature(own, photo, term.number);
  case TermKind::match:
    return reference::match(own, photo);
  case TermKind::stay:
    return reference::stay(own, photo);
  case TermKind::style:
    return reference::style(own, style);
  case TermKind::diversity:
    return reference::diversity(own);
  case TermKind::alignment:
    return reference::alignment(own);
  case TermKind::tv:
    return reference::total_variation(own);
  case TermKind::l1:
    return reference::l1(own, term.number);
  case TermKind::l2:
    return reference::l2(own, term.number);
  case TermKind::blur:
    return reference::blur_distance(own, blurred);
  }
  return 0;
}

void add_objective(const ObjectiveCase &of, std::vector<Computation> &all) {
  const Graph graph = small_net();
  const Tensor input = pictures(ObjectiveCase::input_seed), photo = pictures(ObjectiveCase::photo_seed),
               style = pictures(ObjectiveCase::style_seed);
  const std::vector<Tensor> outputs = reference::forward(graph, input), of_photo = reference::forward(graph, photo),
                            of_style = reference::forward(graph, style);
  double value = 0;
  Tensor gradient(input.n, input.c, input.h, input.w);
  for (const Term &term : of.objective().terms) {
    const auto layer = std::size_t(term.layer);
    const bool of_image = term.layer < 0;
    const Tensor own = of_image ? unprocessed(input, graph.preprocessing) : outputs.at(layer);
    const Tensor blurred = of_image ? reference::blur(own) : Tensor();
    const auto judge = [&](const Tensor &a) {
      return of_image ? value_of(term, a, a, a, blurred) : value_of(term, a, of_photo.at(layer), of_style.at(layer), a);
    };
    value += term.weight * judge(own);
    const Tensor above = reference::difference_gradient(judge, own);
    const Tensor part = of_image ? unprocessed_adjoint(above, graph.preprocessing)
                                 : reference::backward(graph, outputs, term.layer, above).at(0);
    for (std::size_t i = 0; i < part.data.size(); ++i)
      gradient.data[i] += term.weight * part.data[i];
  }
  all.push_back({of.key("value"), Tensor(1, 1, 1, 1, value)});
  all.push_back({of.key("gradient"), gradient});
}

} // namespace

std::vector<Computation> objective_computations() {
  std::vector<Computation> all;
  for (const ObjectiveCase &of : objective_cases())
    add_objective(of, all);
  return all;
}

} // namespace convscope::doctor
