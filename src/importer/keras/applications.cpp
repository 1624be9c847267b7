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

} // namespace convscope::keras
