#include "importer/preprocessing.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"

namespace convscope {

namespace {

// Far above any pixel's value; what is beyond it would lose the picture in float32's rounding.
constexpr double largest = 1e6;
constexpr std::size_t most_channels = 1 << 16;

struct Named {
  std::string_view name;
  Normalization normalization;
};
// What torchvision and keras.applications call 'torch', 'tf' and 'caffe'; the rest is the picture as it is.
const Named named[] = {
    {"torch", {false, 0, 1, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}}},
    {"tf", {false, -1, 1, {0}, {1}}},
    {"caffe", {true, 0, 255, {103.939, 116.779, 123.68}, {1}}},
    {"raw01", {}},
    {"raw255", {false, 0, 255, {0}, {1}}},
};

using Lists = std::map<std::string, std::vector<std::string>>;

// "mean=1,2,3,std=4,5,6": what stands between one key and the next belongs to the first.
Lists parse_lists(const std::string &text, const std::string &subject) {
  Lists lists;
  std::vector<std::string> *list = nullptr;
  for (const std::string &piece : split(text, ',')) {
    const std::size_t equals = piece.find('=');
    const std::string key = piece.substr(0, equals);
    if (equals == std::string::npos) {
      if (!list)
        unknown_preprocessing(text, subject);
      list->push_back(piece);
      continue;
    }
    const std::vector<std::string> keys{"mean", "std", "range", "order"};
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      throw UserError(
          fmt::format("{}: no '{}'{}; there are mean, std, range and order", subject, key, did_you_mean(key, keys)));
    if (lists.contains(key))
      throw UserError(fmt::format("{}: '{}' is given twice", subject, key));
    list = &lists[key];
    list->push_back(piece.substr(equals + 1));
  }
  return lists;
}

std::vector<double> numbers(const std::vector<std::string> &list, const char *key, const std::string &subject) {
  std::vector<double> values;
  const bool range = std::string_view(key) == "range";
  bool fits = !range || list.size() == 2;
  for (const std::string &text : list) {
    const auto number = parse_number(text);
    fits = fits && number;
    values.push_back(number.value_or(0));
  }
  if (!fits)
    throw UserError(fmt::format("{}: {} needs {}", subject, key,
                                range ? "2 numbers, such as range=0,255"
                                      : "a number for each channel, such as mean=.485,.456,.406, or one for all"));
  return values;
}

} // namespace

Preprocessing to_preprocessing(const Normalization &n, const std::string &name, const std::string &subject) {
  if (!(std::abs(n.low) <= largest && std::abs(n.high) <= largest && n.low < n.high))
    throw UserError(fmt::format("{}: range must be two numbers, the smaller one first", subject));
  std::size_t channels = std::max(n.mean.size(), n.std.size());
  if (channels > most_channels || (n.mean.size() != 1 && n.mean.size() != channels) ||
      (n.std.size() != 1 && n.std.size() != channels))
    throw UserError(fmt::format("{}: mean has {} numbers and std {}", subject, n.mean.size(), n.std.size()));
  channels = channels == 1 ? 3 : channels;
  if (n.bgr && channels != 3)
    throw UserError(fmt::format("{}: only three channels have an order, not {}", subject, channels));
  Preprocessing result{{}, {}, {}, name};
  for (std::size_t i = 0; i < channels; ++i) {
    const double mean = n.mean[n.mean.size() == 1 ? 0 : i], std = n.std[n.std.size() == 1 ? 0 : i];
    if (!(std::abs(mean) <= largest))
      throw UserError(fmt::format("{}: mean {} is out of reach", subject, mean));
    if (!(std >= 1 / largest && std <= largest))
      throw UserError(fmt::format("{}: std {} must be positive, and neither tiny nor huge", subject, std));
    result.source.push_back(static_cast<int>(n.bgr ? 2 - i : i));
    result.scale.push_back(static_cast<float>((n.high - n.low) / std));
    result.shift.push_back(static_cast<float>((n.low - mean) / std));
  }
  return result;
}

const std::vector<std::string> &preprocessing_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named &each : named)
      all.emplace_back(each.name);
    return all;
  }();
  return names;
}

std::optional<Preprocessing> named_preprocessing(std::string_view name) {
  for (const Named &each : named)
    if (each.name == name)
      return to_preprocessing(each.normalization, std::string(name), std::string(name));
  return std::nullopt;
}

Preprocessing raw_preprocessing(int channels) { return of_channels({}, channels, "raw"); }

Preprocessing of_channels(Preprocessing p, int channels, const std::string &subject) {
  if (p.channels() == channels)
    return p;
  const auto differs = [](const std::vector<float> &values) {
    return std::any_of(values.begin(), values.end(), [&](float value) { return value != values[0]; });
  };
  std::vector<int> order(p.source.size());
  std::iota(order.begin(), order.end(), 0);
  if (p.source != order || differs(p.scale) || differs(p.shift))
    throw UserError(fmt::format("{}: '{}' prepares pictures of {} channels, and the net's input has {}", subject,
                                p.name, p.channels(), channels));
  const auto count = static_cast<std::size_t>(channels);
  p.scale.resize(count, p.scale.at(0));
  p.shift.resize(count, p.shift.at(0));
  p.source.resize(count);
  std::iota(p.source.begin(), p.source.end(), 0);
  return p;
}

void unknown_preprocessing(std::string_view name, const std::string &subject) {
  const std::string hint = did_you_mean(name, preprocessing_names());
  throw UserError(fmt::format(
      "{}: no preprocessing '{}'{}", subject, name,
      hint.empty() ? fmt::format("; there are {}, or mean=..,std=..", fmt::join(preprocessing_names(), ", ")) : hint));
}

Preprocessing parse_preprocessing(const std::string &text) {
  if (const auto known = named_preprocessing(text))
    return *known;
  const std::string subject = "--preprocess";
  Lists lists = parse_lists(text, subject);
  Normalization result;
  if (lists.contains("mean"))
    result.mean = numbers(lists["mean"], "mean", subject);
  if (lists.contains("std"))
    result.std = numbers(lists["std"], "std", subject);
  if (lists.contains("range")) {
    const auto range = numbers(lists["range"], "range", subject);
    result.low = range[0];
    result.high = range[1];
  }
  if (lists.contains("order")) {
    const std::vector<std::string> &order = lists["order"];
    if (order.size() != 1 || (order[0] != "rgb" && order[0] != "bgr"))
      throw UserError(fmt::format("{}: order must be rgb or bgr", subject));
    result.bgr = order[0] == "bgr";
  }
  return to_preprocessing(result, "own", subject);
}

std::string keras_preprocessing(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  // ResNet50V2 and its sisters: the number is between.
  if (const auto digits = plain.find_first_not_of("0123456789", 6); plain.starts_with("resnet") && digits > 6)
    if (digits != std::string::npos && plain.substr(digits, 2) == "v2")
      return "tf";
  // The first that fits, so that the longer of two comes first.
  constexpr std::pair<std::string_view, std::string_view> nets[] = {
      {"resnetrs", "raw255"},    {"resnet", "caffe"},        {"vgg", "caffe"},       {"densenet", "torch"},
      {"mobilenetv3", "raw255"}, {"mobilenet", "tf"},        {"inception", "tf"},    {"xception", "tf"},
      {"nasnet", "tf"},          {"efficientnet", "raw255"}, {"convnext", "raw255"}, {"regnet", "raw255"}};
  for (const auto &[prefix, way] : nets)
    if (plain.starts_with(prefix))
      return std::string(way);
  return "";
}

} // namespace convscope
