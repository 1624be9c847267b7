#include "importer/keras/applications.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "importer/preprocessing.h"

namespace convscope::keras {

namespace {

struct Size {
  std::string_view name; // how its models' names begin, in small letters and digits
  int side;
};
constexpr Size sizes[] = {
    {"inception", 299},        {"xception", 299},         {"nasnetlarge", 331},     {"efficientnetv2b1", 240},
    {"efficientnetv2b2", 260}, {"efficientnetv2b3", 300}, {"efficientnetv2s", 384}, {"efficientnetv2m", 480},
    {"efficientnetv2l", 480},  {"efficientnetb1", 240},   {"efficientnetb2", 260},  {"efficientnetb3", 300},
    {"efficientnetb4", 380},   {"efficientnetb5", 456},   {"efficientnetb6", 528},  {"efficientnetb7", 600}};

const std::string *find(const ModelConfig &model) {
  if (!keras_preprocessing(model.name).empty())
    return &model.name;
  for (const LayerConfig &layer : model.layers)
    if (layer.model)
      if (const std::string *inner = find(*layer.model))
        return inner;
  return nullptr;
}

bool scales_input(const Node &node) {
  return node.kind == "Rescaling" || node.kind == "Normalization" || std::holds_alternative<Binary>(node.op) ||
         std::holds_alternative<Unary>(node.op);
}

} // namespace

std::string telling_name(const ModelConfig &model) {
  const std::string *found = find(model);
  return found ? *found : model.name;
}

int application_size(const std::string &name) {
  std::string plain;
  for (const unsigned char c : name)
    if (std::isalnum(c) != 0)
      plain += static_cast<char>(std::tolower(c));
  for (const Size &size : sizes)
    if (plain.starts_with(size.name))
      return size.side;
  return 224;
}

Preprocessing own_preprocessing(const Graph &graph) {
  // The first layers, up to one that has learned something.
  for (const Node &node : graph.nodes) {
    if (node.parameters > 0 && node.kind != "Normalization")
      break;
    if (!scales_input(node))
      continue;
    // Statistics of numbers from 0 to 1 have small deviations.
    const auto *op = std::get_if<ScaleShift>(&node.op);
    const bool small = node.kind == "Normalization" && op &&
                       std::all_of(op->scale.begin(), op->scale.end(), [](double scale) { return scale > 0.5; });
    return *named_preprocessing(small ? "raw01" : "raw255");
  }
  return {};
}

} // namespace convscope::keras
