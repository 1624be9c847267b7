// A convolution's dispatches, whichever back end does it.
#include "plan/network.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/half.h"
#include "plan/winograd.h"

namespace convscope {

namespace {

double flops_of(const gpu::ConvParams &p) {
  return 2.0 * p.batch * p.groups * p.out_c * p.in_c * p.kernel_h * p.kernel_w * p.out_h * p.out_w;
}

// Whether it reads more weights than it reads and writes of an image: then their size is what it takes.
bool mostly_weights(const gpu::ConvParams &p) {
  const auto weights = std::int64_t{p.in_c} * p.out_c * p.kernel_h * p.kernel_w;
  return weights > std::int64_t{p.in_c} * p.in_h * p.in_w + std::int64_t{p.out_c} * p.out_h * p.out_w;
}

std::vector<std::uint16_t> halves_of(const std::vector<float> &values) {
  std::vector<std::uint16_t> halves(values.size());
  std::transform(values.begin(), values.end(), halves.begin(), float_to_half);
  return halves;
}

} // namespace

// Never by the batch: an image must be the same alone and in company.
ConvBackend Network::choose(const gpu::ConvParams &params) const {
  ConvBackend asked = options_.backend;
  if (asked == ConvBackend::automatic && options_.profile)
    asked = options_.profile->find(params, options_.precision).value_or(asked);
  const bool winograd = winograd_applies(params);
  switch (asked) {
  case ConvBackend::gemm:
    if (is_matrix_product(params))
      return asked;
    break;
  case ConvBackend::depthwise:
    if (is_depthwise(params))
      return asked;
    break;
  case ConvBackend::winograd2:
  case ConvBackend::winograd4:
    if (winograd)
      return asked;
    break;
  case ConvBackend::broadcast:
  case ConvBackend::shared:
  case ConvBackend::shared16:
  case ConvBackend::direct:
    return asked;
  case ConvBackend::automatic:
    break;
  }
  // A CPU driver's subgroup is as wide as its vectors; a GPU's is 32 or 64 wide, an integrated one's 8 to 32.
  const vulkan::DeviceInfo &device = plan_.device().info();
  const bool broadcast =
      device.is_cpu() && device.subgroup_shuffle && device.subgroup_size <= 16 && device.subgroup_fixed();
  // Measured on llvmpipe (convscope-kernels): a stem's transforms cost more than they save; a map of few tiles leaves
  // lanes without work, so it has smaller ones. Not measured on a GPU.
  if (options_.precision == Precision::fast && winograd && device.subgroup_ballot && params.in_c >= 16 &&
      params.out_c >= 16 && params.out_h * params.out_w >= 16)
    return params.out_h * params.out_w <= 64 ? ConvBackend::winograd2 : ConvBackend::winograd4;
  if (options_.precision == Precision::fp16 && mostly_weights(params))
    return ConvBackend::shared16; // on CPU drivers too, which have no kernels of their own for halves
  if (!broadcast && params.out_c <= 4)
    return ConvBackend::direct;
  if (!broadcast)
    return ConvBackend::shared;
  if (is_depthwise(params) && params.out_c == 1) // else channels share inputs
    return ConvBackend::depthwise;
  return is_matrix_product(params) ? ConvBackend::gemm : ConvBackend::broadcast;
}

void Network::conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
                   const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings) {
  convolutions_.emplace_back(label, params);
  const ConvBackend backend = choose(params);
  if (backend == ConvBackend::winograd2 || backend == ConvBackend::winograd4) {
    winograd_conv(label, key, params, weights, epilogue, bindings, backend == ConvBackend::winograd2 ? 2 : 4);
  } else {
    const ConvKernel kernel = kernel_of(params, epilogue, backend);
    plain_conv(
        label, key, kernel, params, [&] { return kernel.pack(weights()); }, epilogue, bindings, flops_of(params));
  }
}

// `whole`: its sums are not cut in parts.
ConvKernel Network::kernel_of(const gpu::ConvParams &params, std::uint32_t epilogue, ConvBackend backend,
                              bool whole) const {
  const vulkan::DeviceInfo &device = plan_.device().info();
  switch (backend) {
  case ConvBackend::broadcast:
    return broadcast_conv(params, epilogue, device.subgroup_size);
  case ConvBackend::gemm:
    return gemm_conv(params, epilogue, device.subgroup_size);
  case ConvBackend::depthwise:
    return depthwise_conv(params, epilogue, device.subgroup_size);
  case ConvBackend::shared:
  case ConvBackend::shared16:
    return shared_conv(params, epilogue, device.max_invocations, backend == ConvBackend::shared16, whole);
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
  const Use out = (epilogue & gpu::EPILOGUE_ACCUMULATE) != 0 ? updates(bindings.out) : writes(bindings.out);
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

void Network::winograd_conv(const std::string &label, const std::string &key, const gpu::ConvParams &params,
                            const MakeWeights &weights, std::uint32_t epilogue, const ConvBindings &bindings,
                            int tile) {
  const std::uint32_t lanes = plan_.device().info().subgroup_size;
  const std::vector<gpu::WinogradParams> parts = winograd_parts(params, tile);
  const auto floats = static_cast<std::size_t>(winograd_products(tile) * parts.front().tiles) * sizeof(float);
  const TensorId tiles = plan_.transient(label + " tiles", floats * static_cast<std::size_t>(params.in_c));
  const TensorId products = plan_.transient(label + " products", floats * static_cast<std::size_t>(params.out_c));
  const auto or_products = [&](TensorId id) { return id == TensorId::none ? products : id; };
  // Parts write different elements, but may share words of the mask.
  const Use out = (epilogue & gpu::EPILOGUE_ACCUMULATE) != 0 ? updates(bindings.out) : writes(bindings.out);
  const Use mask = bindings.mask == TensorId::none ? out : updates(bindings.mask);
  for (const gpu::WinogradParams &part : parts) {
    const ConvKernel in = winograd_input(part, tile, lanes);
    plan_.dispatch(label, plan_.programs().get(in.shader, in.constants), in.groups, part,
                   {reads(bindings.in), writes(tiles)});
    const gpu::ConvParams gemm = winograd_gemm(part, tile);
    const ConvBackend backend = choose(gemm);
    // Its tiles are a whole batch's: cut by their number, an image's sums would hang on its company.
    const ConvKernel kernel = kernel_of(gemm, 0U, backend, true);
    const auto packed = [&] {
      return backend == ConvBackend::gemm ? pack_winograd_gemm(params, tile, weights())
                                          : kernel.pack(winograd_weights(params, tile, weights()));
    };
    plain_conv(label, fmt::format("{}/winograd{}", key, tile), kernel, gemm, packed, 0U,
               {tiles, TensorId::none, products, TensorId::none, TensorId::none},
               flops_of(params) * part.tiles / (parts.back().first_tile + parts.back().tiles));
    const ConvKernel finish = winograd_output(part, tile, epilogue, lanes);
    plan_.dispatch(
        label, plan_.programs().get(finish.shader, finish.constants), finish.groups, part,
        {reads(products), reads(or_products(bindings.bias)), out, reads(or_products(bindings.residual)), mask});
  }
}

} // namespace convscope
