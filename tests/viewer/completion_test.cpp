#include "viewer/completion.h"

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

using Names = std::vector<std::string>;
const Names names{"conv1", "conv2", "block/conv-1", "block/conv-12", "caricature(", "tv"};

TEST(Completion, OfTheNameAtTheCursor) {
  EXPECT_EQ(complete("co", 2, names).names, (Names{"conv1", "conv2"}));
  EXPECT_EQ(complete("co", 2, names).common, "conv");
  EXPECT_EQ(complete("conv1:3 + ca", 12, names).common, "caricature(");
  EXPECT_EQ(complete("conv1:3 + ca", 12, names).from, 10U);
  EXPECT_EQ(complete("caricature(con", 14, names).from, 11U);
  EXPECT_EQ(complete("-0.5*T", 6, names).common, "tv") << "in any case";
  EXPECT_EQ(complete("co:3", 2, names).common, "conv") << "what follows does not count";
}

TEST(Completion, NamesHoldAnySign) {
  EXPECT_EQ(complete("conv1 - block/conv-", 19, names).names, (Names{"block/conv-1", "block/conv-12"}));
  EXPECT_EQ(complete("conv1 - block/conv-", 19, names).from, 8U);
}

TEST(Completion, OfNothing) {
  for (const char *text : {"", "conv1:", "conv1", "conv1 + ", "x"})
    EXPECT_TRUE(complete(text, std::string_view(text).size(), names).names.empty()) << text;
  EXPECT_TRUE(complete("co", 99, {}).names.empty());
}

} // namespace
} // namespace convscope::viewer
