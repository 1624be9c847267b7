#include "importer/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include <gtest/gtest.h>

#include "importers/expect_error.h"

namespace convscope {
namespace {

// A file with that header and `data` bytes 0, 1, 2, ...
std::vector<std::uint8_t> file(const std::string &header, std::size_t data) {
  std::vector<std::uint8_t> bytes(8 + header.size() + data);
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i));
  std::copy(header.begin(), header.end(), bytes.begin() + 8);
  std::iota(bytes.end() - static_cast<std::ptrdiff_t>(data), bytes.end(), std::uint8_t{0});
  return bytes;
}

const std::string good = R"({"__metadata__":{"license":"none"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                         R"("b":{"dtype":"F16","shape":[3],"data_offsets":[8,14]}})";

void expect_bad(const std::string &header, std::size_t data, const std::string &part) {
  SCOPED_TRACE(header.substr(0, 200));
  expect_error([&] { Safetensors(file(header, data), "x.safetensors"); }, "x.safetensors: " + part);
}

TEST(Safetensors, Reads) {
  auto bytes = file(good, 14);
  const std::uint16_t halves[] = {0x3c00, 0xc100, 0x0001};
  for (std::size_t i = 0; i < 3; ++i) {
    bytes[bytes.size() - 6 + 2 * i] = static_cast<std::uint8_t>(halves[i]);
    bytes[bytes.size() - 5 + 2 * i] = static_cast<std::uint8_t>(halves[i] >> 8);
  }
  const Safetensors tensors(bytes, "x");
  EXPECT_EQ(tensors.metadata("license"), "none");
  EXPECT_EQ(tensors.metadata("other"), "");
  EXPECT_EQ(tensors.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(tensors.shape("a"), (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(tensors.read("b"), (std::vector<float>{1.0f, -2.5f, 0x1p-24f}));
  expect_error([&] { tensors.read("c"); }, "x: has no tensor 'c'");
}

TEST(Safetensors, ReadsBfloat16) {
  auto bytes = file(R"({"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}})", 2);
  bytes[bytes.size() - 2] = 0x20;
  bytes[bytes.size() - 1] = 0xc0;
  EXPECT_EQ(Safetensors(bytes, "x").read("a"), std::vector<float>{-2.5f});
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const auto whole = file(good, 14);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(Safetensors({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, "x"), UserError)
        << size;
}

TEST(Safetensors, NoDamagedByteCrashes) {
  const auto whole = file(good, 14);
  for (std::size_t at = 0; at < whole.size() - 14; ++at)
    for (const int value : {0, 1, int{'"'}, int{'['}, int{'9'}, int{'{'}, 0x7f, 0xff}) {
      auto damaged = whole;
      damaged[at] = static_cast<std::uint8_t>(value);
      try {
        const Safetensors tensors(damaged, "x");
        for (const std::string &name : tensors.names())
          tensors.read(name);
      } catch (const UserError &) {
      }
    }
}

TEST(Safetensors, HostileHeaders) {
  expect_bad("[]", 0, "is not a safetensors file");
  expect_bad("{\"a\":", 0, "has a header that is not valid JSON");
  expect_bad("{\"a\":1}", 0, "tensor 'a' has no description");
  expect_bad("{\"\xff\":{}}", 0, "has a header that is not valid JSON");
  expect_bad("{\"a\":" + std::string(100'000, '[') + "}", 0, "has a header nested too deeply");
  expect_bad("{\"a\":" + std::string(100'000, '{'), 0, "has a header that is not valid JSON");
  expect_bad(R"({"a\nb":{}})", 0, "tensor 'a?b' has a name");
  expect_bad(R"({"__metadata__":{"a":1}})", 0, "has metadata that is not text");
  expect_bad(R"({"a":{"dtype":"F32","shape":[2]}})", 8, "tensor 'a' lacks");
  expect_bad(
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
      8, "names 'a' twice");
  expect_bad(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "names 'dtype' twice");

  auto bytes = file(good, 14);
  std::fill(bytes.begin(), bytes.begin() + 8, std::uint8_t{0xff});
  expect_error([&] { Safetensors(bytes, "x"); }, "x: is not a safetensors file");
}

TEST(Safetensors, HostileTensors) {
  const auto tensor = [](const std::string &dtype, const std::string &shape, const std::string &offsets) {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  expect_bad(tensor("I64", "[1]", "[0,8]"), 8, "tensor 'a' has the dtype I64");
  expect_bad(tensor("F32", "[3]", "[0,8]"), 8, "tensor 'a' takes 8 bytes, but its shape needs 12");
  expect_bad(tensor("F32", "[2]", "[0,9]"), 8, "tensor 'a' lies outside the file's 8 bytes");
  expect_bad(tensor("F32", "[2]", "[8,0]"), 8, "tensor 'a' lies outside");
  expect_bad(tensor("F32", "[2]", "[-8,0]"), 8, "tensor 'a' lies outside");
  expect_bad(tensor("F32", "[2]", "[0.0,8]"), 8, "tensor 'a' lies outside");
  expect_bad(tensor("F32", "[2]", "[0,18446744073709551615]"), 8, "tensor 'a' lies outside");
  expect_bad(tensor("F32", "[2]", "[0,99999999999999999999999]"), 8, "tensor 'a' lies outside");
  expect_bad(tensor("F32", "[-2]", "[0,8]"), 8, "tensor 'a' has a shape that is no valid size");
  expect_bad(tensor("F32", "[\"2\"]", "[0,8]"), 8, "tensor 'a' has a shape that is no valid size");
  expect_bad(tensor("F32", "[4611686018427387905,2]", "[0,8]"), 8, "tensor 'a' has a shape that is no valid size");
  expect_bad(tensor("F32", "[1,1,1,1,1,1,1,1,1,2]", "[0,8]"), 8, "tensor 'a' has 10 dimensions");
  expect_bad(tensor("F32", "[1]", "[0,4]"), 8, "has 4 bytes after its last tensor");
  expect_bad(tensor("F32", "[1]", "[4,8]"), 8, "tensor 'a' comes after a gap");
  expect_bad(
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
      8, "tensor 'b' overlaps");
}

} // namespace
} // namespace convscope
