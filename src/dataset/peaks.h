// The maximum of each channel of a layer, and where in its map it lies: of photos, by one forward pass for a batch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/network.h"
#include "plan/plan.h"
#include "plan/sliced_run.h"
#include "session/session.h"

namespace convscope {

struct Peaks { // of one photo, by channel
  std::vector<float> values;
  std::vector<std::uint32_t> places; // y * columns + x, the first that has the maximum
  bool operator==(const Peaks &) const = default;
};

// As bytes that are the same on every machine, with a checksum.
std::vector<std::uint8_t> pack(const Peaks &peaks, std::uint32_t positions);
// "" or what is wrong with the bytes. `positions`: of the map.
std::string unpack(std::span<const std::uint8_t> bytes, std::size_t channels, std::uint32_t positions, Peaks &peaks);

// The maxima are found on the device, so that maps never leave it.
class PeaksPlan {
public:
  // Of `model().at(input)`'s layers. UserError where the input does not fit the net or the device.
  PeaksPlan(Session &session, Size input, const std::vector<NodeId> &layers, int batch);

  int batch() const { return batch_; }
  const Shape &shape(std::size_t layer) const { return layers_.at(layer).shape; }
  // `inputs` are (N,C,H,W), preprocessed, of up to batch() images.
  void run(std::span<const float> inputs);
  // Of the last run.
  std::vector<Peaks> peaks(std::size_t layer, int images) const;

private:
  struct Layer {
    Shape shape;
    TensorId values, places;
  };
  int batch_;
  std::string doing_;
  Plan plan_;
  TensorId input_ = TensorId::none;
  std::vector<Layer> layers_;
  std::optional<SlicedRun> run_;
};

} // namespace convscope
