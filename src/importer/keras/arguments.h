// The arguments of a layer in a model's JSON, each checked for its type: files are not to be trusted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace convscope::keras {

using Json = nlohmann::json;

// Each getter gives `usual` where the argument is absent or null, and throws UserError "x.h5: layer 'a': 'strides'
// is not ..." where it has another type or is out of any sensible range.
class Arguments {
public:
  // `subject` is what errors begin with. `config` must outlive this.
  Arguments(std::string subject, const Json &config) : subject_(std::move(subject)), config_(&config) {}

  const Json *find(const std::string &key) const; // nullptr where absent or null
  std::string text(const std::string &key, const std::string &usual) const;
  bool flag(const std::string &key, bool usual) const;
  double number(const std::string &key, double usual) const;
  int integer(const std::string &key, int usual) const;
  std::optional<std::vector<double>> numbers(const std::string &key) const; // one number or (nested) lists of them
  std::optional<std::vector<int>> integers(const std::string &key) const;   // one integer or a list
  // Of height and width: 3 or [3, 3]. At least `least`.
  std::array<int, 2> pair(const std::string &key, std::array<int, 2> usual, int least = 1) const;

  [[noreturn]] void fail(const std::string &what) const;

private:
  [[noreturn]] void reject(const std::string &key, const std::string &wanted) const;
  std::string subject_;
  const Json *config_;
};

// The value as an integer of at most 2^24 either way, or nothing.
std::optional<int> as_integer(const Json &value);

} // namespace convscope::keras
