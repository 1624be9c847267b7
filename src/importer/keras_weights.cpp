#include "importer/keras_weights.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "importer/keras_layout.h"
#include "importer/weights_check.h"

namespace convscope {

namespace {

std::vector<ExpectedTensor> expected_tensors(const WeightSlot &slot) {
  const std::int64_t in = slot.in, out = slot.out;
  switch (slot.kind) {
  case WeightKind::batch_norm:
    return {{"gamma", {out}}, {"beta", {out}}, {"moving mean", {out}}, {"moving variance", {out}}};
  case WeightKind::dense:
    return {{"kernel", {in, out}}, {"bias", {out}}};
  case WeightKind::conv:
    break;
  }
  std::vector<ExpectedTensor> tensors{{"kernel", {slot.kernel_h, slot.kernel_w, in, out}}};
  if (slot.bias)
    tensors.push_back({"bias", {out}});
  return tensors;
}

// Keras's layout to the graph's: (h, w, in, out) -> (out, in, h, w), (in, out) -> (out, in).
std::vector<float> kernel_layout(const WeightSlot &slot, const std::vector<float> &source) {
  const auto in = static_cast<std::size_t>(slot.in), out = static_cast<std::size_t>(slot.out);
  if (slot.kind == WeightKind::dense)
    return transposed(source, in, out, slot.flattened);
  const std::size_t rows = in * static_cast<std::size_t>(slot.kernel_h * slot.kernel_w);
  return transposed(source, rows, out, {slot.in, slot.kernel_h, slot.kernel_w});
}

} // namespace

KerasWeights::KerasWeights(const std::filesystem::path &path) : file_(path) {
  std::string root;
  if (!file_.has_attribute("", "layer_names") && !file_.has_attribute("", "layer_names0")) {
    if (file_.has("model_weights"))
      root = "model_weights";
    else if (file_.has("layers") || file_.has("_layer_checkpoint_dependencies"))
      throw UserError(fmt::format("{}: has Keras 3's layout (.weights.h5); Convscope reads the legacy .h5 layout that "
                                  "keras.io distributes",
                                  file_.name()));
    else
      throw UserError(fmt::format("{}: is not a Keras weights file: it has no 'layer_names'", file_.name()));
  }
  const std::string prefix = root.empty() ? "" : root + "/";
  for (const std::string &name : text_list(root, "layer_names")) {
    const std::string group = prefix + name;
    if (!file_.has(group))
      throw UserError(fmt::format("{}: lists layer '{}', but does not hold it", file_.name(), name));
    Layer layer{name == "probs" ? "predictions" : name, {}}; // the classifier's name in Keras before 2.4
    for (const std::string &tensor : text_list(group, "weight_names"))
      layer.tensors.push_back(group + "/" + tensor);
    if (!layer.tensors.empty())
      layers_.push_back(std::move(layer));
  }
  if (layers_.empty())
    throw UserError(fmt::format("{}: holds no weights", file_.name()));
}

// Keras cuts a list that is too long for an HDF5 attribute: layer_names0, layer_names1, ...
std::vector<std::string> KerasWeights::text_list(const std::string &group, const std::string &attribute) const {
  if (file_.has_attribute(group, attribute))
    return file_.texts(group, attribute);
  std::vector<std::string> texts;
  for (int part = 0; file_.has_attribute(group, attribute + std::to_string(part)); ++part) {
    const std::vector<std::string> more = file_.texts(group, attribute + std::to_string(part));
    texts.insert(texts.end(), more.begin(), more.end());
  }
  return texts;
}

const KerasWeights::Layer *KerasWeights::find(const std::string &name) const {
  const auto found =
      std::find_if(layers_.begin(), layers_.end(), [&](const Layer &layer) { return layer.name == name; });
  return found == layers_.end() ? nullptr : &*found;
}

int KerasWeights::classes() const {
  constexpr int usual = 1000;
  if (const Layer *head = find("predictions")) {
    const std::vector<std::int64_t> shape = file_.shape(head->tensors[0]);
    return shape.size() == 2 && shape[1] > 0 && shape[1] <= 1'000'000 ? static_cast<int>(shape[1]) : usual;
  }
  return find("fc1") || find("fc2") ? usual : 0;
}

void KerasWeights::load(Architecture &net) const {
  std::vector<std::string> names;
  for (const Layer &layer : layers_)
    names.push_back(layer.name);
  check_layers(file_.name(), net, names);
  for (const WeightSlot &slot : net.slots) {
    const Layer &layer = *find(slot.layer);
    const std::vector<ExpectedTensor> expected = expected_tensors(slot);
    if (layer.tensors.size() != expected.size())
      throw UserError(fmt::format("{}: layer '{}' has {} tensors; {} needs {}", file_.name(), slot.layer,
                                  layer.tensors.size(), net.graph.name, expected.size()));
    std::vector<std::vector<float>> tensors;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      check_shape(file_.name(), net.graph.name, slot.layer, expected[i], file_.shape(layer.tensors[i]));
      tensors.push_back(file_.read(layer.tensors[i], expected[i].shape));
      check_finite_weights(file_.name(), slot.layer, tensors.back());
    }
    if (slot.kind != WeightKind::batch_norm)
      tensors[0] = kernel_layout(slot, tensors[0]);
    fill_slot(net.graph, slot, std::move(tensors));
  }
}

} // namespace convscope
