// Ops that put elements elsewhere, forward, backward and in double: strided copies (copy_params.h) and sums of taps
// (taps.h). Constants.
#include "plan/network.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "graph/taps.h"
#include "plan/copy_params.h"
#include "plan/layout.h"

namespace convscope {

namespace {

std::int64_t elements(const gpu::CopyParams &copy) {
  std::int64_t count = 1;
  for (const int size : copy.sizes)
    count *= size;
  return count;
}

// The last axes, from the first on that has a length.
std::uint32_t axes(const gpu::CopyParams &copy) {
  int count = gpu::COPY_AXES;
  while (count > 1 && copy.sizes[gpu::COPY_AXES - count] == 1)
    --count;
  return static_cast<std::uint32_t>(count);
}

// Whether both tensors have whole vec4s side by side all along the last axis.
bool in_whole_quads(const gpu::CopyParams &copy) {
  constexpr int last = gpu::COPY_AXES - 1;
  bool whole = copy.from_strides[last] == 1 && copy.to_strides[last] == 1 &&
               multiples_of_4({copy.sizes[last], copy.from_first, copy.to_first, copy.pixels});
  for (int axis = 0; axis < last; ++axis)
    whole = whole && (copy.sizes[axis] == 1 || multiples_of_4({copy.from_strides[axis], copy.to_strides[axis]}));
  return whole;
}

// Whether all `size` positions of an axis stay where they are.
bool stays(const AxisTaps &axis, int size) {
  for (std::size_t i = 0; i < axis.size(); ++i)
    if (axis[i] != std::vector<Tap>{{static_cast<int>(i), 1}})
      return false;
  return axis.size() == static_cast<std::size_t>(size);
}

// As shaders/gather.glsl reads them.
template <typename Number> struct PackedTaps {
  struct Entry {
    int index;
    Number weight;
  };
  std::vector<int> starts;
  std::vector<Entry> entries;

  explicit PackedTaps(const Taps &taps) {
    for (const AxisTaps *axis : {&taps.c, &taps.h, &taps.w}) {
      starts.push_back(static_cast<int>(entries.size()));
      for (const std::vector<Tap> &position : *axis) {
        for (const Tap &tap : position)
          entries.push_back({tap.index, static_cast<Number>(tap.weight)});
        starts.push_back(static_cast<int>(entries.size()));
      }
    }
    if (entries.empty()) // all is padding; a buffer can't be empty
      entries.push_back({});
  }
};

// Every image of the batch has its own copy, so that kernels need not tell constants from other values.
template <typename Number> std::vector<Number> repeated(const std::vector<float> &values, int batch) {
  std::vector<Number> all;
  all.reserve(values.size() * static_cast<std::size_t>(batch));
  for (int n = 0; n < batch; ++n)
    std::copy(values.begin(), values.end(), std::back_inserter(all));
  return all;
}

} // namespace

template <typename Number> TensorId Network::constant_value(NodeId id) {
  const auto &values = std::get<Constant>(node(id).op).values;
  return constant(fmt::format("{} x{} of {} bytes", key_of(id), options_.batch, sizeof(Number)),
                  repeated<Number>(values, options_.batch));
}
template TensorId Network::constant_value<float>(NodeId id);
template TensorId Network::constant_value<double>(NodeId id);

std::vector<gpu::CopyParams> Network::copies(const FusedOp &op) const {
  std::vector<Shape> shapes;
  for (const NodeId input : op.inputs)
    shapes.push_back(shape(input));
  return copy_params(node(op.main).op, shapes, shape(op.output), options_.batch);
}

void Network::copy_elements(const std::string &label, const gpu::CopyParams &params, TensorId from,
                            const GradientTarget &to) {
  const bool quads = in_whole_quads(params);
  const std::int64_t items = elements(params) / (quads ? 4 : 1);
  // Several items a thread, where there is work for all.
  const int each = items >= (plan_.device().info().is_cpu() ? 8192 : 1 << 20) ? 8 : 1;
  plan_.dispatch(label,
                 plan_.programs().get("strided_copy",
                                      {to.epilogue(), axes(params), quads ? 1U : 0U, static_cast<std::uint32_t>(each)}),
                 spread_groups(divide_up(items, std::int64_t{each})), params,
                 {reads(from), to.use(), reads(to.mask_or(from))});
}

void Network::forward_copy(const FusedOp &op) {
  const std::vector<gpu::CopyParams> parts = copies(op);
  for (std::size_t i = 0; i < parts.size(); ++i)
    copy_elements(node(op.main).name, parts[i], value(op.inputs[i]), {value(op.output)});
}

void Network::backward_copy(const FusedOp &op, TensorId from) {
  const std::vector<gpu::CopyParams> parts = copies(op);
  for (std::size_t i = 0; i < parts.size(); ++i)
    contribute(op.inputs[i], [&](const GradientTarget &to) {
      copy_elements(node(op.main).name + " gradient", reversed(parts[i], shape(op.inputs[i])), from, to);
    });
}

TensorId Network::exact_copy(const FusedOp &op) {
  const std::vector<gpu::CopyParams> parts = copies(op);
  const TensorId out = exact_tensor(op.output);
  for (std::size_t i = 0; i < parts.size(); ++i)
    plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_copy"), spread_groups(elements(parts[i])),
                   parts[i], {reads(exact(op.inputs[i])), writes(out)});
  return out;
}

gpu::GatherParams Network::gather_params(const FusedOp &op, bool backward) const {
  Shape in = shape(op.inputs.front()), out = shape(op.output);
  if (backward)
    std::swap(in, out);
  const auto *pad = std::get_if<Pad>(&node(op.main).op);
  return {options_.batch, in.c, in.h, in.w, out.c, out.h, out.w, pad && !backward ? pad->value : 0};
}

template <typename Number> Network::GatherTables Network::gather_tables(const FusedOp &op, bool backward) {
  const Shape &in = shape(op.inputs.front());
  const Taps forward = taps_of(node(op.main).op, in, shape(op.output));
  const PackedTaps<Number> packed(backward ? transposed(forward, in) : forward);
  const std::string key = fmt::format("{}/{}taps of {}x{}x{}, {} bytes", key_of(op.main), backward ? "gradient " : "",
                                      in.c, in.h, in.w, sizeof(Number));
  return {constant(key + "/starts", packed.starts), constant(key, packed.entries),
          stays(forward.h, in.h) && stays(forward.w, in.w)};
}

void Network::gather(const std::string &label, const FusedOp &op, bool backward, TensorId from,
                     const GradientTarget &to) {
  const gpu::GatherParams params = gather_params(op, backward);
  const GatherTables tables = gather_tables<float>(op, backward);
  const bool whole = tables.whole_planes;
  const int pixels = params.out_h * params.out_w;
  const std::int64_t threads = whole
                                   ? std::int64_t{divide_up(params.out_c, gpu::THREAD_CHANNELS)} * divide_up(pixels, 4)
                                   : std::int64_t{params.out_c} * pixels;
  plan_.dispatch(label,
                 plan_.programs().get("gather", {to.epilogue(), whole ? 1U : 0U, whole && pixels % 4 == 0 ? 1U : 0U}),
                 spread_groups(params.batch * threads), params,
                 {reads(from), reads(tables.starts), reads(tables.taps), to.use(), reads(to.mask_or(from))});
}

void Network::forward_gather(const FusedOp &op) {
  gather(node(op.main).name, op, false, value(op.inputs.front()), {value(op.output)});
}

void Network::backward_gather(const FusedOp &op, TensorId from) {
  contribute(op.inputs.front(),
             [&](const GradientTarget &to) { gather(node(op.main).name + " gradient", op, true, from, to); });
}

TensorId Network::exact_gather(const FusedOp &op) {
  const TensorId out = exact_tensor(op.output);
  const GatherTables tables = gather_tables<double>(op, false);
  plan_.dispatch(node(op.main).name + " exact", plan_.programs().get("exact_gather"),
                 spread_groups(std::int64_t{options_.batch} * shape(op.output).elements()), gather_params(op, false),
                 {reads(exact(op.inputs.front())), reads(tables.starts), reads(tables.taps), writes(out)});
  return out;
}

} // namespace convscope
