// A constant of an ONNX file on the host.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/floats.h"

namespace onnx {
class TensorProto;
}

namespace convscope::onnx_import {

using Dims = std::vector<std::int64_t>;

// Their product; nothing where one is negative or the product is beyond 2^40.
std::optional<std::int64_t> element_count(const Dims &dims);
std::string dims_text(const Dims &dims); // "1x3x224x224"

enum class ElementType {
  boolean,
  int4,
  uint4,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,
  bfloat16,
  float32,
  float64
};
bool is_real(ElementType type);
// Of an integer type: what it holds, as far as an int64 holds it.
struct IntegerRange {
  std::int64_t low, high;
};
IntegerRange integer_range(ElementType type);
// A number as an element of that type: to the nearest of the shorter floats.
float rounded(ElementType type, double value);
// Of an integer type: without its fraction, and without the bits that the type lacks.
std::int64_t wrapped(ElementType type, std::int64_t value);
std::int64_t wrapped(ElementType type, double value);

struct Tensor {
  ElementType type = ElementType::float32;
  Dims dims;
  Floats reals;                       // of any float type
  std::vector<std::int64_t> integers; // of any integer type, and of booleans
  bool measured = false;              // follows from the size of a map: another input would have other values

  bool is_real() const { return onnx_import::is_real(type); }
  std::int64_t elements() const { return static_cast<std::int64_t>(is_real() ? reals.size() : integers.size()); }
  double at(std::int64_t i) const {
    const auto index = static_cast<std::size_t>(i);
    return is_real()                     ? reals[index]
           : type == ElementType::uint64 ? static_cast<double>(static_cast<std::uint64_t>(integers[index]))
                                         : static_cast<double>(integers[index]);
  }
};

Tensor real_tensor(Dims dims, std::vector<float> values);           // of float32
Tensor integer_tensor(Dims dims, std::vector<std::int64_t> values); // of int64

// The element type of a TensorProto::DataType, or nothing for strings, complex numbers and floats of 8 bits and less.
std::optional<ElementType> element_type(int data_type);
// Of so many elements in raw data; 0 where element_type has nothing.
std::size_t stored_bytes(int data_type, std::size_t elements);

// Little-endian elements, as raw and external data have them. `bytes` holds exactly the elements of `dims`.
Tensor decode_raw(int data_type, Dims dims, std::span<const char> bytes);
// Its typed fields. Nothing where they do not hold as many elements as `dims`.
std::optional<Tensor> decode_fields(const onnx::TensorProto &proto, Dims dims);

} // namespace convscope::onnx_import
