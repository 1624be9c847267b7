#include "base/half.h"

#include <limits>

#include <gtest/gtest.h>

namespace convscope {
namespace {

std::uint16_t half(std::uint32_t bits) { return static_cast<std::uint16_t>(bits); }

TEST(Half, EveryOneIsReadAsTheFormatSays) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
    const double sign = bits & 0x8000 ? -1 : 1;
    const float value = half_to_float(half(bits));
    if (exponent == 31)
      EXPECT_TRUE(mantissa ? std::isnan(value) : value == sign * INFINITY);
    else if (exponent == 0)
      EXPECT_EQ(value, sign * std::ldexp(mantissa, -24));
    else
      EXPECT_EQ(value, sign * std::ldexp(1024 + mantissa, exponent - 25));
  }
}

TEST(Half, EveryOneIsWrittenAsItWas) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = half_to_float(half(bits));
    if (!std::isnan(value)) {
      EXPECT_EQ(float_to_half(value), bits);
    }
  }
}

TEST(Half, OthersAreWrittenAsTheNearest) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) { // up to the largest number
    const float below = half_to_float(half(bits)), above = half_to_float(half(bits + 1));
    const float middle = below + (above - below) / 2; // exact in float
    const float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(float_to_half(std::nextafter(middle, 0.0F)), bits);
    EXPECT_EQ(float_to_half(middle), bits + bits % 2); // the even one
    EXPECT_EQ(float_to_half(std::nextafter(middle, infinity)), bits + 1);
    EXPECT_EQ(float_to_half(-middle), 0x8000U | (bits + bits % 2));
  }
  EXPECT_EQ(float_to_half(65519.99F), 0x7bffU);
  EXPECT_EQ(float_to_half(65520), 0x7c00U);
  EXPECT_EQ(float_to_half(-1e30F), 0xfc00U);
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(float_to_half(-1e-30F), 0x8000U);
}

} // namespace
} // namespace convscope
