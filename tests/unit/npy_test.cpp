#include "io/npy.h"

#include "base/files.h"
#include "unit/scratch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace convscope {
namespace {

using testing::HasSubstr;

// An npy file of any header over `data_bytes` zeros.
std::string npy(const std::string &dictionary, std::size_t data_bytes, int version = 1) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  const std::size_t size = dictionary.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>(size >> 8 * i & 255);
  return file + dictionary + std::string(data_bytes, '\0');
}

std::string header(const std::string &descr, const std::string &order, const std::string &shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(Npy, RoundTrip) {
  const Scratch scratch;
  for (const std::vector<std::int64_t> &shape :
       {std::vector<std::int64_t>{}, {5}, {2, 3}, {1, 3, 4, 5}, {1, 1, 1, 1, 1, 1, 7}}) {
    Array array;
    array.shape = shape;
    for (std::int64_t i = 0; i < array.elements(); ++i)
      array.data.push_back(static_cast<float>(i) * 0.1f - 3.0f);
    write_npy(scratch / "a.npy", array);
    const Array again = read_npy(scratch / "a.npy");
    EXPECT_EQ(again.shape, array.shape);
    EXPECT_EQ(again.data, array.data);
    const std::size_t data_begin = read_file(scratch / "a.npy").size() - array.data.size() * 4;
    EXPECT_EQ(data_begin % 64, 0u);
  }
  EXPECT_EQ(scratch.entries(), 1);
}

TEST(Npy, EveryVersionAndSpelling) {
  const Scratch scratch;
  for (int version = 1; version <= 3; ++version)
    EXPECT_EQ(read_npy(scratch.put("a", npy(header("'<f4'", "False", "(2, 3)"), 24, version))).shape,
              (std::vector<std::int64_t>{2, 3}));
  const std::string spelt = "{\"shape\":(6,),\"descr\":\"<f4\",\"fortran_order\":False}";
  EXPECT_EQ(read_npy(scratch.put("a", npy(spelt, 24))).shape, (std::vector<std::int64_t>{6}));
}

TEST(Npy, SaysWhatItIsAndWhatIsNeeded) {
  const Scratch scratch;
  const auto says = [&](const std::string &file) {
    const auto path = scratch.put("x.npy", file);
    const std::string text = complaint([&] { read_npy(path); });
    EXPECT_THAT(text, HasSubstr("x.npy: "));
    return text;
  };
  EXPECT_THAT(says(npy(header("'<c8'", "False", "(2,)"), 16)), HasSubstr("holds complex64; needs real numbers"));
  EXPECT_THAT(says(npy(header("'<f16'", "False", "(2,)"), 32)), HasSubstr("float128"));
  EXPECT_THAT(says(npy(header("'|O'", "False", "(2,)"), 16)), HasSubstr("Python objects"));
  EXPECT_THAT(says(npy(header("'<U7'", "False", "(2,)"), 56)), HasSubstr("texts ('<U7')"));
  EXPECT_THAT(says(npy(header("'<M8[ns]'", "False", "(2,)"), 16)), HasSubstr("dates or times"));
  EXPECT_THAT(says(npy(header("''", "False", "(2,)"), 16)), HasSubstr("type ''"));
  EXPECT_THAT(says(npy(header("[('a', '<f4')]", "False", "(2,)"), 8)), HasSubstr("records"));
  EXPECT_THAT(says(npy(header("'<f8'", "False", "(2, 3)"), 40)), HasSubstr("needs 48 bytes of data, it has 40"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 3)"), 20)), HasSubstr("needs 24 bytes of data, it has 20"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 3)"), 27)), HasSubstr("3 bytes more"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 0)"), 0)), HasSubstr("no values"));
  EXPECT_THAT(says("PK\3\4 something else"), HasSubstr("is not an npy file"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(1,)"), 4, 4)), HasSubstr("version 4"));
}

// An npy file of these values, as they lie in memory; the last byte first where `descr` says so.
template <typename T> std::string holding(const std::string &descr, const std::vector<T> &values) {
  std::string file = npy(header("'" + descr + "'", "False", fmt::format("({},)", values.size())), 0);
  for (const T value : values) {
    std::string bytes(reinterpret_cast<const char *>(&value), sizeof value);
    if (descr[0] == '>')
      std::reverse(bytes.begin(), bytes.end());
    file += bytes;
  }
  return file;
}

TEST(Npy, NumbersOfEveryTypeBecomeFloats) {
  const Scratch scratch;
  const auto reads = [&](const std::string &file) { return read_npy(scratch.put("x.npy", file)).data; };
  EXPECT_EQ(reads(holding<double>("<f8", {-0.5, 1e300 / 1e290, INFINITY})),
            (std::vector<float>{-0.5F, 1e10F, INFINITY}));
  EXPECT_EQ(reads(holding<double>(">f8", {0.1, -3})), (std::vector<float>{0.1F, -3}));
  EXPECT_EQ(reads(holding<float>(">f4", {0.1F, -3})), (std::vector<float>{0.1F, -3}));
  EXPECT_EQ(reads(holding<float>("=f4", {0.1F, -3})), (std::vector<float>{0.1F, -3}));
  EXPECT_EQ(reads(holding<std::uint16_t>("<f2", {0x3c00, 0xc000, 0x2e66})),
            (std::vector<float>{1, -2, 0.0999755859375F}));
  EXPECT_EQ(reads(holding<std::uint16_t>(">f2", {0x3c00, 0xc000})), (std::vector<float>{1, -2}));
  EXPECT_EQ(reads(holding<std::uint8_t>("|u1", {0, 1, 100, 255})), (std::vector<float>{0, 1, 100, 255}));
  EXPECT_EQ(reads(holding<std::int8_t>("|i1", {0, 1, 100, -128})), (std::vector<float>{0, 1, 100, -128}));
  EXPECT_EQ(reads(holding<std::uint16_t>("<u2", {0, 1, 100, 65535})), (std::vector<float>{0, 1, 100, 65535}));
  EXPECT_EQ(reads(holding<std::int16_t>(">i2", {0, 1, 100, -2})), (std::vector<float>{0, 1, 100, -2}));
  EXPECT_EQ(reads(holding<std::uint32_t>("<u4", {0, 1, 100, 1U << 31U})), (std::vector<float>{0, 1, 100, 0x1p31F}));
  EXPECT_EQ(reads(holding<std::int32_t>("<i4", {0, 1, 100, -7})), (std::vector<float>{0, 1, 100, -7}));
  EXPECT_EQ(reads(holding<std::uint64_t>("<u8", {0, 1, 100, 1ULL << 63U})), (std::vector<float>{0, 1, 100, 0x1p63F}));
  EXPECT_EQ(reads(holding<std::int64_t>(">i8", {0, 1, 100, -7})), (std::vector<float>{0, 1, 100, -7}));
  EXPECT_EQ(reads(holding<std::uint8_t>("|b1", {0, 1, 1})), (std::vector<float>{0, 1, 1}));
  EXPECT_THAT(complaint([&] { reads(holding<double>("<f8", {1, 1e39})); }), HasSubstr("too large for float32"));
}

// As numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)) is written: the first index runs fastest.
TEST(Npy, FortranOrder) {
  const Scratch scratch;
  std::string file = npy(header("'<f4'", "True", "(2, 3, 4)"), 0);
  std::vector<float> expected;
  for (int i = 0; i < 24; ++i) {
    const auto value = static_cast<float>(i % 2 * 12 + i / 2 % 3 * 4 + i / 6);
    file.append(reinterpret_cast<const char *>(&value), sizeof value);
    expected.push_back(static_cast<float>(i));
  }
  const Array array = read_npy(scratch.put("x.npy", file));
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(array.data, expected);
}

TEST(Npy, HostileHeaders) {
  const Scratch scratch;
  const auto refused = [&](const std::string &file) {
    const auto path = scratch.put("x.npy", file);
    complaint([&] { read_npy(path); });
  };
  for (const char *shape :
       {"(4294967296, 4294967296)", "(9223372036854775807,)", "(9223372036854775808,)", "(3037000500, 3037000500, 0)",
        "(4611686018427387904, 4)", "(-1,)", "(1.0,)", "(1", "1", "()x", "(1 2)", "(,)", "(1,,2)", "[1]", "'(1,)'",
        "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)"})
    refused(npy(header("'<f4'", "False", shape), 4));
  for (const char *text : {"", "{", "{}", "{'descr'}", "{'descr': '<f4'", "{'descr': '<f4}", "{'descr': [",
                           "{'descr': '<f4', 'shape': (1,)}", "{'a': 1}", "{'descr': '<f4', 'descr': '<f4'}",
                           "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + 1",
                           "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}"})
    refused(npy(text, 4));
  std::string long_header = npy(header("'<f4'", "False", "(1,)"), 4, 2);
  std::memcpy(long_header.data() + 8, "\xff\xff\xff\xff", 4);
  refused(long_header);
}

TEST(Npy, TruncatedAnywhere) {
  const Scratch scratch;
  const std::string whole = npy(header("'<f4'", "False", "(5, 7)"), 140);
  ASSERT_NO_THROW(read_npy(scratch.put("x.npy", whole)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto path = scratch.put("x.npy", std::string_view(whole).substr(0, size));
    complaint([&] { read_npy(path); });
  }
}

TEST(Npy, CheckFinite) {
  Array array{{2, 3, 2}, std::vector<float>(12, 1.0f)};
  EXPECT_NO_THROW(check_finite(array, "x.npy"));
  array.data[9] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(complaint([&] { check_finite(array, "x.npy"); }), HasSubstr("x.npy: has an infinite value at [1, 1, 1]"));
  array.data[4] = std::nanf("");
  EXPECT_THAT(complaint([&] { check_finite(array, "x.npy"); }), HasSubstr("has NaN at [0, 2, 0] (2 of 12 values"));
}

} // namespace
} // namespace convscope
