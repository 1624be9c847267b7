// One node of the file while it is taken over: its inputs, and what it adds to the graph.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "graph/inference.h"
#include "importer/onnx/attributes.h"
#include "importer/onnx/model_file.h"
#include "importer/onnx/not_supported.h"
#include "importer/onnx/tensor.h"
#include "importer/onnx/view.h"

namespace convscope::onnx_import {

// What a name of the file stands for.
struct Value {
  enum class Kind { constant, map, unsupported };
  Kind kind = Kind::unsupported;
  Tensor tensor;                            // of a constant
  onnx::TensorProto *initializer = nullptr; // a constant that is still in the file
  NodeId node = -1;                         // of a map (or Unsupported)
  View view{};                              // of a map: how it lies in the node
  std::vector<std::string> names{};         // by which the node, or what rearranges it, is to be found
  std::string op{};                         // that gave these names
  ElementType type = ElementType::float32;  // of a map: floats, or the whole numbers of which the picture is

  bool is_map() const { return kind == Kind::map; }
  Dims dims() const { return is_map() ? dims_of(view) : tensor.dims; }
  int rank() const { return static_cast<int>(is_map() ? view.size() : tensor.dims.size()); }
};

// What was decided at the size that a file fixes and stays so where it is gone through at another, by node.
struct OfFixedSize {
  std::unordered_set<std::string> global_pools; // windows that held the whole map
  std::unordered_map<std::string, Resize> resizes;
};

// What lasts longer than a step.
struct Translation {
  ModelFile &file;
  Graph graph{};
  Inference inference;
  int batch = 1;
  std::unordered_map<std::string, Value> values{};
  std::unordered_map<std::string, int> uses{};  // of a value that are still to come
  std::unordered_map<std::string, int> names{}; // of the graph's nodes, and how often each was wished for
  std::vector<bool> named{};                    // by node
  // Of elements that folding and copying may still make, and of multiplications. Each element that the file really has
  // allows for more (`earn`), so that a small file takes little time and memory, whatever it says.
  std::int64_t budget = std::int64_t{1} << 26, work = std::int64_t{1} << 26;
  int misfits = 0;                     // steps whose inputs' sizes did not go together
  bool any_size = false;               // the file leaves the picture's size open
  bool measures = false;               // something in it follows from the picture's size
  OfFixedSize decided{};               // here
  const OfFixedSize *before = nullptr; // at the size that the file fixes, where this is another

  Translation(ModelFile &model, Shape input, int images) : file(model), inference(graph, input), batch(images) {}
  Sides sides(NodeId id) const { return {batch, inference.shape(id)}; }
  std::string unique(const std::string &name);
  // NotSupported beyond the budget.
  void spend(std::int64_t elements);
  void spend_work(std::int64_t multiplications);
  void earn(std::int64_t elements);
  // Adds the node, or throws NotSupported where it does not fit its inputs. `name` is for errors: it is named later.
  NodeId add(Op op, std::vector<NodeId> inputs, const std::string &name, const std::string &kind);
  NodeId add_unsupported(const std::string &name, const std::string &kind, const std::string &reason,
                         std::vector<NodeId> inputs);
  void name_layer(NodeId id, const std::vector<std::string> &with, const std::string &kind);
  void name_inner(NodeId id, const std::string &name, const std::string &kind);
  Node &node(NodeId id) { return graph.nodes[static_cast<std::size_t>(id)]; }
  // The value of that name, read from the file where it was not yet; null where nothing makes it. NotSupported where it
  // can't be read.
  Value *find(const std::string &name);
  // Makes the names of a value a node's.
  void settle(Value &value);
};

// Which dimensions of a value are a node's c, h and w; the others are n or one long.
using Arrangement = std::array<std::vector<int>, 3>;

class Step {
public:
  Step(Translation &translation, onnx::NodeProto &node);

  // The file's name of it, for errors and layers: its own, or its first output's.
  const std::string &name() const { return name_; }
  const std::string &op() const { return node_.op_type(); }
  int opset() const { return opset_; }
  const Attributes &attributes() const { return attributes_; }
  [[noreturn]] void fail(const std::string &what) const;        // NotSupported: the node is damaged
  [[noreturn]] void unsupported(const std::string &what) const; // NotSupported: such a use of the op is unknown here
  [[noreturn]] void misfit(const std::string &what) const;      // the same, and perhaps another input size would do

  std::size_t inputs() const { return static_cast<std::size_t>(node_.input_size()); }
  bool has(std::size_t i) const { return i < inputs() && !node_.input(static_cast<int>(i)).empty(); }
  bool is_constant(std::size_t i) { return value(i).kind == Value::Kind::constant; }
  bool all_constant();
  Value &value(std::size_t i);
  // A constant input; NotSupported where it is none, with `what` it is ("weights").
  const Tensor &constant(std::size_t i, std::string_view what);
  Tensor take(std::size_t i, std::string_view what); // moved where nobody else needs it
  Tensor take(Value &constant, const std::string &name);
  // An input as a map; a constant becomes a node.
  Value &map(std::size_t i = 0);
  Dims dims(std::size_t i) { return has(i) ? value(i).dims() : Dims{}; }
  // A dimension of a value of that rank; negative ones count from the end.
  int dimension(std::int64_t axis, int rank) const;
  // Axes in an attribute or, of newer opsets, an input.
  std::optional<std::vector<std::int64_t>> axes(std::size_t input);

  // The tensor in an attribute; nothing where it has none.
  std::optional<Tensor> tensor_attribute(std::string_view name);

  // Values that go into the graph must be finite: NotSupported where they are not.
  Floats weights(Tensor tensor) const;

  std::size_t outputs() const { return static_cast<std::size_t>(node_.output_size()); }
  bool names_output(std::size_t output) const; // the others are left out
  bool wants(std::size_t output) const;        // somebody uses it
  NodeId add(Op op, std::vector<NodeId> inputs);
  Shape shape(NodeId id) const { return translation_.inference.shape(id); }
  Sides sides(NodeId id) const { return translation_.sides(id); }
  const Graph &graph() const { return translation_.graph; }
  Translation &translation() { return translation_; }
  void count_parameters(std::int64_t parameters) { parameters_ += parameters; }

  // ---- Outputs ----
  void put(Value value, std::size_t output = 0);
  void put_map(NodeId id, View view, std::size_t output = 0);
  void put_map(NodeId id, const std::string &layout, std::size_t output = 0);
  void put_constant(Tensor tensor, std::size_t output = 0);
  void put_same(std::size_t input = 0, std::size_t output = 0); // the input under another name

  // ---- Arrangements ----
  // A node that has these dimensions of the value as its c, h and w. The value then is of that node.
  NodeId arrange(Value &value, const Arrangement &arrangement);
  NodeId arrange(Value &value, const std::string &layout); // '1': one long
  // The value's layout, after it has been arranged where it had none.
  std::string layout(Value &value);
  // The convolutions': n, c, and h and w or w alone.
  NodeId channels_first(Value &value);
  static std::string channels_first_layout(int rank) { return rank == 2 ? "nc" : rank == 3 ? "ncw" : "nchw"; }

  void finish(); // names what it added
  // What it put there, or null.
  Value *made(std::size_t output);

private:
  Translation &translation_;
  onnx::NodeProto &node_;
  const Reading *reading_; // or null
  int opset_;
  std::string name_;
  Attributes attributes_;
  NodeId first_;                        // of the nodes that it adds
  std::map<std::size_t, Value> made_{}; // maps of constants
  std::int64_t parameters_ = 0;
};

// Layouts with a label for each dimension that is not one long, of `dims` (a result of broadcasting), going on from
// `layout`, which is aligned at the end. NotSupported where more than three sides are needed.
std::string completed_layout(const std::string &layout, const Dims &dims);

} // namespace convscope::onnx_import
