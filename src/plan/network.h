// Lowers a graph, cut at the layers asked for, to steps of a plan: forward, and the gradient with respect to
// the input. Batch-norms fold into convolutions, ReLUs and residual additions into epilogues.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "params.h"
#include "plan/conv.h"
#include "plan/conv_backend.h"
#include "plan/conv_params.h"
#include "plan/conv_profile.h"
#include "plan/fusion.h"
#include "plan/plan.h"
#include "plan/slices.h"
#include "plan/weights.h"

namespace convscope {

// Where a backward kernel leaves its gradient: overwrite or add, and the ReLU mask (words as in
// shaders/params.h) to apply to the result; none where there is no ReLU or other contributions follow.
struct GradientTarget {
  TensorId tensor = TensorId::none;
  bool accumulate = false;
  TensorId mask = TensorId::none;
  bool mask_of_sum = true; // else of what is added: a convolution's only
  // EPILOGUE_ACCUMULATE or EPILOGUE_ADD_MASKED, and EPILOGUE_MASK_READ, as they apply.
  std::uint32_t epilogue() const;
  Use use() const { return accumulate ? updates(tensor) : writes(tensor); }
  // A tensor to bind where the kernel's mask goes, also when there is none.
  TensorId mask_or(TensorId other) const { return mask == TensorId::none ? other : mask; }
};

// Of a net that runs at several sizes of its input: its convolutions at that by which back ends and packings are
// chosen, by their weights' keys, so that weights are on the device once.
using ConvShapes = std::map<std::string, gpu::ConvParams>;

struct NetworkOptions {
  Shape input; // channels, height, width as the net takes them
  int batch = 1;
  std::vector<NodeId> targets;  // layers whose outputs are wanted
  bool backward = false;        // keep what the backward pass needs
  bool revive = false;          // also append the steps of Variant::revive
  bool exact_decisions = false; // ReLUs and max pools of the backward pass decide by values in double, if they can
  Precision precision = Precision::fp32;
  ConvBackend backend = ConvBackend::automatic;
  const ConvProfile *profile = nullptr; // measured choices, where there are any
  const SharedTile *tile = nullptr;     // of the shared back ends; else by device and shape
  ConvShapes *note_shapes = nullptr;    // of a network at that size: where its convolutions go
  const ConvShapes *shapes = nullptr;   // of one at another size
  std::uint64_t max_binding_bytes = 0;  // of one tensor; 0: the device's limit. Larger dense weights run in parts
};

// Of a tensor of this shape in a larger one's place: sides of 1 are repeated.
gpu::Strides repeated_strides(const Shape &shape);

// Tensors are float32 (N,C,H,W), contiguous. Throws UserError where the input does not fit the net.
class Network {
public:
  Network(Plan &plan, Weights &weights, const Graph &graph, const NetworkOptions &options);

  const Shape &shape(NodeId node) const { return shapes_.at(static_cast<std::size_t>(node)); }
  // Appends the forward steps: `input` is (batch, C, H, W), preprocessed.
  void forward(TensorId input);
  // Of a target, after forward(): (batch, C, H, W) of shape(target).
  TensorId output(NodeId target) const { return values_.at(static_cast<std::size_t>(target)); }

  // After forward(): whether ReLUs or max pools decide by values in float32 what exact_decisions asks doubles for.
  bool decides_by_rounding() const;

  // What forward() and backward() appended, by their steps' labels.
  const std::vector<std::pair<std::string, gpu::ConvParams>> &convolutions() const { return convolutions_; }

  // A seed appends steps that leave the objective's gradient with respect to a target's output in the
  // GradientTarget; several seeds may name one node. With options.revive it is called twice where the target has
  // a mask: for the usual recording, and without the mask for the revive recording (the plan's variant is set).
  using Seed = std::pair<NodeId, std::function<void(const GradientTarget &)>>;
  // Appends the backward steps, after forward(), and returns the gradient with respect to the input.
  TensorId backward(const std::vector<Seed> &seeds);

private:
  struct Kept { // for the backward pass, by output node
    TensorId mask = TensorId::none;
    TensorId arg_max = TensorId::none;
    // Of a Unary its derivative, if its input is known in double; of a maximum or minimum of two which it took; of a
    // Normalize 1 / deviation; of an Lrn its sums.
    TensorId aside = TensorId::none;
  };
  // A convolution's value that is written where a Concat wants it, and whose gradient is read there
  // (network_parts.cpp).
  struct Part {
    NodeId whole = -1; // or it is a tensor of its own
    int channel = 0;   // of the whole, its first
  };
  struct Forward;  // what each op does,
  struct Backward; // its gradient,
  struct Exact;    // and that in double
  using Contribution = std::function<void(const GradientTarget &)>;

  const Node &node(NodeId id) const { return graph_.nodes.at(static_cast<std::size_t>(id)); }
  NodeId largest() const; // of all values
  std::size_t bytes(NodeId id) const;
  std::uint64_t max_binding() const;
  void check_fits(NodeId id) const; // throws UserError
  gpu::MapParams map_params(NodeId id) const;
  gpu::ActivationParams activation_params(const FusedOp &op) const;
  std::array<std::uint32_t, 3> element_groups(NodeId id) const; // of kernels whose threads do one element
  std::array<std::uint32_t, 3> map_groups(NodeId id) const;     // of kernels whose threads do 32 channels of a pixel
  std::array<std::uint32_t, 3> quad_groups(NodeId id) const;    // of map_quads.glsl: of four pixels
  std::uint32_t whole_quads(NodeId id) const;                   // its ALIGNED
  TensorId value(NodeId id) const { return values_.at(static_cast<std::size_t>(id)); }
  TensorId exact(NodeId id) const { return exact_.at(static_cast<std::size_t>(id)); }
  std::string key_of(NodeId id) const; // what its constants on the device go by
  template <typename Number> TensorId constant(const std::string &key, const std::vector<Number> &values) {
    const std::string full_key = graph_.name + "/" + key;
    return plan_.external(full_key, weights_.get(full_key, [&] { return values; }));
  }
  TensorId constant(const std::string &key, const Floats &values) {
    return constant<float>(key, static_cast<const std::vector<float> &>(values));
  }
  // Of the op's value, or of the whole that it is part of. `zeros`: for kernels that only set bits.
  TensorId make_mask(const FusedOp &op, bool zeros = false);
  bool wants_mask(const FusedOp &op) const { return op.relu && options_.backward; }

  void find_parts();
  bool can_be_part(const FusedOp &op) const;
  const Part &part(NodeId id) const { return parts_.at(static_cast<std::size_t>(id)); }
  NodeId owner(NodeId id) const { return part(id).whole >= 0 ? part(id).whole : id; } // of its memory
  bool is_whole(const FusedOp &op) const { return !op.inputs.empty() && part(op.inputs.front()).whole == op.output; }
  TensorId make_value(NodeId id);
  void forward_op(const FusedOp &op);
  void forward_conv(const FusedOp &op);
  void forward_dense(const FusedOp &op);
  void forward_add(const FusedOp &op);
  void forward_scale_shift(const FusedOp &op);
  TensorId scale_of(NodeId scale_shift);
  void forward_unary(const FusedOp &op); // PRelu too
  TensorId slopes_or(const FusedOp &op, TensorId other);
  void forward_max_pool(const FusedOp &op);
  void forward_avg_pool(const FusedOp &op);
  void forward_binary(const FusedOp &op);
  gpu::BinaryParams binary_params(const FusedOp &op) const;
  Slices slices(const Shape &shape, Axes axes, int channel_groups = 1, double epsilon = 0,
                int channels_of_net = 0) const;
  // `place`: of an extreme, for the backward pass.
  void reduce(const std::string &label, const Slices &slices, Reduction reduction, TensorId from,
              const GradientTarget &to, TensorId place = TensorId::none);
  void forward_reduce(const FusedOp &op);
  Slices normalize_slices(const FusedOp &op) const;
  void forward_normalize(const FusedOp &op);
  void forward_softmax(const FusedOp &op);
  gpu::LrnParams lrn_params(const FusedOp &op) const;
  void forward_lrn(const FusedOp &op);
  void forward_copy(const FusedOp &op);   // of copy_params.h
  void forward_gather(const FusedOp &op); // of taps.h
  void pad(const std::string &label, TensorId from, const Shape &in, const Shape &out, int top, int left,
           const GradientTarget &to);

  // Whether that is asked for, the device has doubles, and it can bind tensors of them. Else float32 decides.
  bool decides_exactly() const;
  void decide_exactly(TensorId input); // after the forward pass in float32, whose decisions it replaces
  void exact_op(const FusedOp &op);
  TensorId exact_tensor(NodeId id);
  TensorId exact_conv(const FusedOp &op);
  TensorId exact_dense(const FusedOp &op);
  void append_exact_sums(const FusedOp &op, const gpu::ConvParams &params, TensorId weights, TensorId to);
  TensorId exact_pool(const FusedOp &op);
  TensorId exact_copy(const FusedOp &op);
  TensorId exact_gather(const FusedOp &op);
  TensorId exact_unary(const FusedOp &op);
  TensorId exact_binary(const FusedOp &op);
  TensorId exact_reduce(const FusedOp &op);
  TensorId exact_normalize(const FusedOp &op);
  TensorId exact_softmax(const FusedOp &op);
  TensorId exact_lrn(const FusedOp &op);
  TensorId exact_map(const FusedOp &op, TensorId from, const std::vector<TensorId> &added);

  void backward_op(const FusedOp &op);
  void backward_conv(const FusedOp &op, TensorId from);
  const FusedOp *scaled_norm(const FusedOp &conv) const;
  void backward_dense(const FusedOp &op, TensorId from);
  void backward_unary(const FusedOp &op, TensorId from);
  void backward_max_pool(const FusedOp &op, TensorId from);
  void backward_avg_pool(const FusedOp &op, TensorId from);
  void binary_gradient(const FusedOp &op, std::size_t side, TensorId from, const GradientTarget &to);
  void backward_binary(const FusedOp &op, TensorId from);
  void backward_reduce(const FusedOp &op, TensorId from);
  void backward_normalize(const FusedOp &op, TensorId from);
  void backward_softmax(const FusedOp &op, TensorId from);
  void backward_lrn(const FusedOp &op, TensorId from);
  void backward_copy(const FusedOp &op, TensorId from);
  void backward_gather(const FusedOp &op, TensorId from);
  // A gradient that no further step reads becomes that of another value, to which nothing was contributed yet; false
  // where it can't.
  bool hand_over(NodeId to, TensorId from);
  // The mask that the next contribution to a value's gradient applies: of its ReLU, if that is the last one.
  TensorId next_mask(NodeId root) const;
  // Appends steps of the usual recording, and, where its mask blocks, those of the one that revives.
  void by_variant(TensorId mask, const std::function<void()> &usual, const std::function<void()> &revive);
  void pass_gradient(const std::string &label, NodeId to, TensorId from);            // dx (+)= dy
  void scale_gradient(const FusedOp &norm, TensorId from, const GradientTarget &to); // dx (+)= dy * scale
  void redirect(NodeId root, TensorId gradient, TensorId mask);
  // Hands one contribution to a value's gradient to the kernel that makes it.
  void contribute(NodeId to, const Contribution &write);

  std::vector<gpu::CopyParams> copies(const FusedOp &op) const; // of each input
  void copy_elements(const std::string &label, const gpu::CopyParams &params, TensorId from, const GradientTarget &to);
  struct GatherTables {
    TensorId starts, taps;
    bool whole_planes; // every position of a plane has its value from the same position of others
  };
  template <typename Number> GatherTables gather_tables(const FusedOp &op, bool backward);
  gpu::GatherParams gather_params(const FusedOp &op, bool backward) const;
  void gather(const std::string &label, const FusedOp &op, bool backward, TensorId from, const GradientTarget &to);
  template <typename Number> TensorId constant_value(NodeId id); // of a Constant, (batch, C, H, W)

  struct ConvBindings {
    TensorId in, bias, out, residual, mask; // none where the epilogue has no use for it
  };
  using MakeWeights = std::function<std::vector<float>()>; // (groups*out_c, in_c, kernel_h, kernel_w)
  // `of_net` is of all the channels that the net's convolution has: by these its kernel is chosen, so that an image is
  // the same whatever channels its company asks for.
  void conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
            const gpu::ConvParams &of_net, const MakeWeights &weights, std::uint32_t epilogue,
            const ConvBindings &bindings);
  // The params at the size that chooses.
  const gpu::ConvParams &sized(const std::string &key, const gpu::ConvParams &params) const;
  ConvKernel kernel_of(const gpu::ConvParams &params, const gpu::ConvParams &sized, std::uint32_t epilogue,
                       ConvBackend backend, bool whole = false) const;
  void plain_conv(const std::string &label, const std::string &key, const ConvKernel &kernel,
                  const gpu::ConvParams &params, const MakeWeights &packed_weights, std::uint32_t epilogue,
                  const ConvBindings &bindings, double flops);
  void winograd_conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
                     const gpu::ConvParams &sized, const MakeWeights &weights, std::uint32_t epilogue,
                     const ConvBindings &bindings, int tile);
  bool chooses_columns(const gpu::ConvParams &forward) const;
  bool chooses_depthwise_adjoint(const gpu::ConvParams &forward) const;
  void depthwise_adjoint_conv(const std::string &label, const std::string &key, const gpu::ConvParams &forward,
                              const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings);
  void columns_conv(const std::string &label, const std::string &key, const std::vector<gpu::ConvParams> &parts,
                    const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings);
  void columns_adjoint(const std::string &label, const std::string &key, const gpu::ConvParams &forward,
                       const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings);
  ConvBackend asked_for(const gpu::ConvParams &params) const;
  ConvBackend choose(const gpu::ConvParams &params) const;
  Window window(const Window &window, NodeId input, const Padding &extra = {}) const;
  // The adjoint of a convolution: a Conv's gradient, or a ConvTranspose. With a ScaleShift before the Conv that of
  // both.
  void adjoint_conv(const std::string &label, const FusedOp &op, std::uint32_t epilogue, const ConvBindings &bindings,
                    NodeId norm = -1);
  // Of the forward pass; for a ConvTranspose those of the convolution that it is the adjoint of.
  gpu::ConvParams conv_params(const FusedOp &op) const;
  gpu::ConvParams params_of_net(const FusedOp &op, const gpu::ConvParams &forward) const; // of all its channels
  std::string folded_name(const FusedOp &op) const; // of a convolution and its batch-norms
  gpu::PoolParams pool_params(const FusedOp &op) const;
  int dense_rows_at_once(std::int64_t in_features) const; // that the device can bind
  TensorId dense_weights(const FusedOp &op, int first_row, int rows);
  NodeId value_root(NodeId id) const; // through views, whose memory is their input's
  bool varies(NodeId id) const { return varies_.at(static_cast<std::size_t>(id)); }

  Plan &plan_;
  Weights &weights_;
  const Graph &graph_;
  NetworkOptions options_;
  std::vector<Shape> shapes_;
  std::vector<FusedOp> ops_;
  std::vector<TensorId> values_, gradients_; // by node
  std::vector<bool> varies_;                 // by node: with the graph's input, else no gradient passes
  std::vector<TensorId> exact_;              // values in double, by node; none where they aren't known
  std::vector<Kept> kept_;                   // by node
  std::vector<Part> parts_;                  // by node
  std::vector<std::pair<std::string, gpu::ConvParams>> convolutions_;
  std::vector<int> contributions_left_; // by node
  std::vector<bool> passed_on_;         // by node: the gradient of its input has what its own would give
};

} // namespace convscope
