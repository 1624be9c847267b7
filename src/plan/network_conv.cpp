// A convolution's dispatches, whichever back end does it.
#include "plan/network.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/half.h"
#include "plan/conv_columns.h"
#include "plan/conv_work.h"
#include "plan/lanes.h"
#include "plan/winograd.h"

namespace convscope {

namespace {

// Whether it reads more weights than it reads and writes of an image: then their size is what it takes.
bool mostly_weights(const gpu::ConvParams &p) {
  const auto weights = std::int64_t{p.in_c} * p.out_c * p.kernel_h * p.kernel_w;
  return weights > std::int64_t{p.in_c} * p.in_h * p.in_w + std::int64_t{p.out_c} * p.out_h * p.out_w;
}

std::size_t columns_bytes(const gpu::ConvParams &forward) { // of an image
  const gpu::ConvParams product = columns_product(forward, 0, 1);
  return static_cast<std::size_t>(product.out_batch_stride) * sizeof(float);
}

std::size_t part_bytes(const gpu::ConvParams &part) { // of its columns
  return static_cast<std::size_t>(im2col_product(part).in_batch_stride) * static_cast<std::size_t>(part.batch) *
         sizeof(float);
}

// Whether arithmetic is what it takes: of a GPU, 64 multiplications for each float read or written are. Elsewhere 16
// bits would cost accuracy and save nothing.
bool mostly_arithmetic(const gpu::ConvParams &p) {
  const auto weights = std::int64_t{p.in_c} * p.out_c * p.kernel_h * p.kernel_w;
  const auto floats = std::int64_t{p.in_c} * p.in_h * p.in_w + std::int64_t{p.out_c} * p.out_h * p.out_w + weights / 2;
  return p.in_c >= 16 && p.out_c >= 16 && weights * p.out_h * p.out_w >= 64 * floats; // fewer are mostly padding
}

Use output_use(TensorId out, std::uint32_t epilogue) {
  constexpr std::uint32_t adds = gpu::EPILOGUE_ACCUMULATE | gpu::EPILOGUE_ADD_MASKED;
  return (epilogue & adds) != 0 ? updates(out) : writes(out);
}

std::vector<std::uint16_t> halves_of(const std::vector<float> &values) {
  std::vector<std::uint16_t> halves(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), float_to_half);
  return halves;
}

} // namespace

// By the options, else by the device's profile; automatic: neither says.
ConvBackend Network::asked_for(const gpu::ConvParams &params) const {
  if (options_.backend != ConvBackend::automatic || options_.profile == nullptr)
    return options_.backend;
  return options_.profile->find(params, options_.precision).value_or(ConvBackend::automatic);
}

// Never by the batch: an image must be the same alone and in company.
ConvBackend Network::choose(const gpu::ConvParams &params) const {
  const ConvBackend asked = asked_for(params);
  // Its products are a whole batch's: a tile's inputs in 16 bits would have a scale that hangs on an image's company.
  const bool winograd = winograd_applies(params) && options_.precision != Precision::fp16;
  const vulkan::DeviceInfo &device = plan_.device().info();
  const bool lanes = passes_values(device), square = transposes_bits(device);
  const bool tiny = winograd_tile(params, 4) >= 2; // whether windows of 4 a side are possible
  switch (asked) {
  case ConvBackend::gemm:
    if (is_matrix_product(params) && lanes)
      return asked;
    break;
  case ConvBackend::depthwise:
    if (is_depthwise(params))
      return asked;
    break;
  case ConvBackend::winograd2:
    if (winograd && tiny && square)
      return asked;
    break;
  case ConvBackend::winograd4:
    if (winograd && square)
      return asked;
    break;
  case ConvBackend::winograd_fused:
    if (winograd_fused_applies(params, device))
      return asked;
    break;
  case ConvBackend::matrix:
    if (matrices_fit(device))
      return asked;
    break;
  case ConvBackend::half:
    if (halves_fit(device))
      return asked;
    break;
  case ConvBackend::broadcast:
    if (lanes)
      return asked;
    break;
  case ConvBackend::shared:
  case ConvBackend::shared16:
  case ConvBackend::direct:
    return asked;
  case ConvBackend::columns:
    if (im2col_applies(params) && lanes)
      return asked;
    break;
  case ConvBackend::automatic:
    break;
  }
  const bool broadcast = has_vector_lanes(device);
  const bool fast = options_.precision == Precision::fast;
  // Measured on llvmpipe (convscope-kernels): a stem's transforms cost more than they save; a map of few tiles leaves
  // lanes without work, so it has smaller ones.
  if (fast && winograd && device.is_cpu() && square && params.in_c >= 16 && params.out_c >= 16 &&
      params.out_h * params.out_w >= 16 && (tiny || (broadcast && params.in_c >= 64 && params.out_c >= 64)))
    return params.out_h * params.out_w <= 64 && tiny ? ConvBackend::winograd2 : ConvBackend::winograd4;
  // Not measured on a GPU: by what it has to do.
  if (fast && !broadcast && winograd_fused_applies(params, device) &&
      winograd_fused_pays(params, device, kernel_of(params, params, 0, ConvBackend::shared).parts))
    return ConvBackend::winograd_fused;
  if (options_.precision == Precision::fp16 && mostly_arithmetic(params)) {
    if (matrices_fit(device))
      return ConvBackend::matrix;
    if (halves_pay(device))
      return ConvBackend::half;
  }
  if (options_.precision == Precision::fp16 && mostly_weights(params))
    return ConvBackend::shared16; // on CPU drivers too, which have no kernels of their own for halves
  if (!broadcast && params.out_c <= 4)
    return ConvBackend::direct;
  if (!broadcast)
    return ConvBackend::shared;
  if (is_depthwise(params) && params.out_c == 1) // else channels share inputs
    return ConvBackend::depthwise;
  if (is_matrix_product(params))
    return ConvBackend::gemm;
  // fp32 keeps to the definition's order of additions: see chooses_columns.
  if (options_.precision != Precision::fp32 && im2col_applies(params) && im2col_pays(params))
    return ConvBackend::columns;
  return ConvBackend::broadcast;
}

void Network::conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
                   const gpu::ConvParams &of_net, const MakeWeights &weights, std::uint32_t epilogue,
                   const ConvBindings &bindings) {
  convolutions_.emplace_back(label, params);
  if (options_.note_shapes)
    options_.note_shapes->emplace(key, of_net);
  const gpu::ConvParams &at = sized(key, of_net);
  ConvBackend backend = choose(at);
  if (backend == ConvBackend::columns) {
    const std::vector<gpu::ConvParams> parts = im2col_parts(params);
    if (part_bytes(parts.front()) <= max_binding()) {
      columns_conv(label, key, parts, weights, epilogue, bindings);
      return;
    }
    backend = ConvBackend::broadcast;
  }
  if (backend == ConvBackend::winograd2 || backend == ConvBackend::winograd4) {
    winograd_conv(label, key, params, at, weights, epilogue, bindings,
                  winograd_tile(params, backend == ConvBackend::winograd2 ? 4 : 6));
  } else {
    const ConvKernel kernel = kernel_of(params, at, epilogue, backend);
    plain_conv(
        label, key, kernel, params, [&] { return kernel.pack(weights()); }, epilogue, bindings,
        convolution_flops(params));
  }
}

const gpu::ConvParams &Network::sized(const std::string &key, const gpu::ConvParams &params) const {
  if (!options_.shapes)
    return params;
  const auto found = options_.shapes->find(key);
  // Paddings may follow from the size, and what a back end can do from them.
  const bool alike = found != options_.shapes->end() && is_matrix_product(found->second) == is_matrix_product(params) &&
                     winograd_applies(found->second) == winograd_applies(params);
  return alike ? found->second : params;
}

// `whole`: its sums are not cut in parts.
ConvKernel Network::kernel_of(const gpu::ConvParams &params, const gpu::ConvParams &sized, std::uint32_t epilogue,
                              ConvBackend backend, bool whole) const {
  const vulkan::DeviceInfo &device = plan_.device().info();
  switch (backend) {
  case ConvBackend::broadcast:
    return broadcast_conv(params, sized, epilogue, device.subgroup_size);
  case ConvBackend::gemm:
    return gemm_conv(params, epilogue, device.subgroup_size);
  case ConvBackend::depthwise:
    return depthwise_conv(params, epilogue, device.subgroup_size);
  case ConvBackend::shared:
  case ConvBackend::shared16:
    return shared_conv(params, sized.out_c, epilogue,
                       options_.tile != nullptr ? *options_.tile : shared_tile(sized, device),
                       backend == ConvBackend::shared16, whole);
  case ConvBackend::winograd_fused:
    return winograd_fused_conv(params, sized.out_c, epilogue, device);
  case ConvBackend::matrix:
    return matrix_conv(params, sized, epilogue, device, whole);
  case ConvBackend::half:
    return half_conv(params, sized, epilogue, device, whole);
  default:
    return direct_conv(params, epilogue);
  }
}

void Network::plain_conv(const std::string &label, const std::string &key, const ConvKernel &kernel,
                         const gpu::ConvParams &params, const MakeWeights &packed_weights, std::uint32_t epilogue,
                         const ConvBindings &bindings, double flops) {
  const std::string full_key = fmt::format("{}/{}/{}/{}", graph_.name, key, kernel.shader, kernel.packing);
  const vulkan::Slice slice = kernel.halves ? weights_.get(full_key, [&] { return halves_of(packed_weights()); })
                                            : weights_.get(full_key, packed_weights);
  if (slice.bytes > max_binding())
    throw UserError(fmt::format("the weights of {} of {} take {} MiB, but {} binds at most {} MiB", label, graph_.name,
                                slice.bytes >> 20, plan_.device().info().name, max_binding() >> 20));
  const TensorId packed = plan_.external(full_key, slice);
  // Bindings without use are of what the kernel reads, or, where it is declared to write, of what it writes.
  const auto or_weights = [&](TensorId id) { return id == TensorId::none ? packed : id; };
  const Use out = output_use(bindings.out, epilogue);
  const Use mask = bindings.mask == TensorId::none ? out : updates(bindings.mask);
  if (kernel.parts == 1) {
    plan_.dispatch(label, plan_.programs().get(kernel.shader, kernel.constants), kernel.groups, params,
                   {reads(bindings.in), reads(packed), reads(or_weights(bindings.bias)), out,
                    reads(or_weights(bindings.residual)), mask},
                   flops);
    return;
  }
  const std::size_t outputs = static_cast<std::size_t>(params.batch) * static_cast<std::size_t>(params.groups) *
                              static_cast<std::size_t>(params.out_c) *
                              static_cast<std::size_t>(params.out_h * params.out_w);
  const TensorId parts =
      plan_.transient(label + " parts", static_cast<std::size_t>(kernel.parts) * outputs * sizeof(float));
  plan_.dispatch(label, plan_.programs().get(kernel.shader, kernel.constants), kernel.groups, params,
                 {reads(bindings.in), reads(packed), reads(packed), writes(parts), reads(packed), writes(parts)},
                 flops);
  const ConvKernel finish = finish_parts(params, epilogue, kernel.parts);
  plan_.dispatch(label, plan_.programs().get(finish.shader, finish.constants), finish.groups, params,
                 {reads(parts), reads(or_weights(bindings.bias)), out, reads(or_weights(bindings.residual)), mask});
}

// A product of many rows where the phases of the definition have few channels, or few taps.
bool Network::chooses_columns(const gpu::ConvParams &forward) const {
  const ConvBackend asked = asked_for(columns_product(forward, 0, 1));
  const vulkan::DeviceInfo &device = plan_.device().info();
  if (!columns_apply(forward) || !passes_values(device) || columns_bytes(forward) > max_binding())
    return false;
  const bool broadcast = has_vector_lanes(device);
  // In another order of additions than the definition's: fp32 keeps to that, as the reference for what an optimizer
  // makes of gradients near zero.
  return asked == ConvBackend::columns ||
         (asked == ConvBackend::automatic && options_.precision != Precision::fp32 && broadcast &&
          forward.out_c >= 16 && (forward.stride_h * forward.stride_w > 1 || forward.in_c <= 4));
}

// All phases at once, where each by itself would be the depthwise kernel's.
bool Network::chooses_depthwise_adjoint(const gpu::ConvParams &forward) const {
  const ConvBackend asked = asked_for(adjoint_params(forward, 0, forward.batch));
  return has_depthwise_adjoint(forward) &&
         (asked == ConvBackend::depthwise ||
          (asked == ConvBackend::automatic && has_vector_lanes(plan_.device().info())));
}

void Network::depthwise_adjoint_conv(const std::string &label, const std::string &key, const gpu::ConvParams &forward,
                                     const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings) {
  const gpu::ConvParams params = adjoint_params(forward, 0, forward.batch);
  const ConvKernel kernel = depthwise_adjoint(params, epilogue, plan_.device().info().subgroup_size);
  convolutions_.emplace_back(label, params);
  plain_conv(
      label, key + "/adjoint", kernel, params, [&] { return kernel.pack(weights()); }, epilogue, bindings,
      convolution_flops(forward));
}

void Network::columns_conv(const std::string &label, const std::string &key, const std::vector<gpu::ConvParams> &parts,
                           const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings) {
  const TensorId columns = plan_.transient(label + " columns", part_bytes(parts.front()));
  for (const gpu::ConvParams &part : parts) {
    const ConvKernel gather = im2col(part);
    plan_.dispatch(label, plan_.programs().get(gather.shader, gather.constants), gather.groups, part,
                   {reads(bindings.in), writes(columns)});
    const gpu::ConvParams product = im2col_product(part);
    const ConvKernel kernel = gemm_conv(product, epilogue, plan_.device().info().subgroup_size);
    plain_conv(
        label, key, kernel, product, [&] { return kernel.pack(weights()); }, epilogue,
        {columns, bindings.bias, bindings.out, bindings.residual, bindings.mask}, convolution_flops(product));
  }
}

void Network::columns_adjoint(const std::string &label, const std::string &key, const gpu::ConvParams &forward,
                              const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings) {
  constexpr std::size_t enough = std::size_t{8} << 20; // of images at once
  const std::size_t bytes = columns_bytes(forward), most = std::min<std::size_t>(enough, max_binding());
  const int at_once = std::clamp(static_cast<int>(most / bytes), 1, forward.batch);
  const std::uint32_t lanes = plan_.device().info().subgroup_size;
  const TensorId columns = plan_.transient(label + " columns", bytes * static_cast<std::size_t>(at_once));
  const auto or_columns = [&](TensorId id) { return id == TensorId::none ? columns : id; };
  const Use out = output_use(bindings.out, epilogue);
  const Use mask = bindings.mask == TensorId::none ? out : updates(bindings.mask);
  convolutions_.emplace_back(label, columns_product(forward, 0, 1));
  for (int first = 0; first < forward.batch; first += at_once) {
    const int images = std::min(at_once, forward.batch - first);
    const gpu::ConvParams product = columns_product(forward, first, images);
    const ConvKernel kernel = gemm_conv(product, 0U, lanes);
    plain_conv(
        label, key + "/columns", kernel, product, [&] { return kernel.pack(columns_weights(forward, weights())); }, 0U,
        {bindings.in, TensorId::none, columns, TensorId::none, TensorId::none}, convolution_flops(product));
    const gpu::ConvParams params = adjoint_params(forward, first, images);
    const ConvKernel sum = columns_sum(params, epilogue, lanes);
    plan_.dispatch(label, plan_.programs().get(sum.shader, sum.constants), sum.groups, params,
                   {reads(columns), reads(or_columns(bindings.bias)), out, reads(or_columns(bindings.residual)), mask});
  }
}

void Network::winograd_conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
                            const gpu::ConvParams &sized, const MakeWeights &weights, std::uint32_t epilogue,
                            const ConvBindings &bindings, int tile) {
  const std::uint32_t lanes = plan_.device().info().subgroup_size;
  const std::vector<gpu::WinogradParams> parts = winograd_parts(params, tile);
  const auto floats = static_cast<std::size_t>(winograd_products(params, tile) * parts.front().tiles) * sizeof(float);
  const gpu::ConvParams gemm_sized = winograd_gemm(winograd_parts(sized, tile).front(), tile);
  const ConvBackend backend = choose(gemm_sized);
  const TensorId tiles = plan_.transient(label + " tiles", floats * static_cast<std::size_t>(params.in_c));
  const TensorId products = plan_.transient(label + " products", floats * static_cast<std::size_t>(params.out_c));
  const auto or_products = [&](TensorId id) { return id == TensorId::none ? products : id; };
  // Parts write different elements, but may share words of the mask.
  const Use out = output_use(bindings.out, epilogue);
  const Use mask = bindings.mask == TensorId::none ? out : updates(bindings.mask);
  for (const gpu::WinogradParams &part : parts) {
    const ConvKernel in = winograd_input(part, tile, lanes);
    plan_.dispatch(label, plan_.programs().get(in.shader, in.constants), in.groups, part,
                   {reads(bindings.in), writes(tiles)});
    const gpu::ConvParams gemm = winograd_gemm(part, tile);
    // Its tiles are a whole batch's: cut by their number, an image's sums would hang on its company.
    const ConvKernel kernel = kernel_of(gemm, gemm_sized, 0U, backend, true);
    const auto packed = [&] {
      return backend == ConvBackend::gemm ? pack_winograd_gemm(params, tile, weights())
                                          : kernel.pack(winograd_weights(params, tile, weights()));
    };
    plain_conv(label, fmt::format("{}/winograd{}", key, tile), kernel, gemm, packed, 0U,
               {tiles, TensorId::none, products, TensorId::none, TensorId::none},
               convolution_flops(params) * part.tiles / (parts.back().first_tile + parts.back().tiles));
    const ConvKernel finish = winograd_output(part, tile, epilogue, lanes);
    plan_.dispatch(
        label, plan_.programs().get(finish.shader, finish.constants), finish.groups, part,
        {reads(products), reads(or_products(bindings.bias)), out, reads(or_products(bindings.residual)), mask});
  }
}

} // namespace convscope
