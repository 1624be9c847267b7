#include "plan/product.h"

#include <utility>

#include "plan/lanes.h"
#include "plan/layout.h"

namespace convscope {

namespace {

gpu::ConvParams product_params(int groups, int rows, int depth, int columns) {
  gpu::ConvParams p{};
  p.batch = 1;
  p.groups = groups;
  p.in_c = depth;
  p.out_c = rows;
  p.in_h = p.out_h = p.out_rows = 1;
  p.in_w = p.out_w = p.out_cols = columns;
  p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.out_step_h = p.out_step_w = 1;
  p.in_batch_stride = groups * depth * columns;
  p.out_batch_stride = groups * rows * columns;
  return p;
}

// What a back end makes of weights that say where they are, in halves that are exact as floats.
std::vector<std::uint32_t> packed_places(const ConvKernel &kernel, std::size_t count) {
  constexpr std::uint32_t half = 4096;
  std::vector<float> low(count), high(count);
  for (std::size_t i = 0; i < count; ++i) {
    low[i] = static_cast<float>((i + 1) % half);
    high[i] = static_cast<float>((i + 1) / half); // NOLINT(bugprone-integer-division): the digits above
  }
  const std::vector<float> low_packed = kernel.pack(low), high_packed = kernel.pack(high);
  std::vector<std::uint32_t> places;
  for (std::size_t i = 0; i < low_packed.size(); ++i)
    places.push_back(static_cast<std::uint32_t>(high_packed[i]) * half + static_cast<std::uint32_t>(low_packed[i]));
  return places;
}

} // namespace

Product::Product(Plan &plan, std::string label, int groups, int rows, int depth, int columns)
    : plan_(plan), label_(std::move(label)), groups_(groups), params_(product_params(groups, rows, depth, columns)) {
  const vulkan::DeviceInfo &device = plan.device().info();
  const bool lanes = has_vector_lanes(device);
  const auto kernel_of = [&](const gpu::ConvParams &p) {
    return lanes ? gemm_conv(p, 0, device.subgroup_size)
                 : shared_conv(p, p.out_c, 0, shared_tile(p, device), false, true);
  };
  kernel_ = kernel_of(params_);
  places_ = packed_places(kernel_of(product_params(1, rows, depth, columns)),
                          static_cast<std::size_t>(rows) * static_cast<std::size_t>(depth));
  places_tensor_ = plan.persistent(label_ + " places", places_.size() * sizeof(std::uint32_t));
  packed_ = plan.transient(label_ + " packed", places_.size() * static_cast<std::size_t>(groups) * sizeof(float));
}

void Product::append(TensorId a, TensorId b, TensorId c) {
  const gpu::PackParams pack{groups_, static_cast<int>(places_.size()), params_.out_c * params_.in_c};
  plan_.dispatch(label_, plan_.programs().get("pack_weights"), spread_groups(std::int64_t{groups_} * pack.packed), pack,
                 {reads(a), reads(places_tensor_), writes(packed_)});
  plan_.dispatch(label_, plan_.programs().get(kernel_.shader, kernel_.constants), kernel_.groups, params_,
                 {reads(b), reads(packed_), reads(packed_), writes(c), reads(packed_), writes(c)},
                 2.0 * groups_ * params_.out_c * params_.in_c * params_.out_w);
}

void Product::write() { plan_.write(places_tensor_, std::as_bytes(std::span(places_))); }

} // namespace convscope
