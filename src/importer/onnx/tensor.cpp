#include "importer/onnx/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>

#include "base/half.h"

namespace convscope::onnx_import {

namespace {

using onnx::TensorProto;

// Later than the ONNX of Debian 12.
constexpr int uint4_type = 21, int4_type = 22;

float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

template <typename Stored, typename Value, typename Convert>
void decode(std::span<const char> bytes, std::vector<Value> &values, Convert convert) {
  values.resize(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
}

template <typename Stored> void decode_integers(std::span<const char> bytes, Tensor &tensor) {
  decode<Stored>(bytes, tensor.integers, [](Stored value) { return static_cast<std::int64_t>(value); });
}

// Two to a byte, the first in the lower half.
std::int64_t from_nibble(ElementType type, unsigned byte, std::size_t i) {
  const auto nibble = static_cast<std::int64_t>(byte >> (i % 2 * 4) & 15U);
  return type == ElementType::int4 && nibble > 7 ? nibble - 16 : nibble;
}

} // namespace

std::optional<std::int64_t> element_count(const Dims &dims) {
  constexpr std::int64_t most = std::int64_t{1} << 40;
  std::int64_t count = 1;
  bool none = false;
  for (const std::int64_t length : dims) {
    if (length < 0)
      return {};
    none = none || length == 0;
    if (length > 0 && count > most / length)
      return {};
    count *= std::max<std::int64_t>(length, 1);
  }
  return none ? 0 : count;
}

std::string dims_text(const Dims &dims) {
  return dims.empty() ? "a single number" : fmt::format("{}", fmt::join(dims, "x"));
}

Tensor real_tensor(Dims dims, std::vector<float> values) {
  return {ElementType::float32, std::move(dims), std::move(values), {}, false};
}

Tensor integer_tensor(Dims dims, std::vector<std::int64_t> values) {
  return {ElementType::int64, std::move(dims), {}, std::move(values), false};
}

bool is_real(ElementType type) { return type >= ElementType::float16; }

IntegerRange integer_range(ElementType type) {
  switch (type) {
  case ElementType::boolean:
    return {0, 1};
  case ElementType::int4:
    return {-8, 7};
  case ElementType::uint4:
    return {0, 15};
  case ElementType::int8:
    return {INT8_MIN, INT8_MAX};
  case ElementType::uint8:
    return {0, UINT8_MAX};
  case ElementType::int16:
    return {INT16_MIN, INT16_MAX};
  case ElementType::uint16:
    return {0, UINT16_MAX};
  case ElementType::int32:
    return {INT32_MIN, INT32_MAX};
  case ElementType::uint32:
    return {0, UINT32_MAX};
  case ElementType::uint64:
    return {0, INT64_MAX};
  default:
    return {INT64_MIN, INT64_MAX};
  }
}

float rounded(ElementType type, double value) {
  const auto single = static_cast<float>(value);
  if (type == ElementType::float16)
    return half_to_float(float_to_half(single));
  if (type == ElementType::bfloat16 && std::isfinite(single)) { // to the nearest, ties to even
    const auto bits = std::bit_cast<std::uint32_t>(single);
    return std::bit_cast<float>((bits + 0x7fffU + (bits >> 16U & 1U)) & 0xffff0000U);
  }
  return single;
}

std::int64_t wrapped(ElementType type, std::int64_t value) {
  if (type == ElementType::boolean)
    return value != 0 ? 1 : 0;
  const auto [low, high] = integer_range(type);
  if (type == ElementType::int64 || type == ElementType::uint64 || (value >= low && value <= high))
    return value;
  const std::int64_t count = high - low + 1;
  const std::int64_t rest = value % count; // of the sign of the value
  return rest < low ? rest + count : rest > high ? rest - count : rest;
}

std::int64_t wrapped(ElementType type, double value) {
  if (type == ElementType::boolean)
    return value != 0 ? 1 : 0;
  return wrapped(type, std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -0x1p62, 0x1p62)));
}

std::optional<ElementType> element_type(int data_type) {
  switch (data_type) {
  case TensorProto::FLOAT:
    return ElementType::float32;
  case TensorProto::FLOAT16:
    return ElementType::float16;
  case TensorProto::BFLOAT16:
    return ElementType::bfloat16;
  case TensorProto::DOUBLE:
    return ElementType::float64;
  case int4_type:
    return ElementType::int4;
  case uint4_type:
    return ElementType::uint4;
  case TensorProto::INT8:
    return ElementType::int8;
  case TensorProto::UINT8:
    return ElementType::uint8;
  case TensorProto::INT16:
    return ElementType::int16;
  case TensorProto::UINT16:
    return ElementType::uint16;
  case TensorProto::INT32:
    return ElementType::int32;
  case TensorProto::UINT32:
    return ElementType::uint32;
  case TensorProto::INT64:
    return ElementType::int64;
  case TensorProto::UINT64:
    return ElementType::uint64;
  case TensorProto::BOOL:
    return ElementType::boolean;
  default:
    return {};
  }
}

std::size_t stored_bytes(int data_type, std::size_t elements) {
  switch (data_type) {
  case int4_type:
  case uint4_type:
    return (elements + 1) / 2;
  case TensorProto::INT8:
  case TensorProto::UINT8:
  case TensorProto::BOOL:
    return elements;
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
  case TensorProto::INT16:
  case TensorProto::UINT16:
    return 2 * elements;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4 * elements;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8 * elements;
  default:
    return 0;
  }
}

Tensor decode_raw(int data_type, Dims dims, std::span<const char> bytes) {
  Tensor tensor{*element_type(data_type), std::move(dims), {}, {}, false};
  switch (data_type) {
  case TensorProto::FLOAT:
    decode<float>(bytes, tensor.reals.own(), [](float value) { return value; });
    break;
  case TensorProto::DOUBLE:
    decode<double>(bytes, tensor.reals.own(), [](double value) { return static_cast<float>(value); });
    break;
  case TensorProto::FLOAT16:
    decode<std::uint16_t>(bytes, tensor.reals.own(), half_to_float);
    break;
  case TensorProto::BFLOAT16:
    decode<std::uint16_t>(bytes, tensor.reals.own(), from_bfloat);
    break;
  case TensorProto::INT8:
    decode_integers<std::int8_t>(bytes, tensor);
    break;
  case TensorProto::UINT8:
    decode_integers<std::uint8_t>(bytes, tensor);
    break;
  case TensorProto::BOOL:
    decode<std::uint8_t>(bytes, tensor.integers, [](std::uint8_t value) { return value != 0 ? 1 : 0; });
    break;
  case TensorProto::INT16:
    decode_integers<std::int16_t>(bytes, tensor);
    break;
  case TensorProto::UINT16:
    decode_integers<std::uint16_t>(bytes, tensor);
    break;
  case TensorProto::INT32:
    decode_integers<std::int32_t>(bytes, tensor);
    break;
  case TensorProto::UINT32:
    decode_integers<std::uint32_t>(bytes, tensor);
    break;
  case int4_type:
  case uint4_type:
    for (std::size_t i = 0; i < static_cast<std::size_t>(element_count(tensor.dims).value_or(0)); ++i)
      tensor.integers.push_back(from_nibble(tensor.type, static_cast<unsigned char>(bytes[i / 2]), i));
    break;
  default:
    decode_integers<std::int64_t>(bytes, tensor);
    break;
  }
  return tensor;
}

std::optional<Tensor> decode_fields(const TensorProto &proto, Dims dims) {
  Tensor tensor{*element_type(proto.data_type()), std::move(dims), {}, {}, false};
  switch (proto.data_type()) {
  case TensorProto::FLOAT:
    tensor.reals.own().assign(proto.float_data().begin(), proto.float_data().end());
    break;
  case TensorProto::DOUBLE:
    tensor.reals.own().assign(proto.double_data().begin(), proto.double_data().end());
    break;
  case TensorProto::FLOAT16:
    for (const std::int32_t bits : proto.int32_data())
      tensor.reals.own().push_back(half_to_float(static_cast<std::uint16_t>(bits)));
    break;
  case TensorProto::BFLOAT16:
    for (const std::int32_t bits : proto.int32_data())
      tensor.reals.own().push_back(from_bfloat(static_cast<std::uint16_t>(bits)));
    break;
  case TensorProto::INT64:
    tensor.integers.assign(proto.int64_data().begin(), proto.int64_data().end());
    break;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    tensor.integers.assign(proto.uint64_data().begin(), proto.uint64_data().end());
    break;
  case int4_type:
  case uint4_type: {
    const auto count = static_cast<std::size_t>(element_count(tensor.dims).value_or(0));
    if ((count + 1) / 2 != static_cast<std::size_t>(proto.int32_data_size()))
      return {};
    for (std::size_t i = 0; i < count; ++i)
      tensor.integers.push_back(
          from_nibble(tensor.type, static_cast<unsigned>(proto.int32_data(static_cast<int>(i / 2))), i));
    break;
  }
  default:
    for (const std::int32_t value : proto.int32_data())
      tensor.integers.push_back(wrapped(tensor.type, std::int64_t{value}));
    break;
  }
  if (tensor.elements() != element_count(tensor.dims))
    return {};
  return tensor;
}

} // namespace convscope::onnx_import
