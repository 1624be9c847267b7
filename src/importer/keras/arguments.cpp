#include "importer/keras/arguments.h"

#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::keras {

namespace {

constexpr double highest_integer = 1 << 24;

void gather(const Json &value, std::vector<double> &numbers, bool &good) {
  if (value.is_number())
    numbers.push_back(value.get<double>());
  else if (value.is_array())
    for (const Json &item : value)
      gather(item, numbers, good);
  else
    good = false;
}

} // namespace

std::optional<int> as_integer(const Json &value) {
  if (!value.is_number())
    return std::nullopt;
  const auto number = value.get<double>();
  if (!(std::abs(number) <= highest_integer) || number != std::floor(number))
    return std::nullopt;
  return static_cast<int>(number);
}

void Arguments::fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", subject_, what)); }

void Arguments::reject(const std::string &key, const std::string &wanted) const {
  fail(fmt::format("its '{}' is not {}", key, wanted));
}

const Json *Arguments::find(const std::string &key) const {
  if (!config_->is_object())
    return nullptr;
  const auto found = config_->find(key);
  return found == config_->end() || found->is_null() ? nullptr : &*found;
}

std::string Arguments::text(const std::string &key, const std::string &usual) const {
  const Json *value = find(key);
  if (!value)
    return usual;
  if (!value->is_string())
    reject(key, "a text");
  return value->get<std::string>();
}

bool Arguments::flag(const std::string &key, bool usual) const {
  const Json *value = find(key);
  if (!value)
    return usual;
  if (!value->is_boolean())
    reject(key, "true or false");
  return value->get<bool>();
}

double Arguments::number(const std::string &key, double usual) const {
  const Json *value = find(key);
  if (!value)
    return usual;
  if (!value->is_number() || !std::isfinite(value->get<double>()))
    reject(key, "a number");
  return value->get<double>();
}

int Arguments::integer(const std::string &key, int usual) const {
  const Json *value = find(key);
  if (!value)
    return usual;
  const std::optional<int> number = as_integer(*value);
  if (!number)
    reject(key, "a whole number in range");
  return *number;
}

std::optional<std::vector<double>> Arguments::numbers(const std::string &key) const {
  const Json *value = find(key);
  if (!value)
    return std::nullopt;
  std::vector<double> numbers;
  bool good = true;
  gather(*value, numbers, good);
  for (const double number : numbers)
    good = good && std::isfinite(number);
  if (!good || numbers.empty())
    reject(key, "made of numbers");
  return numbers;
}

std::optional<std::vector<int>> Arguments::integers(const std::string &key) const {
  const Json *value = find(key);
  if (!value)
    return std::nullopt;
  std::vector<int> result;
  const auto take = [&](const Json &item) {
    const std::optional<int> number = as_integer(item);
    if (!number)
      reject(key, "made of whole numbers in range");
    result.push_back(*number);
  };
  if (value->is_array())
    for (const Json &item : *value)
      take(item);
  else
    take(*value);
  return result;
}

std::array<int, 2> Arguments::pair(const std::string &key, std::array<int, 2> usual, int least) const {
  std::optional<std::vector<int>> values = integers(key);
  if (!values)
    return usual;
  if (values->size() == 1)
    values->push_back(values->front());
  if (values->size() != 2)
    reject(key, "one number or two");
  for (const int value : *values)
    if (value < least || value > 1 << 20)
      reject(key, fmt::format("from {} to {}", least, 1 << 20));
  return {(*values)[0], (*values)[1]};
}

} // namespace convscope::keras
