#include "importer/onnx/translator.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "base/printable.h"
#include "importer/onnx/folds.h"
#include "importer/onnx/heads.h"
#include "importer/onnx/inputs.h"
#include "importer/onnx/ops.h"
#include "importer/onnx/scopes.h"
#include "importer/onnx/step.h"
#include "importer/onnx/whole_numbers.h"
#include "importer/preprocessing.h"

namespace convscope::onnx_import {

namespace {

class Translator {
public:
  Translator(ModelFile &file, const InputPlan &input, const OfFixedSize *before)
      : file_(file), input_(input), translation_(file, input.shape, input.batch) {
    translation_.any_size = input.any_size;
    translation_.before = before;
  }

  void define_inputs(const Inputs &inputs, const OnnxOptions &options);
  void run();
  Translated take();

private:
  void define(const std::string &name, Value value);
  void define_initializers(onnx::GraphProto &graph);
  void count_uses(const onnx::GraphProto &graph);
  void take_over(onnx::NodeProto &node);
  void take_over(Step &step, onnx::NodeProto &node);
  void take_constants(Step &step, const onnx::NodeProto &node, Rule fold);
  void take_branch(Step &step, onnx::NodeProto &node);
  void give_up(Step &step, onnx::NodeProto &node, const std::string &reason);
  void consume(const onnx::NodeProto &node);
  void release(const std::string &name);
  OnnxOutput output(const std::string &name);

  ModelFile &file_;
  InputPlan input_;
  Translation translation_;
  std::unordered_set<std::string> defined_;
};

void Translator::define(const std::string &name, Value value) {
  if (!defined_.insert(name).second)
    file_.fail(fmt::format("has two values of the name '{}'", name));
  translation_.values[name] = std::move(value);
}

void Translator::define_initializers(onnx::GraphProto &graph) {
  for (onnx::TensorProto &initializer : *graph.mutable_initializer()) {
    Value value{Value::Kind::constant, {}, &initializer};
    define(initializer.name(), std::move(value));
  }
}

void Translator::define_inputs(const Inputs &inputs, const OnnxOptions &options) {
  define_initializers(file_.graph());
  const NodeId id = translation_.add(Input{}, {}, input_.name, "Input");
  translation_.name_layer(id, {input_.name}, "Input");
  Value picture{Value::Kind::map, {}, nullptr, id, labelled(input_.layout, translation_.sides(id))};
  picture.type = input_.type;
  define(input_.name, std::move(picture));
  for (const FurtherInput &input : inputs.others) {
    if (input.value)
      define(input.name, {Value::Kind::constant, *input.value});
    else
      define(
          input.name,
          {Value::Kind::unsupported, {}, nullptr, translation_.add_unsupported(input.name, "Input", input.reason, {})});
  }
  for (const auto &[name, bytes] : options.constants) {
    if (name == input_.name)
      continue;
    onnx::TensorProto proto;
    if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
      file_.fail(fmt::format("the value of '{}' is no tensor", name));
    try {
      define(name, {Value::Kind::constant, file_.read(proto, name)});
    } catch (const NotSupported &error) {
      file_.fail(error.what());
    }
  }
  for (const onnx::SparseTensorProto &sparse : file_.graph().sparse_initializer())
    if (const std::string &name = sparse.values().name(); !name.empty() && defined_.count(name) == 0)
      define(name,
             {Value::Kind::unsupported,
              {},
              nullptr,
              translation_.add_unsupported(name, "Initializer", "it is a sparse tensor, which can't be read", {})});
}

void Translator::count_uses(const onnx::GraphProto &graph) {
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &input : needs_of(node))
      ++translation_.uses[input];
  for (const onnx::ValueInfoProto &out : graph.output())
    ++translation_.uses[out.name()];
}

void Translator::run() {
  count_uses(file_.graph());
  for (onnx::NodeProto &node : *file_.graph().mutable_node())
    take_over(node);
}

bool is_standard(const onnx::NodeProto &node) { return node.domain().empty() || node.domain() == "ai.onnx"; }

void Translator::take_over(onnx::NodeProto &node) {
  for (const std::string &out : node.output())
    if (!out.empty() && !defined_.insert(out).second)
      file_.fail(fmt::format("node '{}' ({}): makes '{}', which is made already", node.name(), node.op_type(), out));
  if (node.output_size() == 0)
    return consume(node);
  Step step(translation_, node);
  std::string reason;
  try {
    take_over(step, node);
  } catch (const NotSupported &error) {
    reason = error.what();
  }
  step.finish();
  give_up(step, node, reason);
  consume(node);
}

void Translator::take_over(Step &step, onnx::NodeProto &node) {
  if (const Reading *reading = file_.reading(node); reading != nullptr && !reading->refusal.empty())
    throw NotSupported(reading->refusal);
  for (std::size_t i = 0; i < step.inputs(); ++i)
    if (step.has(i) && step.value(i).kind == Value::Kind::unsupported)
      throw NotSupported(fmt::format("comes after '{}'", translation_.node(step.value(i).node).name));
  check_whole_numbers(step);
  if (is_standard(node) && node.op_type() == "If")
    return take_branch(step, node);
  if (is_standard(node) && step.all_constant())
    if (const Rule fold = fold_of(node.op_type()))
      return take_constants(step, node, fold);
  if (const Rule rule = rule_of(node.domain(), node.op_type())) {
    rule(step);
    return pass_whole_numbers(step);
  }
  throw NotSupported(unknown_op(node.domain(), node.op_type()));
}

// What hangs on no size is computed once, however often the file is gone through.
void Translator::take_constants(Step &step, const onnx::NodeProto &node, Rule fold) {
  if (const std::vector<Tensor> *known = file_.folded(node)) {
    for (std::size_t i = 0; i < known->size(); ++i)
      step.put_constant((*known)[i], i);
    return;
  }
  fold(step);
  std::vector<Tensor> outputs;
  for (const std::string &output : node.output()) {
    const auto made = translation_.values.find(output);
    if (made == translation_.values.end() || made->second.kind != Value::Kind::constant || made->second.tensor.measured)
      return;
    outputs.push_back(made->second.tensor);
  }
  file_.keep_folded(node, std::move(outputs));
}

// An If whose condition is known at this size is the branch that it chooses.
void Translator::take_branch(Step &step, onnx::NodeProto &node) {
  const Tensor &condition = step.constant(0, "condition");
  if (condition.elements() != 1)
    step.fail(fmt::format("has a condition of {}", dims_text(condition.dims)));
  const char *name = condition.at(0) != 0 ? "then_branch" : "else_branch";
  const auto chosen = std::find_if(node.mutable_attribute()->begin(), node.mutable_attribute()->end(),
                                   [&](const auto &attribute) { return attribute.name() == name; });
  if (chosen == node.mutable_attribute()->end() || !chosen->has_g())
    step.fail(fmt::format("has no {}", name));
  onnx::GraphProto &branch = *chosen->mutable_g();
  if (branch.output_size() != node.output_size())
    step.fail(fmt::format("has {} outputs, and its {} has {}", node.output_size(), name, branch.output_size()));
  define_initializers(branch);
  count_uses(branch);
  for (onnx::NodeProto &inner : *branch.mutable_node())
    take_over(inner);
  for (int i = 0; i < branch.output_size(); ++i) {
    const std::string &from = branch.output(i).name();
    Value *value = translation_.find(from);
    if (value == nullptr)
      step.fail(fmt::format("gives '{}', which nothing in its {} makes", from, name));
    if (value->kind == Value::Kind::unsupported)
      translation_.values[node.output(i)] = {Value::Kind::unsupported, {}, nullptr, value->node};
    else if (value->kind == Value::Kind::constant)
      step.put_constant(step.take(*value, from), static_cast<std::size_t>(i));
    else
      step.put_map(value->node, value->view, static_cast<std::size_t>(i));
    if (--translation_.uses[from] == 0)
      release(from);
  }
}

// Outputs that were not put become Unsupported, but for those beside others that nobody uses.
void Translator::give_up(Step &step, onnx::NodeProto &node, const std::string &reason) {
  std::vector<NodeId> inputs;
  for (const std::string &name : needs_of(node))
    if (const auto value = translation_.values.find(name);
        value != translation_.values.end() && value->second.kind != Value::Kind::constant &&
        std::find(inputs.begin(), inputs.end(), value->second.node) == inputs.end())
      inputs.push_back(value->second.node);
  NodeId id = -1;
  const auto was_put = [&](const std::string &out) { return translation_.values.count(out) != 0; };
  const bool any = std::any_of(node.output().begin(), node.output().end(), was_put);
  for (const std::string &out : node.output()) {
    if (out.empty() || was_put(out) || (any && translation_.uses[out] == 0))
      continue;
    if (id < 0) {
      const std::string &name = out == node.output(0) ? step.name() : out;
      id = translation_.add_unsupported(
          name, node.op_type(),
          reason.empty() ? fmt::format("op '{}': its output '{}' is not supported", step.op(), out) : reason, inputs);
      if (out != name)
        translation_.node(id).aliases.push_back(printable(out));
    } else {
      translation_.node(id).aliases.push_back(printable(out));
    }
    translation_.values[out] = {Value::Kind::unsupported, {}, nullptr, id};
  }
}

// Values that nobody needs any more go; what only renames a node leaves its name there.
void Translator::release(const std::string &name) {
  const auto found = translation_.values.find(name);
  if (found == translation_.values.end())
    return;
  translation_.settle(found->second);
  translation_.values.erase(found);
}

void Translator::consume(const onnx::NodeProto &node) {
  for (const std::string &input : needs_of(node))
    if (--translation_.uses[input] == 0)
      release(input);
  for (const std::string &out : node.output())
    if (!out.empty() && translation_.uses[out] == 0)
      release(out);
}

OnnxOutput Translator::output(const std::string &name) {
  OnnxOutput output;
  output.name = name;
  const auto found = translation_.values.find(name);
  if (found == translation_.values.end())
    return output;
  Value &value = found->second;
  if (value.initializer != nullptr)
    return output;
  output.shape = value.dims();
  if (value.kind == Value::Kind::constant) {
    output.constant = true;
    for (std::int64_t i = 0; i < value.tensor.elements(); ++i)
      output.values.push_back(value.tensor.at(i));
  }
  if (!value.is_map())
    return output;
  onnx::NodeProto node;
  node.set_name(name);
  node.set_op_type("Output");
  Step step(translation_, node);
  try {
    output.layout = step.layout(value);
    output.node = value.node;
  } catch (const NotSupported &) {
    // It lies in its node in a way that nobody asks for.
  }
  step.finish();
  translation_.settle(value);
  return output;
}

// The name of a file's output means that one, where a node has it for another value.
void own_name(Graph &graph, const OnnxOutput &output) {
  for (std::size_t id = 0; id < graph.nodes.size(); ++id)
    if (static_cast<NodeId>(id) != output.node)
      std::erase(graph.nodes[id].aliases, printable(output.name));
}

// Pictures of 0..255, of which a signed byte has the middle at 0.
Preprocessing of_whole_numbers(ElementType type, int channels) {
  const char *way = type == ElementType::int8 ? "range=-128,127" : type == ElementType::boolean ? "raw01" : "raw255";
  return of_channels(parse_preprocessing(way), channels, "the input");
}

Translated Translator::take() {
  OnnxImport result;
  for (const onnx::ValueInfoProto &out : file_.graph().output())
    result.outputs.push_back(output(out.name()));
  for (auto &[name, value] : translation_.values)
    translation_.settle(value);
  result.input = input_.shape;
  result.batch = input_.batch;
  result.graph = std::move(translation_.graph);
  result.graph.name = file_.stem();
  result.graph.input = input_.shape;
  result.graph.preprocessing = raw_preprocessing(input_.shape.c);
  if (!is_real(input_.type))
    result.graph.preprocessing = of_whole_numbers(input_.type, input_.shape.c);
  for (const OnnxOutput &out : result.outputs)
    if (out.node >= 0)
      own_name(result.graph, out);
  find_heads(result);
  return {std::move(result),
          input_.any_size,
          translation_.measures,
          translation_.misfits,
          "",
          std::move(translation_.decided)};
}

// What is wrong where no layer can be shown, or "".
std::string nothing_shown(const Graph &graph) {
  const Node *first = nullptr;
  for (const Node &node : graph.nodes) {
    if (std::holds_alternative<Unsupported>(node.op))
      first = first == nullptr && node.kind != "Input" ? &node : first;
    else if (node.layer && !std::holds_alternative<Input>(node.op))
      return "";
  }
  if (first == nullptr)
    return "has no layer that could be shown";
  return fmt::format("nothing of it can be shown: node '{}' can't be run: {}", first->name,
                     std::get<Unsupported>(first->op).reason);
}

// `before`: null at the size that the file fixes, where `open` is of what it leaves open.
Translated go_through(ModelFile &file, const OnnxOptions &options, Size open, const OfFixedSize *before) {
  file.rewind();
  Inputs inputs = plan_inputs(file, options, open, before != nullptr);
  Translator translator(file, inputs.picture, before);
  translator.define_inputs(inputs, options);
  translator.run();
  Translated translated = translator.take();
  translated.result.graph.notes = std::move(inputs.notes);
  translated.nothing = nothing_shown(translated.result.graph);
  return translated;
}

} // namespace

Translated translate(ModelFile &file, const OnnxOptions &options, Size open) {
  return go_through(file, options, open, nullptr);
}

Translated translate_at(ModelFile &file, const OnnxOptions &options, Size size, const OfFixedSize &before) {
  return go_through(file, options, size, &before);
}

} // namespace convscope::onnx_import
