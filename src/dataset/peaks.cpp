#include "dataset/peaks.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/names.h"
#include "plan/slices.h"

namespace convscope {

namespace {

void append(std::vector<std::uint8_t> &bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i)
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t read(const std::uint8_t *bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i)
    value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

// Most maps have few enough positions for two bytes.
int place_bytes(std::uint32_t positions) { return positions <= (1U << 16) ? 2 : 4; }

constexpr int checksum_bytes = 4;
std::uint64_t checksum(std::span<const std::uint8_t> bytes) { return fnv1a(std::as_bytes(bytes)) >> 32; }

} // namespace

std::vector<std::uint8_t> pack(const Peaks &peaks, std::uint32_t positions) {
  std::vector<std::uint8_t> bytes;
  for (const float value : peaks.values)
    append(bytes, std::bit_cast<std::uint32_t>(value), 4);
  for (const std::uint32_t place : peaks.places)
    append(bytes, place, place_bytes(positions));
  append(bytes, checksum(bytes), checksum_bytes);
  return bytes;
}

std::string unpack(std::span<const std::uint8_t> bytes, std::size_t channels, std::uint32_t positions, Peaks &peaks) {
  const auto each = static_cast<std::size_t>(place_bytes(positions));
  if (bytes.size() != channels * (4 + each) + checksum_bytes)
    return "a photo's maxima have another length";
  const auto data = bytes.first(bytes.size() - checksum_bytes);
  if (read(bytes.data() + data.size(), checksum_bytes) != checksum(data))
    return "a photo's maxima have another checksum";
  peaks.values.resize(channels);
  peaks.places.resize(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    peaks.values[c] = std::bit_cast<float>(static_cast<std::uint32_t>(read(&data[c * 4], 4)));
    peaks.places[c] = static_cast<std::uint32_t>(read(&data[channels * 4 + c * each], static_cast<int>(each)));
  }
  return "";
}

PeaksPlan::PeaksPlan(Session &session, Size input, const std::vector<Asked> &asked, int batch, const Slicing &slicing)
    : batch_(batch), doing_("the photos of " + session.graph().name), plan_(session.programs(), "photos") {
  const Graph &graph = session.model().at(input);
  NetworkOptions options;
  options.input = graph.input_of(input);
  options.batch = batch;
  options.precision = session.precision();
  options.profile = session.profile();
  for (const Asked &of : asked)
    options.targets.push_back(same_node(session.graph(), of.layer, graph));
  const std::vector<NodeId> nodes = options.targets;
  std::sort(options.targets.begin(), options.targets.end());
  options.targets.erase(std::unique(options.targets.begin(), options.targets.end()), options.targets.end());

  const auto elements = static_cast<std::size_t>(options.input.elements()) * static_cast<std::size_t>(batch);
  input_ = plan_.persistent("input", elements * sizeof(float));
  Network network(plan_, session.weights(), graph, options);
  network.forward(input_);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Shape &shape = network.shape(nodes[i]);
    const auto count = static_cast<std::size_t>(shape.c) * static_cast<std::size_t>(batch);
    const TensorId maps = network.output(nodes[i]);
    if (asked[i].position) {
      const TensorId kept = plan_.persistent("maps", plan_.bytes(maps));
      plan_.copy(maps, kept);
      layers_.push_back({shape, kept, TensorId::none});
      continue;
    }
    const TensorId values = plan_.persistent("maxima", count * sizeof(float));
    const TensorId places = plan_.persistent("their places", count * sizeof(std::int32_t));
    const Slices slices = slices_along(shape, {false, true, true}, batch, plan_.device().info().is_cpu());
    plan_.dispatch("maxima", plan_.programs().get("reduction", {0, slices.neighbours, gpu::REDUCTION_MAX, 1}),
                   slices.groups, slices.params, {reads(maps), writes(values), writes(places), reads(maps)});
    layers_.push_back({shape, values, places});
  }
  if (const std::size_t bytes = plan_.planned_bytes(); bytes > plan_.device().memory_left())
    throw UserError(fmt::format("{} photos at once need {} MiB of device memory, where {} has {} MiB left", batch,
                                bytes >> 20, plan_.device().info().name, plan_.device().memory_left() >> 20));
  plan_.allocate();
  run_.emplace(plan_, Variant::usual, slicing);
}

void PeaksPlan::run(std::span<const float> inputs) {
  begin(inputs);
  run_->run(doing_);
}

void PeaksPlan::begin(std::span<const float> inputs) {
  const std::size_t elements = plan_.bytes(input_) / sizeof(float);
  std::vector<float> filled; // behind the last photos, zeros
  if (inputs.size() < elements) {
    filled.assign(inputs.begin(), inputs.end());
    filled.resize(elements);
    inputs = filled;
  }
  plan_.write(input_, std::as_bytes(inputs));
}

bool PeaksPlan::advance_slice() {
  vulkan::Flight flight(plan_.device());
  const bool last = run_->advance(flight, doing_);
  flight.land();
  return last;
}

std::vector<Peaks> PeaksPlan::peaks(std::size_t layer, int images) const {
  const Layer &of = layers_.at(layer);
  const auto values = plan_.read_all<float>(of.values);
  const auto places = plan_.read_all<std::int32_t>(of.places);
  const auto channels = static_cast<std::size_t>(of.shape.c);
  const auto positions = static_cast<std::int64_t>(of.shape.h) * of.shape.w;
  std::vector<Peaks> all(static_cast<std::size_t>(images));
  for (std::size_t n = 0; n < all.size(); ++n)
    for (std::size_t c = 0; c < channels; ++c) {
      // Of the whole batch's elements; a map that is not a number anywhere has none.
      const std::int64_t place = places[n * channels + c] - static_cast<std::int64_t>(n * channels + c) * positions;
      const bool found = place >= 0 && place < positions;
      all[n].values.push_back(found ? values[n * channels + c] : std::numeric_limits<float>::quiet_NaN());
      all[n].places.push_back(found ? static_cast<std::uint32_t>(place) : 0);
    }
  return all;
}

std::vector<Peaks> PeaksPlan::at_places(std::size_t layer, const std::vector<std::uint32_t> &places) const {
  const Layer &of = layers_.at(layer);
  const auto maps = plan_.read_all<float>(of.values);
  const auto channels = static_cast<std::size_t>(of.shape.c);
  const auto positions = static_cast<std::size_t>(of.shape.h) * static_cast<std::size_t>(of.shape.w);
  std::vector<Peaks> all(places.size());
  for (std::size_t n = 0; n < all.size(); ++n)
    for (std::size_t c = 0; c < channels; ++c) {
      all[n].values.push_back(maps[(n * channels + c) * positions + places[n]]);
      all[n].places.push_back(places[n]);
    }
  return all;
}

} // namespace convscope
