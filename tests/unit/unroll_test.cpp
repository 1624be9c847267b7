// Arrays of a function stay in registers only where every index is known when a pipeline is made: compilers of GPUs
// keep them in memory where a loop over them is not unrolled, and some unroll only what says so.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include "shaders.h"
#include "unit/spirv_loops.h"

namespace convscope {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

std::vector<std::string> compute_shaders() {
  std::vector<std::string> names;
  for (const auto &entry : fs::directory_iterator(CONVSCOPE_SOURCE_DIR "/shaders"))
    if (entry.path().extension() == ".comp")
      names.push_back(entry.path().stem().string());
  return names;
}

TEST(Unroll, EveryLoopOverAFunctionsArray) {
  const auto names = compute_shaders();
  EXPECT_FALSE(names.empty());
  for (const std::string &name : names) {
    const auto code = shader(name);
    if (code.empty() && name == "conv_matrix")
      continue; // this build's glslang does not know matrices
    ASSERT_FALSE(code.empty()) << name;
    EXPECT_EQ(rolled_loops(code), Lines{}) << name << ".comp";
  }
}

// The same shaders with Unroll taken from their loops: then each array that they go through is named.
TEST(Unroll, IsMissedWhereItIsNot) {
  const auto without = [](const std::string &name) {
    const auto code = shader(name);
    std::vector<std::uint32_t> words(code.begin(), code.end());
    for (std::size_t at = 5; at < words.size(); at += words[at] >> 16)
      if ((words[at] & 0xffff) == 246) // OpLoopMerge: merge, continue, control
        words[at + 3] = 0;
    return rolled_loops(words);
  };
  EXPECT_THAT(without("exact_conv"), testing::IsSupersetOf({"sum is indexed by i, whose loop has no [[unroll]]",
                                                            "sum is indexed by j, whose loop has no [[unroll]]",
                                                            "v is indexed by j, whose loop has no [[unroll]]"}));
  // Of the module, and through a function's parameters.
  EXPECT_THAT(without("max_pool_grad"), testing::Contains("sums is indexed by r, whose loop has no [[unroll]]"));
  EXPECT_THAT(without("conv_broadcast"), testing::Contains("sums is indexed by c, whose loop has no [[unroll]]"));
  EXPECT_EQ(without("adam"), Lines{}); // has no array
}

// Unroll taken from the innermost loops alone: those around them stay rolled, too.
TEST(Unroll, IsInVainAroundARolledLoop) {
  const auto code = shader("exact_conv");
  std::vector<std::uint32_t> words(code.begin(), code.end());
  std::size_t last = 0;
  for (std::size_t at = 5; at < words.size(); at += words[at] >> 16)
    if ((words[at] & 0xffff) == 246)
      last = at;
  ASSERT_NE(last, 0U);
  words[last + 3] = 0;
  EXPECT_THAT(rolled_loops(words), testing::Contains(testing::HasSubstr("whose loop holds one that stays rolled")));
}

} // namespace
} // namespace convscope
