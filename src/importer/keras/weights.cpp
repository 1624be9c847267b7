#include "importer/keras/weights.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "importer/keras_layout.h"
#include "importer/weights_check.h"

namespace convscope::keras {

namespace {

constexpr int most_variables = 64; // of a layer
constexpr const char *containers[] = {"layers", "_layer_checkpoint_dependencies"};

// Whether ".../conv1/kernel:0" is a tensor of layer conv1, or ".../sn/conv1/kernel" of the one that is wrapped in sn.
bool belongs(const std::string &tensor, const LayerConfig &layer) {
  const std::vector<std::string> parts = convscope::split(tensor, '/');
  const std::size_t depth = layer.wrapper.empty() ? 2 : 3;
  return parts.size() >= depth && parts[parts.size() - depth] == layer.name;
}

// What a wrapper adds to the tensors of the layer inside of it.
bool is_wrappers_own(const std::string &tensor) {
  const std::string name = tensor.substr(tensor.find_last_of('/') + 1);
  return name.starts_with("vector_u") || name.starts_with("sn_u");
}

std::string joined(const std::string &group, const std::string &name) {
  return group.empty() ? name : group + "/" + name;
}

} // namespace

std::vector<std::string> text_list(const Hdf5File &file, const std::string &group, const std::string &attribute) {
  if (file.has_attribute(group, attribute))
    return file.texts(group, attribute);
  std::vector<std::string> texts;
  for (int part = 0; file.has_attribute(group, attribute + std::to_string(part)); ++part) {
    const std::vector<std::string> more = file.texts(group, attribute + std::to_string(part));
    texts.insert(texts.end(), more.begin(), more.end());
  }
  return texts;
}

std::string snake_case(const std::string &kind) {
  // A capital begins a word where a small letter follows it or stands before it.
  std::string result;
  const auto lower = [&](std::size_t i) {
    return i < kind.size() && std::islower(static_cast<unsigned char>(kind[i]));
  };
  for (std::size_t i = 0; i < kind.size(); ++i) {
    const auto c = static_cast<unsigned char>(kind[i]);
    if (i > 0 && std::isupper(c) && (lower(i + 1) || lower(i - 1)))
      result += '_';
    if (std::isalnum(c) || c == '_')
      result += static_cast<char>(std::tolower(c));
  }
  return result;
}

ModelWeights::ModelWeights(const Hdf5File &file, const std::string &root, const ModelConfig &model) : file_(file) {
  const bool lists = file.has_attribute(root, "layer_names") || file.has_attribute(root, "layer_names0");
  if (!lists) {
    number(root, model);
    return;
  }
  for (const std::string &layer : text_list(file, root, "layer_names"))
    groups_[layer] = joined(root, layer);
}

void ModelWeights::number(const std::string &root, const ModelConfig &model) {
  numbered_ = true;
  const auto container = std::find_if(std::begin(containers), std::end(containers),
                                      [&](const char *name) { return file_.has(joined(root, name)); });
  const std::string prefix = joined(root, container == std::end(containers) ? containers[0] : *container);
  std::map<std::string, int> counts;
  for (const LayerConfig &layer : model.layers) {
    if (layer.operation)
      continue;
    const std::string kind = snake_case(layer.wrapper.empty() ? layer.kind : layer.wrapper);
    const int count = counts[kind]++;
    groups_[layer.name] = prefix + "/" + (count == 0 ? kind : fmt::format("{}_{}", kind, count));
  }
}

std::vector<std::string> ModelWeights::tensors(const LayerConfig &layer) const {
  if (pooled_) {
    std::vector<std::string> found;
    std::copy_if(pool_.begin(), pool_.end(), std::back_inserter(found),
                 [&](const std::string &tensor) { return belongs(tensor, layer); });
    return found;
  }
  std::vector<std::string> found;
  const auto group = groups_.find(layer.name);
  if (group == groups_.end() || !file_.has(group->second))
    return found;
  if (numbered_) {
    for (int i = 0; i < most_variables; ++i) {
      std::string path = fmt::format("{}{}/vars/{}", group->second, layer.wrapper.empty() ? "" : "/layer", i);
      if (!file_.has(path))
        break;
      found.push_back(std::move(path));
    }
    return found;
  }
  for (const std::string &tensor : text_list(file_, group->second, "weight_names"))
    if (layer.wrapper.empty() || !is_wrappers_own(tensor))
      found.push_back(group->second + "/" + tensor);
  return found;
}

ModelWeights ModelWeights::nested(const LayerConfig &model) const {
  ModelWeights inner(file_);
  if (numbered_) {
    const auto group = groups_.find(model.name);
    inner.number(group == groups_.end() ? "" : group->second, *model.model);
  } else {
    inner.pooled_ = true;
    inner.pool_ = pooled_ ? pool_ : tensors(model);
  }
  return inner;
}

void LayerWeights::fail(const std::string &what) const {
  throw UserError(fmt::format("{}: layer '{}' {}", file_.name(), layer_, what));
}

std::vector<std::int64_t> LayerWeights::shape(const std::string &what) const {
  if (left() == 0)
    fail(fmt::format("has no {} in the file", what));
  return file_.shape(tensors_[next_]);
}

std::int64_t LayerWeights::claim(const std::string &what, const std::vector<std::int64_t> &expected) {
  const std::vector<std::int64_t> found = shape(what);
  if (found != expected)
    fail(fmt::format("has a {} of {}, but needs {}", what, shape_text(found), shape_text(expected)));
  std::int64_t values = 1;
  for (const std::int64_t side : expected) {
    if (side < 1 || values > budget_ / side)
      fail(fmt::format("has a {} of {}, more than the file can hold", what, shape_text(found)));
    values *= side;
  }
  if (values * static_cast<std::int64_t>(sizeof(float)) > budget_)
    fail(fmt::format("has a {} of {}, more than the file can hold", what, shape_text(found)));
  budget_ -= values * static_cast<std::int64_t>(sizeof(float));
  taken_ += values;
  ++next_;
  return values;
}

std::vector<float> LayerWeights::take(const std::string &what, const std::vector<std::int64_t> &expected) {
  claim(what, expected);
  std::vector<float> result = file_.read(tensors_[next_ - 1], expected);
  check_finite_weights(file_.name(), layer_, result);
  return result;
}

std::vector<float> LayerWeights::take_transposed(const std::string &what, const std::vector<std::int64_t> &expected,
                                                 std::size_t columns, Shape map) {
  const auto values = static_cast<std::size_t>(claim(what, expected));
  Transposition transposition(values / columns, columns, map);
  file_.read_strips(tensors_[next_ - 1], expected, [&](std::span<const float> strip) {
    check_finite_weights(file_.name(), layer_, strip);
    transposition.take(strip);
  });
  return transposition.result();
}

} // namespace convscope::keras
