#include "importer/keras/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace convscope::keras {

namespace {

constexpr std::size_t longest_text = std::size_t{16} << 20;
constexpr int deepest_json = 100; // nested models take about ten each
constexpr int deepest_model = 8;
constexpr std::size_t longest_name = 1000;

class Reader {
public:
  explicit Reader(const std::string &file) : file_(file) {}

  ModelConfig model(Json &object, int depth);

private:
  [[noreturn]] void fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", file_, what)); }
  [[noreturn]] void fail_at(const std::string &layer, const std::string &what) const {
    fail(fmt::format("layer '{}': {}", layer, what));
  }

  Json &member(Json &object, const char *key) const;
  std::string name(const Json &value, const char *what) const;
  LayerConfig layer(Json &object, int depth);
  std::vector<Call> calls(const std::string &layer, Json &nodes) const;
  Call old_call(const std::string &layer, Json &node) const;
  Call new_call(const std::string &layer, Json &node) const;
  void old_arguments(const std::string &layer, Json &arguments, Call &call) const;
  TensorRef tensor(const std::string &layer, const Json &parts) const;
  bool tensors(const std::string &layer, const Json &value, std::vector<TensorRef> &found) const;
  void references(const Json &value, std::vector<TensorRef> &found) const;
  void chain(ModelConfig &model, Json &config) const;

  const std::string &file_;
};

Json &Reader::member(Json &object, const char *key) const {
  static Json none;
  none = nullptr;
  if (!object.is_object())
    return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

// Names become parts of paths and of messages.
std::string Reader::name(const Json &value, const char *what) const {
  const std::string *text = value.get_ptr<const std::string *>();
  if (!text || text->empty() || text->size() > longest_name ||
      std::any_of(text->begin(), text->end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    fail(fmt::format("its configuration has no usable {}", what));
  return *text;
}

bool is_reference(const Json &value) { // ["layer", 0, 0] or ["layer", 0, 0, {...}]
  return value.is_array() && value.size() >= 3 && value.size() <= 4 && value[0].is_string() &&
         value[1].is_number_integer() && value[2].is_number_integer();
}

TensorRef Reader::tensor(const std::string &layer, const Json &parts) const {
  if (!is_reference(parts))
    fail_at(layer, "its 'inbound_nodes' can't be read");
  const std::optional<int> call = as_integer(parts[1]), output = as_integer(parts[2]);
  if (!call || !output || *call < 0 || *output < 0)
    fail_at(layer, "its 'inbound_nodes' can't be read");
  return {parts[0].get<std::string>(), *call, *output};
}

// The tensors of an argument in Keras 3's form: one or a list of them.
bool Reader::tensors(const std::string &layer, const Json &value, std::vector<TensorRef> &found) const {
  if (value.is_object()) {
    const auto kind = value.find("class_name");
    if (kind == value.end() || *kind != "__keras_tensor__")
      return false;
    const auto config = value.find("config");
    if (config == value.end() || !config->is_object() || !config->contains("keras_history"))
      fail_at(layer, "its 'inbound_nodes' can't be read");
    found.push_back(tensor(layer, (*config)["keras_history"]));
    return true;
  }
  if (!value.is_array() || value.empty())
    return false;
  bool all = true;
  for (const Json &item : value)
    all = tensors(layer, item, found) && all;
  return all;
}

Call Reader::new_call(const std::string &layer, Json &node) const {
  Call call;
  const auto take = [&](const std::string &key, Json &value) {
    Operand operand{key, {}, nullptr};
    if (!tensors(layer, value, operand.tensors) && operand.tensors.empty())
      operand.constant = std::move(value);
    call.push_back(std::move(operand));
  };
  Json &positional = member(node, "args");
  if (positional.is_array())
    for (Json &value : positional)
      take("", value);
  Json &named = member(node, "kwargs");
  if (named.is_object())
    for (auto it = named.begin(); it != named.end(); ++it)
      take(it.key(), it.value());
  return call;
}

// Keras 2's arguments by name: constants, or tensors as ["layer", 0, 0].
void Reader::old_arguments(const std::string &layer, Json &arguments, Call &call) const {
  for (auto it = arguments.begin(); it != arguments.end(); ++it) {
    Operand operand{it.key(), {}, nullptr};
    if (is_reference(it.value()))
      operand.tensors.push_back(tensor(layer, it.value()));
    else
      operand.constant = std::move(it.value());
    call.push_back(std::move(operand));
  }
}

Call Reader::old_call(const std::string &layer, Json &node) const {
  constexpr const char *constant_mark = "_CONSTANT_VALUE";
  if (!node.is_array() || node.empty())
    fail_at(layer, "its 'inbound_nodes' can't be read");
  if (node[0].is_string()) { // a single tensor, not in a list
    Json list = Json::array();
    list.push_back(std::move(node));
    node = std::move(list);
  }
  Call call(1);
  Json *arguments = nullptr;
  for (Json &item : node) {
    if (item.is_array() && item.size() >= 3 && item[0] == constant_mark)
      call[0].constant = item[2];
    else
      call[0].tensors.push_back(tensor(layer, item));
    if (!arguments && item.size() == 4 && item[3].is_object())
      arguments = &item[3];
  }
  if (arguments)
    old_arguments(layer, *arguments, call);
  return call;
}

std::vector<Call> Reader::calls(const std::string &layer, Json &nodes) const {
  std::vector<Call> result;
  if (nodes.is_null())
    return result;
  if (!nodes.is_array())
    fail_at(layer, "its 'inbound_nodes' is not a list");
  for (Json &node : nodes)
    result.push_back(node.is_object() ? new_call(layer, node) : old_call(layer, node));
  return result;
}

// A whole-model .h5 of Keras 3 leaves the module out; but layers there always have a dtype, and operations have none.
bool is_bare_operation(const Json &object, const Json &config, const Json &nodes) {
  if (const auto module = object.find("module"); module != object.end() && module->is_string())
    return module->get<std::string>().starts_with("keras.src.ops");
  const bool keras3 = nodes.is_array() && !nodes.empty() && nodes.front().is_object();
  return keras3 && config.is_object() && !config.contains("dtype") && !config.contains("layers");
}

LayerConfig Reader::layer(Json &object, int depth) {
  LayerConfig result;
  result.kind = name(member(object, "class_name"), "class name of a layer");
  Json &config = member(object, "config");
  if (!config.is_object() && !config.is_array())
    fail(fmt::format("a layer of class {} has no configuration", result.kind));
  Json &own_name = member(object, "name");
  result.name = own_name.is_string() ? name(own_name, "name of a layer")
                                     : name(member(config, "name"), "name of a layer (Sequential model of Keras 1?)");
  Json &nodes = member(object, "inbound_nodes");
  result.operation = is_bare_operation(object, config, nodes);
  result.calls = calls(result.name, nodes);
  if (config.is_array() || config.contains("layers"))
    result.model = std::make_unique<ModelConfig>(model(object, depth + 1));
  else
    result.arguments = std::move(config);
  return result;
}

// input_layers, output_layers: one reference, a list of them, or objects of them.
void Reader::references(const Json &value, std::vector<TensorRef> &found) const {
  if (is_reference(value))
    found.push_back(tensor("", value));
  else if (value.is_array() || value.is_object())
    for (const Json &item : value)
      references(item, found);
}

std::vector<int> shape_of(const Json &value) {
  std::vector<int> shape;
  if (!value.is_array())
    return shape;
  for (const Json &side : value)
    shape.push_back(side.is_null() ? -1 : as_integer(side).value_or(0)); // 0: of no use
  return shape;
}

// A Sequential model as calls, each layer of the one before.
void Reader::chain(ModelConfig &model, Json &config) const {
  if (model.layers.empty())
    fail(fmt::format("model '{}' has no layers", model.name));
  if (model.layers.front().kind != "InputLayer") {
    LayerConfig input;
    input.name = "input";
    input.kind = "InputLayer";
    input.arguments = Json::object();
    const LayerConfig *first = &model.layers.front();
    while (first->model && !first->model->layers.empty())
      first = &first->model->layers.front();
    if (const Json &shape = member(config, "build_input_shape"); shape.is_array())
      input.arguments["batch_shape"] = shape;
    for (const char *key : {"batch_input_shape", "batch_shape"})
      if (first->arguments.is_object() && first->arguments.contains(key))
        input.arguments["batch_shape"] = first->arguments[key];
    model.layers.insert(model.layers.begin(), std::move(input));
  }
  model.inputs = {model.layers.front().name};
  for (std::size_t i = 1; i < model.layers.size(); ++i)
    model.layers[i].calls = {{Operand{"", {{model.layers[i - 1].name, 0, 0}}, nullptr}}};
  model.outputs = {{model.layers.back().name, 0, 0}};
}

ModelConfig Reader::model(Json &object, int depth) {
  if (depth > deepest_model)
    fail(fmt::format("nests models more than {} deep", deepest_model));
  ModelConfig result;
  result.kind = name(member(object, "class_name"), "class name of the model");
  Json &config = member(object, "config");
  const bool bare = config.is_array(); // as Keras before 2.2.3 wrote Sequential models
  Json &layers = bare ? config : member(config, "layers");
  if (!layers.is_array())
    fail(fmt::format("its net is of the class '{}', whose code is not in the file: Convscope reads Functional and "
                     "Sequential models",
                     result.kind));
  const Json &own_name = member(config, "name");
  result.name = own_name.is_string() ? name(own_name, "name of the model") : "model";
  for (Json &item : layers)
    result.layers.push_back(layer(item, depth));
  if (bare || !config.contains("input_layers")) {
    chain(result, config);
    return result;
  }
  std::vector<TensorRef> inputs;
  references(member(config, "input_layers"), inputs);
  for (const TensorRef &input : inputs)
    result.inputs.push_back(input.layer);
  references(member(config, "output_layers"), result.outputs);
  if (result.inputs.empty() || result.outputs.empty())
    fail(fmt::format("model '{}' has no '{}'", result.name, result.inputs.empty() ? "input_layers" : "output_layers"));
  return result;
}

} // namespace

ModelConfig parse_model(const std::string &file, std::string_view text) {
  if (text.size() > longest_text)
    throw UserError(fmt::format("{}: its configuration has more than {} bytes", file, longest_text));
  const auto limit = [&](int depth, Json::parse_event_t, Json &) {
    if (depth > deepest_json)
      throw UserError(fmt::format("{}: its configuration is nested too deeply", file));
    return true;
  };
  Json document;
  try {
    document = Json::parse(text, limit);
  } catch (const Json::exception &) {
    throw UserError(fmt::format("{}: its configuration is not valid JSON", file));
  }
  return Reader(file).model(document, 0);
}

std::vector<int> batch_shape(const Arguments &arguments) {
  for (const char *key : {"batch_shape", "batch_input_shape"})
    if (const Json *shape = arguments.find(key))
      return shape_of(*shape);
  return {};
}

} // namespace convscope::keras
