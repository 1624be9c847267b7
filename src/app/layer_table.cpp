#include "app/layer_table.h"

#include <fmt/format.h>

#include "base/text.h"

namespace convscope {

namespace {

std::string parameters_text(std::int64_t parameters) { return parameters > 0 ? grouped(parameters) : ""; }

Row head_of(const LayerLine &line, const std::vector<LayerFacts> &layers, bool folded) {
  const LayerGroup &group = *line.group;
  const std::string count = line.found < group.count ? fmt::format("{} of {} layers", line.found, group.count)
                                                     : fmt::format("{} layers", group.count);
  std::int64_t parameters = 0;
  for (auto layer = layers.begin() + group.first; layer != layers.begin() + group.end(); ++layer)
    parameters += layer->parameters;
  return {shell_text(group.name), count, folded ? layers[static_cast<std::size_t>(group.end() - 1)].output : "",
          folded ? parameters_text(parameters) : "", ""};
}

Row row_of(const LayerFacts &layer) {
  return {shell_text(layer.name), layer.op, layer.output, parameters_text(layer.parameters), layer.objective};
}

} // namespace

std::string grouped(std::int64_t number) {
  if (number < 1000)
    return std::to_string(number);
  return fmt::format("{},{:03}", grouped(number / 1000), number % 1000);
}

std::vector<Row> layer_rows(const std::vector<LayerFacts> &layers, const LayerGroup &groups, bool folded) {
  std::vector<bool> found;
  for (const LayerFacts &layer : layers)
    found.push_back(layer.found);
  const LayerGroup none{"", 0, groups.count, {}};
  std::vector<Row> rows;
  for (const LayerLine &line : layer_lines(folded || groups.count > layers_at_a_glance ? groups : none, found,
                                           [folded](const LayerGroup &) { return !folded; })) {
    rows.push_back(line.group ? head_of(line, layers, folded) : row_of(layers[static_cast<std::size_t>(line.layer)]));
    rows.back().front().insert(0, 2 * static_cast<std::size_t>(line.depth), ' ');
  }
  return rows;
}

} // namespace convscope
