#include "plan/conv_profile.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace convscope {

namespace {

constexpr const char *first_line = "convscope profile 1";

std::string key(const gpu::ConvParams &p, Precision precision) {
  return fmt::format("{}:g{}:c{}-{}:in{}x{}:out{}x{}:k{}x{}:s{}x{}:d{}x{}:p{},{}:step{}x{}", precision_name(precision),
                     p.groups, p.in_c, p.out_c, p.in_h, p.in_w, p.out_h, p.out_w, p.kernel_h, p.kernel_w, p.stride_h,
                     p.stride_w, p.dilation_h, p.dilation_w, p.pad_top, p.pad_left, p.out_step_h, p.out_step_w);
}

} // namespace

void ConvProfile::set(const gpu::ConvParams &params, Precision precision, ConvBackend backend) {
  choices_[key(params, precision)] = backend;
}

std::optional<ConvBackend> ConvProfile::find(const gpu::ConvParams &params, Precision precision) const {
  const auto found = choices_.find(key(params, precision));
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

std::string ConvProfile::text(const std::string &device) const {
  std::string text = fmt::format("{}\n{}\n", first_line, device);
  for (const auto &[shape, backend] : choices_)
    text += fmt::format("{} {}\n", shape, backend_name(backend));
  return text;
}

std::optional<ConvProfile> ConvProfile::parse(const std::string &text, const std::string &device) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != first_line || !std::getline(lines, line) || line != device)
    return std::nullopt;
  ConvProfile profile;
  while (std::getline(lines, line)) {
    const std::size_t space = line.find(' ');
    const auto name = space == std::string::npos ? backend_names.end()
                                                 : std::find(backend_names.begin(), backend_names.end(),
                                                             std::string_view(line).substr(space + 1));
    if (name == backend_names.end())
      return std::nullopt;
    profile.choices_[line.substr(0, space)] = static_cast<ConvBackend>(name - backend_names.begin());
  }
  return profile;
}

} // namespace convscope
