// Which back end does a convolution fastest on one device: what `convscope tune` measured, as a small text file. The
// built-in choice (Network::choose) serves what a profile does not know.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "params.h"
#include "plan/conv_backend.h"

namespace convscope {

class ConvProfile {
public:
  // By all that a convolution is but its batch and where its tensors lie: an image must be the same alone and in
  // company.
  void set(const gpu::ConvParams &params, Precision precision, ConvBackend backend);
  std::optional<ConvBackend> find(const gpu::ConvParams &params, Precision precision) const;
  std::size_t size() const { return choices_.size(); }

  // "convscope profile 1", the device's name, then a line for each choice. parse() gives none where the text is
  // damaged, or of another device.
  std::string text(const std::string &device) const;
  static std::optional<ConvProfile> parse(const std::string &text, const std::string &device);

private:
  std::map<std::string, ConvBackend> choices_; // by the shape's text
};

} // namespace convscope
