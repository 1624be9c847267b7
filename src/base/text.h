// Small text helpers: the nearest valid name for a misspelt one, splitting, strict number parsing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convscope {

// ASCII letters in lower case, all else as it is.
std::string lower(std::string_view text);
// The candidate with the smallest edit distance (case folded), or "" where nothing is near
// (distance over half of the longer length).
std::string nearest_name(std::string_view name, const std::vector<std::string> &candidates);
// " (did you mean 'x'?)" or "".
std::string did_you_mean(std::string_view name, const std::vector<std::string> &candidates);
// The word as a POSIX shell takes it: in quotes where it has to be.
std::string shell_text(std::string_view word);
std::vector<std::string> split(std::string_view text, char separator);
// The whole text as a number, or nothing (no trailing characters, no overflow, no NaN or infinity).
std::optional<long long> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

} // namespace convscope
