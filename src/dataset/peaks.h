// What is kept of a layer's maps of a photo: the maximum of each channel and where it lies, or all channels at one
// position. Of photos, by one forward pass for a batch.
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

// What is asked of a layer.
struct Asked {
  NodeId layer = -1;
  bool position = false; // instead of the maxima, the values at a position of each photo's own
};

struct Peaks { // of one photo, by channel
  std::vector<float> values;
  std::vector<std::uint32_t> places; // y * columns + x, the first that has the maximum
  bool operator==(const Peaks &) const = default;
};

// As bytes that are the same on every machine, with a checksum.
std::vector<std::uint8_t> pack(const Peaks &peaks, std::uint32_t positions);
// "" or what is wrong with the bytes. `positions`: of the map.
std::string unpack(std::span<const std::uint8_t> bytes, std::size_t channels, std::uint32_t positions, Peaks &peaks);

// The maxima are found on the device, so that those maps never leave it.
class PeaksPlan {
public:
  // Of `model().at(input)`'s layers. UserError where the input does not fit the net or the device.
  PeaksPlan(Session &session, Size input, const std::vector<Asked> &asked, int batch, const Slicing &slicing);

  int batch() const { return batch_; }
  const Shape &shape(std::size_t layer) const { return layers_.at(layer).shape; }
  // `inputs` are (N,C,H,W), preprocessed, of up to batch() images.
  void run(std::span<const float> inputs);
  // The same in slices.
  void begin(std::span<const float> inputs);
  bool advance_slice(); // of what was begun; whether that was all
  // Of the last run. `layer` is an index of `asked`.
  std::vector<Peaks> peaks(std::size_t layer, int images) const;
  // The same where positions are asked for: of each image, at its place.
  std::vector<Peaks> at_places(std::size_t layer, const std::vector<std::uint32_t> &places) const;

private:
  struct Layer {
    Shape shape;
    TensorId values, places; // or all maps, and none
  };
  int batch_;
  std::string doing_;
  Plan plan_;
  TensorId input_ = TensorId::none;
  std::vector<Layer> layers_;
  std::optional<SlicedRun> run_;
};

} // namespace convscope
