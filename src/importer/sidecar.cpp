#include "importer/sidecar.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/preprocessing.h"

namespace convscope {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int largest_side = 4096;

class SidecarReader {
public:
  SidecarReader(const json &root, std::string file) : root_(root), file_(std::move(file)) {}

  [[noreturn]] void fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", file_, what)); }

  void check_keys() const {
    const std::vector<std::string> keys{"preprocess", "mean", "std", "range", "order", "size", "labels"};
    for (const auto &[key, value] : root_.items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        const std::string hint = did_you_mean(key, keys);
        fail(fmt::format("no key '{}'{}", key,
                         hint.empty() ? fmt::format("; there are {}", fmt::join(keys, ", ")) : hint));
      }
  }

  bool has(const char *key) const { return root_.contains(key); }

  std::string text(const char *key) const {
    if (!root_[key].is_string() || root_[key].get<std::string>().empty())
      fail(fmt::format("'{}' must be a text", key));
    return root_[key].get<std::string>();
  }

  std::vector<double> numbers(const char *key) const {
    const json &value = root_[key];
    if (value.is_number())
      return {value.get<double>()};
    if (!value.is_array() || value.empty() ||
        !std::all_of(value.begin(), value.end(), [](const json &item) { return item.is_number(); }))
      fail(fmt::format("'{}' must be a number, or one for each channel", key));
    return value.get<std::vector<double>>();
  }

  // A number, or height and width.
  Size size() const {
    const json &value = root_["size"];
    const auto side = [&](const json &number) {
      if (!number.is_number_integer() || number.get<double>() < 1 || number.get<double>() > largest_side)
        fail(fmt::format("'size' must be a whole number from 1 to {}, or two: [height, width]", largest_side));
      return number.get<int>();
    };
    if (value.is_array() && value.size() == 2)
      return {side(value[1]), side(value[0])};
    return square(side(value));
  }

  std::optional<Preprocessing> preprocessing() const {
    const bool own = has("mean") || has("std") || has("range") || has("order");
    if (has("preprocess")) {
      if (own)
        fail("'preprocess' takes the place of mean, std, range and order");
      auto known = named_preprocessing(text("preprocess"));
      if (!known)
        unknown_preprocessing(text("preprocess"), file_);
      return known;
    }
    if (!own)
      return std::nullopt;
    Normalization n;
    if (has("mean"))
      n.mean = numbers("mean");
    if (has("std"))
      n.std = numbers("std");
    if (has("range")) {
      const std::vector<double> range = numbers("range");
      if (range.size() != 2)
        fail("'range' must be 2 numbers");
      n.low = range[0];
      n.high = range[1];
    }
    if (has("order")) {
      const std::string order = text("order");
      if (order != "rgb" && order != "bgr")
        fail("'order' must be rgb or bgr");
      n.bgr = order == "bgr";
    }
    return to_preprocessing(n, "sidecar", file_);
  }

private:
  const json &root_;
  std::string file_;
};

} // namespace

fs::path sidecar_file(const fs::path &model) {
  constexpr const char *ending = ".convscope.json";
  for (const fs::path &stem : {model.filename(), model.stem()}) {
    fs::path file = model.parent_path() / stem;
    file += ending;
    std::error_code error;
    if (fs::exists(file, error))
      return file;
  }
  return {};
}

Sidecar read_sidecar(const fs::path &file) {
  const std::vector<std::uint8_t> bytes = read_file(file, 1 << 20);
  const json root = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!root.is_object())
    throw UserError(path_text(file) + ": is no JSON object");
  const SidecarReader reader(root, path_text(file));
  reader.check_keys();
  Sidecar sidecar;
  sidecar.preprocessing = reader.preprocessing();
  if (reader.has("size"))
    sidecar.size = reader.size();
  if (reader.has("labels")) {
    const std::string name = reader.text("labels");
    sidecar.labels = file.parent_path() / text_path(name);
  }
  return sidecar;
}

} // namespace convscope
