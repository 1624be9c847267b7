// One net on one device: what every front end drives. No terminal, no argument parsing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/array.h"
#include "graph/graph.h"
#include "importer/model.h"
#include "io/image.h"
#include "plan/network.h"
#include "plan/slicing.h"
#include "plan/weights.h"
#include "visualization/gradient.h"
#include "visualization/objective.h"
#include "vulkan/device.h"
#include "vulkan/program.h"

namespace convscope {

struct Prediction {
  int index = 0;
  std::string label; // "" where the classes have no names
  double probability = 0;
};

class Session {
public:
  // `device` as DeviceOptions::select. Nothing is opened before it is needed: a net can be looked at without a driver.
  explicit Session(std::string device = {}) { device_options_.select = std::move(device); }
  // Extensions that the device shall have, before it is opened: a window's.
  void ask_extensions(std::vector<std::string> of_instance, std::vector<std::string> of_device) {
    device_options_.instance_extensions = std::move(of_instance);
    device_options_.device_extensions = std::move(of_device);
  }

  // What was asked for; without that, exact tensors are fp32's, and all that is looked at is the fastest's.
  void set_precision(std::optional<Precision> precision) { precision_ = precision; }
  Precision precision() const { return precision_.value_or(Precision::fast); }
  Precision exact_precision() const { return precision_.value_or(Precision::fp32); }

  void load(const ModelRequest &request);
  const Model &model() const { return model_; }
  const Graph &graph() const { return model_.graph; }
  const ModelRequest &request() const { return request_; } // what was loaded

  // Told how far the making of programs is where that takes long (Programs::watch).
  void watch_programs(vulkan::Programs::Watcher watcher) { watcher_ = std::move(watcher); }

  bool has_device() const { return device_.has_value(); }
  const vulkan::Device &device();
  vulkan::Programs &programs();
  Weights &weights(); // of the loaded net
  // What `convscope tune` measured on this device; null where it has not, or where the file can't be used, which
  // profile_note() then tells. Exact tensors do without.
  const ConvProfile *profile();
  const std::string &profile_note() const { return profile_note_; }
  std::string profile_hash(); // "" without a profile
  std::filesystem::path profile_file();
  // UserError where a profile can't be kept: before one is measured.
  void check_profile_file();
  void save_profile(const ConvProfile &measured);
  void forget_profile() { profile_.emplace(std::nullopt); } // as before `convscope tune`
  std::uint64_t memory_left() { return device().memory_left(); }

  // Files that it names lie here or, where they don't, in `folder`.
  Objective objective(const std::string &text, const std::filesystem::path &folder = {}) const;

  // Whether it has feature maps; others give a vector.
  bool has_maps(NodeId layer) const;
  // The net's input that a photo becomes where `size` is asked for (not given: the net's own), and whether that shows
  // all of the photo: layers that can be run on it get it whole, its shorter side resized. Others, as a classifier's,
  // get the part in its middle that has the shape asked for; so do all where that shape is no square.
  struct PhotoFit {
    Size size;
    bool whole = false;
  };
  PhotoFit fit(const ImageRgb8 &photo, const std::vector<NodeId> &layers, const InputSize &size = {}) const;
  // The middle of a photo that has those proportions, as a picture of that size (C,H,W) in the net's planes, 0..1.
  Array picture(const ImageRgb8 &photo, Size size) const;
  // The photo as the net's input (1,C,H,W).
  Array photo_input(const ImageRgb8 &photo, const PhotoFit &fit) const;
  // Feature maps (C,H,W) of layers that have maps; UserError for those that give a vector.
  std::vector<Array> features(const ImageRgb8 &photo, const std::vector<NodeId> &layers, const InputSize &size = {});
  // The likeliest classes, best first. UserError where the net has no classifier.
  std::vector<Prediction> classify(const ImageRgb8 &photo, int top);

  // Those of one layer, left on the device; shape(0) is theirs.
  Activations features_on_device(const ImageRgb8 &photo, NodeId layer);

  // How forward passes go to the device from now on.
  void set_slicing(const Slicing &slicing) { slicing_ = slicing; }

  // Exact tensors; `input` is (N,C,H,W), preprocessed. Layers and objectives are graph()'s. A layer that is a vector
  // (has_maps: no) gives (N,C).
  Array activations(const Array &input, NodeId layer);
  GradientResult gradient(const Array &input, const Objective &objective, const Pictures &pictures = {});

private:
  void require_maps(NodeId layer) const;
  Activations run_forward(const Array &input, const std::vector<NodeId> &layers, Precision precision);

  vulkan::DeviceOptions device_options_;
  std::optional<Precision> precision_;
  ModelRequest request_;
  Model model_;
  std::optional<Slicing> slicing_;
  vulkan::Programs::Watcher watcher_;
  // In the order in which they need each other: destroyed from the last to the first.
  std::optional<vulkan::Device> device_;
  std::optional<vulkan::Programs> programs_;
  std::optional<Weights> weights_;
  std::optional<std::optional<ConvProfile>> profile_; // none before it is looked for
  std::string profile_note_;
};

// The planes of the net's picture (C,H,W) that show a photo (3,H,W) in RGB: its luma, or red, green and blue where
// Model::rgb says, the others 0. UserError where nothing says it.
Array picture_of(const Array &rgb, const Model &model);
// Those channels of (C,H,W), in that order.
Array select_channels(const Array &maps, const std::vector<int> &channels);
// The net's input (1,C,H,W) from a picture (C,H,W) of 0..1 (Preprocessing tells its planes).
Array preprocess(const Array &picture, const Preprocessing &preprocessing);

} // namespace convscope
