#include "importer/keras/config.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/printable.h"
#include "importer/keras/weights.h"

namespace convscope::keras {

namespace {

constexpr std::size_t longest_text = std::size_t{16} << 20;
constexpr int deepest_json = 100; // nested models take about ten each
constexpr int deepest_model = 8;
constexpr std::size_t longest_name = 1000;
constexpr std::string_view beyond_json[] = {"NaN", "Infinity", "-Infinity"};

class Reader {
public:
  explicit Reader(const std::string &file) : file_(file) {}

  ModelConfig model(Json &object, int depth);

private:
  [[noreturn]] void fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", file_, what)); }

  Json &member(Json &object, const char *key) const;
  LayerConfig layer(Json &object, int depth);
  void unwrap(LayerConfig &layer) const;
  std::vector<Call> calls(Json &nodes) const;
  Call old_call(Json &node) const;
  Call new_call(Json &node) const;
  void old_arguments(Json &arguments, Call &call) const;
  TensorRef tensor(const Json &parts) const;
  bool tensors(const Json &value, std::vector<TensorRef> &found) const;
  void references(const Json &value, std::vector<TensorRef> &found) const;
  void chain(ModelConfig &model, Json &config) const;

  const std::string &file_;
};

// What is odd about one layer. The others are read.
struct Odd {
  std::string what;
};
[[noreturn]] void odd_calls() { throw Odd{"its 'inbound_nodes' can't be read"}; }

Json &Reader::member(Json &object, const char *key) const {
  static Json none;
  none = nullptr;
  if (!object.is_object())
    return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

// Names become parts of messages and of listings.
std::string usable(std::string text) {
  text.resize(std::min(text.size(), longest_name));
  return printable(text);
}

// "" where it is none.
std::string name_in(const Json &value) {
  const std::string *text = value.get_ptr<const std::string *>();
  return text ? usable(*text) : "";
}

bool is_reference(const Json &value) { // ["layer", 0, 0] or ["layer", 0, 0, {...}]
  return value.is_array() && value.size() >= 3 && value.size() <= 4 && value[0].is_string() &&
         value[1].is_number_integer() && value[2].is_number_integer();
}

TensorRef Reader::tensor(const Json &parts) const {
  if (!is_reference(parts))
    odd_calls();
  const std::optional<int> call = as_integer(parts[1]), output = as_integer(parts[2]);
  if (!call || !output || *call < 0 || *output < 0)
    odd_calls();
  return {name_in(parts[0]), *call, *output};
}

// The tensors of an argument in Keras 3's form: one or a list of them.
bool Reader::tensors(const Json &value, std::vector<TensorRef> &found) const {
  if (value.is_object()) {
    const auto kind = value.find("class_name");
    if (kind == value.end() || *kind != "__keras_tensor__")
      return false;
    const auto config = value.find("config");
    if (config == value.end() || !config->is_object() || !config->contains("keras_history"))
      odd_calls();
    found.push_back(tensor((*config)["keras_history"]));
    return true;
  }
  if (!value.is_array() || value.empty())
    return false;
  bool all = true;
  for (const Json &item : value)
    all = tensors(item, found) && all;
  return all;
}

Call Reader::new_call(Json &node) const {
  Call call;
  const auto take = [&](const std::string &key, Json &value) {
    Operand operand{key, {}, nullptr};
    if (!tensors(value, operand.tensors) && operand.tensors.empty())
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
void Reader::old_arguments(Json &arguments, Call &call) const {
  for (auto it = arguments.begin(); it != arguments.end(); ++it) {
    Operand operand{it.key(), {}, nullptr};
    if (is_reference(it.value()))
      operand.tensors.push_back(tensor(it.value()));
    else
      operand.constant = std::move(it.value());
    call.push_back(std::move(operand));
  }
}

Call Reader::old_call(Json &node) const {
  constexpr const char *constant_mark = "_CONSTANT_VALUE";
  if (!node.is_array() || node.empty())
    odd_calls();
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
      call[0].tensors.push_back(tensor(item));
    if (!arguments && item.size() == 4 && item[3].is_object())
      arguments = &item[3];
  }
  if (arguments)
    old_arguments(*arguments, call);
  return call;
}

std::vector<Call> Reader::calls(Json &nodes) const {
  std::vector<Call> result;
  if (nodes.is_null())
    return result;
  if (!nodes.is_array())
    odd_calls();
  for (Json &node : nodes)
    result.push_back(node.is_object() ? new_call(node) : old_call(node));
  return result;
}

// A whole-model .h5 of Keras 3 leaves the module out; but layers there always have a dtype, and operations have none.
bool is_bare_operation(const Json &object, const Json &config, const Json &nodes) {
  if (const auto module = object.find("module"); module != object.end() && module->is_string())
    return module->get<std::string>().starts_with("keras.src.ops");
  const bool keras3 = nodes.is_array() && !nodes.empty() && nodes.front().is_object();
  return keras3 && config.is_object() && !config.contains("dtype") && !config.contains("layers");
}

// Keras's own classes, TensorFlow's and those of Keras's sister projects; where the file names no module, those whose
// name has no package before it ("mine>My").
bool is_foreign(const Json &object, const std::string &kind) {
  if (kind.find('>') != std::string::npos)
    return true;
  const auto module = object.find("module"), registered = object.find("registered_name");
  if (module != object.end() && module->is_string()) {
    const std::string text = module->get<std::string>();
    return !text.starts_with("keras") && !text.starts_with("tf_keras") && !text.starts_with("tensorflow");
  }
  return registered != object.end() && registered->is_string() &&
         registered->get<std::string>().find('>') != std::string::npos;
}

bool is_nested_model(const Json &config) {
  if (!config.is_array() && !config.is_object())
    return false;
  if (config.is_object() && !config.contains("layers"))
    return false;
  const Json &layers = config.is_array() ? config : config["layers"];
  return layers.is_array() && std::all_of(layers.begin(), layers.end(), [](const Json &layer) {
           return layer.is_object() && layer.contains("class_name");
         });
}

// A layer that works as the one inside of it does outside of training.
void Reader::unwrap(LayerConfig &layer) const {
  Json inner = std::move(member(layer.arguments, "layer"));
  Json &config = member(inner, "config");
  layer.wrapper = std::exchange(layer.kind, name_in(member(inner, "class_name")));
  layer.foreign = layer.foreign || !inner.is_object() || is_foreign(inner, layer.kind);
  layer.arguments = config.is_object() ? std::move(config) : Json::object();
}

LayerConfig Reader::layer(Json &object, int depth) {
  LayerConfig result;
  result.arguments = Json::object();
  const std::string kind = name_in(member(object, "class_name"));
  Json &config = member(object, "config"), &nodes = member(object, "inbound_nodes");
  result.kind = kind.substr(kind.find_last_of('>') + 1); // find_last_of's npos + 1 is 0
  result.name = name_in(member(object, "name"));
  if (result.name.empty() && config.is_object())
    result.name = name_in(member(config, "name"));
  try {
    result.calls = calls(nodes);
    if (result.kind.empty())
      throw Odd{"its class has no name"};
    if (!config.is_object() && !config.is_array())
      throw Odd{"it has no configuration"};
    result.foreign = is_foreign(object, kind);
    result.operation = is_bare_operation(object, config, nodes);
    result.built_for = member(member(object, "build_config"), "input_shape");
    if (is_nested_model(config))
      result.model = std::make_unique<ModelConfig>(model(object, depth + 1));
    else if (config.is_object())
      result.arguments = std::move(config);
    if (result.kind == "SpectralNormalization")
      unwrap(result);
  } catch (const Odd &odd) {
    result.problem = odd.what;
    if (result.calls.empty())
      result.calls.resize(1);
  }
  return result;
}

// input_layers, output_layers: one reference, a list of them, or objects of them.
void Reader::references(const Json &value, std::vector<TensorRef> &found) const {
  if (is_reference(value))
    found.push_back(tensor(value));
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
    throw Odd{fmt::format("model '{}' has no layers", model.name)};
  if (model.layers.front().kind != "InputLayer") {
    LayerConfig input;
    input.name = "input";
    input.kind = "InputLayer";
    input.arguments = Json::object();
    const LayerConfig *first = &model.layers.front();
    while (first->model && !first->model->layers.empty())
      first = &first->model->layers.front();
    if (first->built_for.is_array())
      input.arguments["batch_shape"] = first->built_for;
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

// Layers without a name get one as Keras makes them; so do those of a Sequential model that have another's.
void name_layers(ModelConfig &model, bool sequential) {
  std::set<std::string> names;
  for (const LayerConfig &layer : model.layers)
    names.insert(layer.name);
  std::set<std::string> seen;
  for (LayerConfig &layer : model.layers) {
    if (!layer.name.empty() && (!sequential || seen.insert(layer.name).second))
      continue;
    const std::string stem = layer.name.empty() ? snake_case(layer.kind.empty() ? "Layer" : layer.kind) : layer.name;
    layer.name = stem;
    for (int number = 1; !names.insert(layer.name).second; ++number)
      layer.name = fmt::format("{}_{}", stem, number);
    seen.insert(layer.name);
  }
}

ModelConfig Reader::model(Json &object, int depth) {
  if (depth > deepest_model)
    fail(fmt::format("nests models more than {} deep", deepest_model));
  ModelConfig result;
  result.kind = name_in(member(object, "class_name"));
  if (result.kind.empty())
    throw Odd{"its configuration has no usable class name of the model"};
  Json &config = member(object, "config");
  const bool bare = config.is_array(); // as Keras before 2.2.3 wrote Sequential models
  Json &layers = bare ? config : member(config, "layers");
  if (!layers.is_array())
    throw Odd{fmt::format("its net is of the class '{}', whose code is not in the file: Convscope reads Functional "
                          "and Sequential models",
                          result.kind)};
  result.name = name_in(member(config, "name"));
  if (result.name.empty())
    result.name = "model";
  for (Json &item : layers)
    result.layers.push_back(layer(item, depth));
  const bool sequential = bare || !config.contains("input_layers");
  name_layers(result, sequential);
  if (sequential) {
    chain(result, config);
    return result;
  }
  std::vector<TensorRef> inputs;
  references(member(config, "input_layers"), inputs);
  for (const TensorRef &input : inputs)
    result.inputs.push_back(input.layer);
  references(member(config, "output_layers"), result.outputs);
  if (result.inputs.empty() || result.outputs.empty())
    throw Odd{
        fmt::format("model '{}' has no '{}'", result.name, result.inputs.empty() ? "input_layers" : "output_layers")};
  return result;
}

// Python writes numbers that JSON does not have: NaN, Infinity, -Infinity. They become null.
std::string without_infinities(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      quoted = !quoted;
    const std::string_view rest = text.substr(i);
    const auto word = std::find_if(std::begin(beyond_json), std::end(beyond_json),
                                   [&](std::string_view each) { return !quoted && rest.starts_with(each); });
    if (word != std::end(beyond_json)) {
      result += "null";
      i += word->size() - 1;
    } else {
      result += text[i];
      if (quoted && text[i] == '\\' && i + 1 < text.size())
        result += text[++i];
    }
  }
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
    document = Json::parse(without_infinities(text), limit);
  } catch (const Json::exception &) {
    throw UserError(fmt::format("{}: its configuration is not valid JSON", file));
  }
  try {
    return Reader(file).model(document, 0);
  } catch (const Odd &odd) {
    throw UserError(fmt::format("{}: {}", file, odd.what));
  }
}

std::vector<int> batch_shape(const Arguments &arguments) {
  for (const char *key : {"batch_shape", "batch_input_shape"})
    if (const Json *shape = arguments.find(key))
      return shape_of(*shape);
  return {};
}

} // namespace convscope::keras
