#include "base/text.h"

#include <gtest/gtest.h>

namespace convscope {
namespace {

TEST(Text, NearestNameFindsTypos) {
  const std::vector<std::string> layers = {"block1_conv1", "block1_conv2", "block2_conv1", "pool"};
  EXPECT_EQ(nearest_name("block1_conv3", layers), "block1_conv1");
  EXPECT_EQ(nearest_name("BLOCK2_CONV1", layers), "block2_conv1");
  EXPECT_EQ(nearest_name("block2conv1", layers), "block2_conv1");
  EXPECT_EQ(nearest_name("polo", layers), "pool");
  EXPECT_EQ(nearest_name("xyzzy", layers), "");
  EXPECT_EQ(nearest_name("", layers), "");
  EXPECT_EQ(nearest_name("pool", {}), "");
  EXPECT_EQ(nearest_name(std::string(1 << 22, 'p'), layers), "");
}

TEST(Text, DidYouMean) {
  EXPECT_EQ(did_you_mean("vgg61", {"vgg16", "alexnet"}), " (did you mean 'vgg16'?)");
  EXPECT_EQ(did_you_mean("zzz", {"vgg16", "alexnet"}), "");
}

TEST(Text, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,b", ','), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(split(",a,,", ','), (std::vector<std::string>{"", "a", "", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Text, IntegersAreStrict) {
  EXPECT_EQ(parse_integer("42"), 42);
  EXPECT_EQ(parse_integer("-7"), -7);
  EXPECT_EQ(parse_integer("9223372036854775807"), 9223372036854775807LL);
  for (const char *bad : {"", " 1", "1 ", "1.0", "+1", "0x10", "9223372036854775808", "--1", "1e3"})
    EXPECT_FALSE(parse_integer(bad)) << bad;
}

TEST(Text, NumbersAreStrict) {
  EXPECT_EQ(parse_number("0.05"), 0.05);
  EXPECT_EQ(parse_number("-1e-3"), -1e-3);
  EXPECT_EQ(parse_number("5."), 5.0);
  EXPECT_EQ(parse_number(".5"), 0.5);
  for (const char *bad : {"", " 1", "1 ", "nan", "inf", "1e999", "-1e999", "0x1p3", "1,5", "1.2.3", "e", "1e", "-"})
    EXPECT_FALSE(parse_number(bad)) << bad;
}

TEST(Text, CanBeCopiedToAShell) {
  EXPECT_EQ(shell_text("/features/features.3/Conv"), "/features/features.3/Conv");
  EXPECT_EQ(shell_text("model/Relu:0"), "model/Relu:0");
  EXPECT_EQ(shell_text("a b"), "'a b'");
  EXPECT_EQ(shell_text("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_text(""), "''");
}

} // namespace
} // namespace convscope
