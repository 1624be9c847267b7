// Measures the back ends of a net's convolutions on this device.
#pragma once

#include <string>
#include <vector>

#include "session/session.h"

namespace convscope {

struct TunedConvolution {
  std::string label;                            // the layer's name, with " gradient" or without
  ConvBackend fastest = ConvBackend::automatic; // automatic: the built-in choice
  double built_in_ms = 0, fastest_ms = 0;
};
struct TuneResult {
  ConvProfile profile; // what was known before, and these
  std::vector<TunedConvolution> convolutions;
};

// Forward and gradient of an image of that size up to `layer`, at the session's precision, each back end after the
// other. UserError where the device has no timestamps.
TuneResult tune(Session &session, int height, int width, NodeId layer);

} // namespace convscope
