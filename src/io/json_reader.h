// Values out of JSON that may come from anywhere: each is checked before it is used.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace convscope {

// UserError that begins with `name`, of a file, where a value is missing, of another type or out of its range.
class JsonReader {
public:
  using Json = nlohmann::ordered_json;
  JsonReader(const Json &json, std::string name) : json_(json), name_(std::move(name)) {}

  [[noreturn]] void fail(const std::string &key) const {
    throw UserError(
        fmt::format("{}: its settings can't be used: '{}' is missing or not what this version writes", name_, key));
  }

  const Json &at(const std::string &key) const {
    if (!json_.is_object() || !json_.contains(key))
      fail(key);
    return json_[key];
  }
  bool has(const std::string &key) const { return json_.is_object() && json_.contains(key); }
  JsonReader object(const std::string &key) const { return {at(key), name_}; }

  std::string text(const std::string &key) const {
    if (!at(key).is_string())
      fail(key);
    return at(key).get<std::string>();
  }
  bool flag(const std::string &key) const {
    if (!at(key).is_boolean())
      fail(key);
    return at(key).get<bool>();
  }
  double number(const std::string &key, double low, double high) const {
    if (!at(key).is_number())
      fail(key);
    const double value = at(key).get<double>();
    if (!(value >= low && value <= high))
      fail(key);
    return value;
  }
  int integer(const std::string &key, int low, int high) const {
    if (!at(key).is_number_integer())
      fail(key);
    return static_cast<int>(number(key, low, high));
  }
  std::uint64_t natural(const std::string &key) const {
    if (!at(key).is_number_unsigned())
      fail(key);
    return at(key).get<std::uint64_t>();
  }
  // One of two words: whether it is the first.
  bool either(const std::string &key, const std::string &first, const std::string &second) const {
    const std::string word = text(key);
    if (word != first && word != second)
      fail(key);
    return word == first;
  }
  std::vector<JsonReader> list(const std::string &key, std::size_t most) const {
    if (!at(key).is_array() || at(key).size() > most)
      fail(key);
    std::vector<JsonReader> items;
    for (const Json &item : at(key))
      items.emplace_back(item, name_);
    return items;
  }
  const Json &json() const { return json_; }
  const std::string &name() const { return name_; }

private:
  const Json &json_;
  std::string name_;
};

} // namespace convscope
