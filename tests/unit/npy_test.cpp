#include "io/npy.h"

#include "base/files.h"
#include "unit/scratch.h"

#include <gmock/gmock.h>

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
  EXPECT_THAT(says(npy(header("'<f8'", "False", "(2,)"), 16)), HasSubstr("is float64; needs little-endian float32"));
  EXPECT_THAT(says(npy(header("'|u1'", "False", "(2,)"), 2)), HasSubstr("is uint8"));
  EXPECT_THAT(says(npy(header("'>f4'", "False", "(2,)"), 8)), HasSubstr("is big-endian float32"));
  EXPECT_THAT(says(npy(header("'<U7'", "False", "(2,)"), 56)), HasSubstr("type '<U7'"));
  EXPECT_THAT(says(npy(header("[('a', '<f4')]", "False", "(2,)"), 8)), HasSubstr("records"));
  EXPECT_THAT(says(npy(header("'<f4'", "True", "(2, 2)"), 16)), HasSubstr("Fortran order"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 3)"), 20)), HasSubstr("needs 24 bytes of data, it has 20"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 3)"), 27)), HasSubstr("3 bytes more"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(2, 0)"), 0)), HasSubstr("no values"));
  EXPECT_THAT(says("PK\3\4 something else"), HasSubstr("is not an npy file"));
  EXPECT_THAT(says(npy(header("'<f4'", "False", "(1,)"), 4, 4)), HasSubstr("version 4"));
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
