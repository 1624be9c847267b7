#include "importer/safetensors_weights.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "importer/weights_check.h"

namespace convscope {

namespace {

std::vector<ExpectedTensor> torch_tensors(const WeightSlot &slot) {
  const std::int64_t in = slot.in, out = slot.out;
  if (slot.kind == WeightKind::batch_norm)
    return {{"weight", {out}}, {"bias", {out}}, {"running_mean", {out}}, {"running_var", {out}}};
  std::vector<ExpectedTensor> tensors{{"weight", {out, in}}};
  if (slot.kind == WeightKind::conv)
    tensors[0].shape = {out, in, slot.kernel_h, slot.kernel_w};
  if (slot.bias)
    tensors.push_back({"bias", {out}});
  return tensors;
}

} // namespace

SafetensorsWeights::SafetensorsWeights(const std::filesystem::path &path)
    : file_(path.string()), tensors_(Safetensors::open(path)) {
  for (const std::string &name : tensors_.names()) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos)
      throw UserError(fmt::format("{}: tensor '{}' should be named <layer>.weight or <layer>.bias", file_, name));
    layers_[name.substr(0, dot)].push_back(name.substr(dot + 1));
  }
  if (layers_.empty())
    throw UserError(fmt::format("{}: holds no weights", file_));
}

int SafetensorsWeights::classes() const {
  constexpr int usual = 1000;
  if (tensors_.has("predictions.weight")) {
    const std::vector<std::int64_t> &shape = tensors_.shape("predictions.weight");
    return shape.size() == 2 && shape[0] > 0 && shape[0] <= 1'000'000 ? static_cast<int>(shape[0]) : usual;
  }
  return layers_.contains("fc1") || layers_.contains("fc2") ? usual : 0;
}

void SafetensorsWeights::load(Architecture &net) const {
  std::vector<std::string> names;
  for (const auto &entry : layers_)
    names.push_back(entry.first);
  check_layers(file_, net, names);
  for (const WeightSlot &slot : net.slots) {
    const std::vector<ExpectedTensor> expected = torch_tensors(slot);
    for (const std::string &part : layers_.at(slot.layer))
      if (std::none_of(expected.begin(), expected.end(), [&](const auto &tensor) { return tensor.what == part; }))
        throw UserError(
            fmt::format("{}: has a tensor '{}.{}', which {} does not need", file_, slot.layer, part, net.graph.name));
    std::vector<std::vector<float>> tensors;
    for (const ExpectedTensor &tensor : expected) {
      const std::string name = slot.layer + "." + tensor.what;
      check_shape(file_, net.graph.name, slot.layer, tensor, tensors_.shape(name));
      tensors.push_back(tensors_.read(name));
      check_finite_weights(file_, slot.layer, tensors.back());
    }
    fill_slot(net.graph, slot, std::move(tensors));
  }
}

} // namespace convscope
