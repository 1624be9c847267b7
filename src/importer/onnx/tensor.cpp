#include "importer/onnx/tensor.h"

#include <bit>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>

#include "base/half.h"

namespace convscope::onnx_import {

namespace {

using onnx::TensorProto;

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
  return {ElementType::real, std::move(dims), std::move(values), {}, false};
}

Tensor integer_tensor(Dims dims, std::vector<std::int64_t> values) {
  return {ElementType::integer, std::move(dims), {}, std::move(values), false};
}

std::optional<ElementType> element_type(int data_type) {
  switch (data_type) {
  case TensorProto::FLOAT:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
  case TensorProto::DOUBLE:
    return ElementType::real;
  case TensorProto::INT8:
  case TensorProto::UINT8:
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::INT32:
  case TensorProto::UINT32:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return ElementType::integer;
  case TensorProto::BOOL:
    return ElementType::boolean;
  default:
    return {};
  }
}

std::size_t element_bytes(int data_type) {
  switch (data_type) {
  case TensorProto::INT8:
  case TensorProto::UINT8:
  case TensorProto::BOOL:
    return 1;
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
  case TensorProto::INT16:
  case TensorProto::UINT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

Tensor decode_raw(int data_type, Dims dims, std::span<const char> bytes) {
  Tensor tensor{*element_type(data_type), std::move(dims), {}, {}, false, data_type};
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
  default:
    decode_integers<std::int64_t>(bytes, tensor);
    break;
  }
  return tensor;
}

std::optional<Tensor> decode_fields(const TensorProto &proto, Dims dims) {
  Tensor tensor{*element_type(proto.data_type()), std::move(dims), {}, {}, false, proto.data_type()};
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
  default:
    tensor.integers.assign(proto.int32_data().begin(), proto.int32_data().end());
    break;
  }
  if (tensor.elements() != element_count(tensor.dims))
    return {};
  return tensor;
}

} // namespace convscope::onnx_import
