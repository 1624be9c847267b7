#include "importer/keras_weights.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "importer/keras/weights.h"
#include "importer/keras_layout.h"
#include "importer/weights_check.h"

namespace convscope {

namespace {

std::vector<ExpectedTensor> keras_tensors(const WeightSlot &slot) {
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

// Keras 3's names of the classes that have weights, by WeightKind.
constexpr const char *numbered_kinds[] = {"conv2d", "dense", "batch_normalization"};

std::string numbered_name(const std::string &kind, int number) {
  return number == 0 ? kind : fmt::format("{}_{}", kind, number);
}

// The slots in the order of Keras's model.layers: the farther from the output, the earlier; those of one distance as
// they are met from the output, first inputs first.
std::vector<const WeightSlot *> keras_order(const Architecture &net) {
  const std::vector<Node> &nodes = net.graph.nodes;
  std::vector<int> depth(nodes.size()), met(nodes.size(), -1);
  for (std::size_t id = nodes.size(); id-- > 0;)
    for (const NodeId input : nodes[id].inputs)
      depth[static_cast<std::size_t>(input)] = std::max(depth[static_cast<std::size_t>(input)], depth[id] + 1);
  std::vector<NodeId> stack{static_cast<NodeId>(nodes.size()) - 1};
  for (int count = 0; !stack.empty();) {
    const auto id = static_cast<std::size_t>(stack.back());
    stack.pop_back();
    if (met[id] >= 0)
      continue;
    met[id] = count++;
    stack.insert(stack.end(), nodes[id].inputs.rbegin(), nodes[id].inputs.rend());
  }
  std::vector<const WeightSlot *> order;
  for (const WeightSlot &slot : net.slots)
    order.push_back(&slot);
  std::stable_sort(order.begin(), order.end(), [&](const WeightSlot *a, const WeightSlot *b) {
    const auto x = static_cast<std::size_t>(a->node), y = static_cast<std::size_t>(b->node);
    return depth[x] != depth[y] ? depth[x] > depth[y] : met[x] < met[y];
  });
  return order;
}

} // namespace

KerasWeights::KerasWeights(const std::filesystem::path &path) : file_(path) {
  if (file_.has_attribute("", "layer_names") || file_.has_attribute("", "layer_names0"))
    list_legacy("");
  else if (file_.has("model_weights"))
    list_legacy("model_weights");
  else if (file_.has("layers"))
    list_numbered();
  else
    throw UserError(fmt::format("{}: is not a Keras weights file: it has no 'layer_names'", file_.name()));
  if (layers_.empty())
    throw UserError(fmt::format("{}: holds no weights", file_.name()));
}

void KerasWeights::list_legacy(const std::string &root) {
  const std::string prefix = root.empty() ? "" : root + "/";
  for (const std::string &name : keras::text_list(file_, root, "layer_names")) {
    const std::string group = prefix + name;
    if (!file_.has(group))
      throw UserError(fmt::format("{}: lists layer '{}', but does not hold it", file_.name(), name));
    Layer layer{name == "probs" ? "predictions" : name, {}}; // the classifier's name in Keras before 2.4
    for (const std::string &tensor : keras::text_list(file_, group, "weight_names"))
      layer.tensors.push_back(group + "/" + tensor);
    if (!layer.tensors.empty())
      layers_.push_back(std::move(layer));
  }
}

void KerasWeights::list_numbered() {
  numbered_ = true;
  constexpr int most_layers = 10'000, most_tensors = 16;
  for (const char *kind : numbered_kinds)
    for (int i = 0; i < most_layers; ++i) {
      Layer layer{numbered_name(kind, i), {}};
      for (int k = 0; k < most_tensors; ++k)
        if (const std::string tensor = fmt::format("layers/{}/vars/{}", layer.name, k); file_.has(tensor))
          layer.tensors.push_back(tensor);
      if (layer.tensors.empty())
        break;
      layers_.push_back(std::move(layer));
    }
}

const KerasWeights::Layer *KerasWeights::find(const std::vector<Layer> &layers, const std::string &name) {
  const auto found = std::find_if(layers.begin(), layers.end(), [&](const Layer &layer) { return layer.name == name; });
  return found == layers.end() ? nullptr : &*found;
}

int KerasWeights::classes() const {
  constexpr int usual = 1000;
  const Layer *head = find(layers_, "predictions");
  if (numbered_)
    for (const Layer &layer : layers_)
      if (layer.name.starts_with("dense"))
        head = &layer; // the last one
  if (head) {
    const std::vector<std::int64_t> shape = file_.shape(head->tensors[0]);
    return shape.size() == 2 && shape[1] > 0 && shape[1] <= 1'000'000 ? static_cast<int>(shape[1]) : usual;
  }
  return find(layers_, "fc1") || find(layers_, "fc2") ? usual : 0;
}

std::vector<KerasWeights::Layer> KerasWeights::layers_of(const Architecture &net) const {
  std::vector<Layer> layers = layers_;
  if (!numbered_)
    return layers;
  std::map<std::string, std::string> names; // the net's, by the file's
  std::map<std::string, int> counts;
  for (const WeightSlot *slot : keras_order(net)) {
    const std::string kind = numbered_kinds[static_cast<int>(slot->kind)];
    names[numbered_name(kind, counts[kind]++)] = slot->layer;
  }
  for (Layer &layer : layers)
    if (const auto found = names.find(layer.name); found != names.end())
      layer.name = found->second;
  return layers;
}

void KerasWeights::load(Architecture &net) const {
  const std::vector<Layer> layers = layers_of(net);
  std::vector<std::string> names;
  for (const Layer &layer : layers)
    names.push_back(layer.name);
  check_layers(file_.name(), net, names);
  for (const WeightSlot &slot : net.slots) {
    const Layer &layer = *find(layers, slot.layer);
    const std::vector<ExpectedTensor> expected = keras_tensors(slot);
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
