#include "importer/keras/applications.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

namespace convscope::keras {

namespace {

enum class Preparation { torch, tf, caffe, none };

struct Application {
  std::string_view name; // how its models' names begin, in small letters and digits
  Preparation preparation;
  int size;
};

// A longer name comes before one that it begins with.
constexpr std::array applications{Application{"vgg16", Preparation::caffe, 224},
                                  Application{"vgg19", Preparation::caffe, 224},
                                  Application{"resnet50v2", Preparation::tf, 224},
                                  Application{"resnet101v2", Preparation::tf, 224},
                                  Application{"resnet152v2", Preparation::tf, 224},
                                  Application{"resnet50", Preparation::caffe, 224},
                                  Application{"resnet101", Preparation::caffe, 224},
                                  Application{"resnet152", Preparation::caffe, 224},
                                  Application{"inceptionresnetv2", Preparation::tf, 299},
                                  Application{"inceptionv3", Preparation::tf, 299},
                                  Application{"xception", Preparation::tf, 299},
                                  Application{"mobilenetv3", Preparation::none, 224},
                                  Application{"mobilenet", Preparation::tf, 224},
                                  Application{"densenet", Preparation::torch, 224},
                                  Application{"nasnetlarge", Preparation::tf, 331},
                                  Application{"nasnet", Preparation::tf, 224},
                                  Application{"efficientnetv2b1", Preparation::none, 240},
                                  Application{"efficientnetv2b2", Preparation::none, 260},
                                  Application{"efficientnetv2b3", Preparation::none, 300},
                                  Application{"efficientnetv2s", Preparation::none, 384},
                                  Application{"efficientnetv2m", Preparation::none, 480},
                                  Application{"efficientnetv2l", Preparation::none, 480},
                                  Application{"efficientnetb1", Preparation::none, 240},
                                  Application{"efficientnetb2", Preparation::none, 260},
                                  Application{"efficientnetb3", Preparation::none, 300},
                                  Application{"efficientnetb4", Preparation::none, 380},
                                  Application{"efficientnetb5", Preparation::none, 456},
                                  Application{"efficientnetb6", Preparation::none, 528},
                                  Application{"efficientnetb7", Preparation::none, 600},
                                  Application{"efficientnet", Preparation::none, 224},
                                  Application{"convnext", Preparation::none, 224}};

const Application *named(const std::string &model) {
  std::string plain;
  for (const unsigned char c : model)
    if (std::isalnum(c))
      plain += static_cast<char>(std::tolower(c));
  const auto found = std::find_if(applications.begin(), applications.end(),
                                  [&](const Application &known) { return plain.starts_with(known.name); });
  return found == applications.end() ? nullptr : &*found;
}

// By the model's name, or by that of a model in it: a base with another head.
const Application *find(const ModelConfig &model) {
  if (const Application *own = named(model.name))
    return own;
  for (const LayerConfig &layer : model.layers)
    if (layer.model)
      if (const Application *inner = find(*layer.model))
        return inner;
  return nullptr;
}

bool scales_input(const Node &node) {
  return node.kind == "Rescaling" || node.kind == "Normalization" || node.kind == "TFOpLambda" ||
         std::holds_alternative<Binary>(node.op) || std::holds_alternative<Unary>(node.op);
}

Preprocessing scaled(const char *name, float factor) { return {{0, 1, 2}, {factor, factor, factor}, {}, name}; }

} // namespace

int application_size(const ModelConfig &model) {
  const Application *known = find(model);
  return known ? known->size : 224;
}

Preprocessing preprocessing_of(const ModelConfig &model, const Graph &graph) {
  // The first layers, up to one that has learned something.
  for (const Node &node : graph.nodes) {
    if (std::holds_alternative<Conv>(node.op) || std::holds_alternative<Dense>(node.op))
      break;
    if (!scales_input(node))
      continue;
    const auto *op = std::get_if<ScaleShift>(&node.op);
    // Statistics of numbers from 0 to 1: the mean, -shift / scale, tells.
    if (node.kind == "Normalization" && op &&
        std::all_of(op->scale.begin(), op->scale.end(), [](double scale) { return scale > 0.5; }))
      return scaled("raw", 1);
    return scaled("raw255", 255);
  }
  const Application *known = find(model);
  if (!known)
    return scaled("raw", 1);
  switch (known->preparation) {
  case Preparation::none: return scaled("raw255", 255);
  case Preparation::tf: return {{0, 1, 2}, {2, 2, 2}, {-1, -1, -1}, "tf"};
  case Preparation::caffe:
    return {{2, 1, 0}, {255, 255, 255}, {-103.939F, -116.779F, -123.68F}, "caffe"};
  case Preparation::torch: break;
  }
  return {{0, 1, 2},
          {1 / 0.229F, 1 / 0.224F, 1 / 0.225F},
          {-0.485F / 0.229F, -0.456F / 0.224F, -0.406F / 0.225F},
          "torch"};
}

} // namespace convscope::keras
