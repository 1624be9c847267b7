#include "app/bench_text.h"

#include <gmock/gmock.h>

namespace convscope {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

BenchResult figures() {
  BenchResult result;
  result.forward_ms = 2;
  result.step_ms = 8;
  result.forward_gflop = 1;
  result.step_gflop = 2;
  return result;
}

auto has_no_odd_number() { return AllOf(Not(HasSubstr("inf")), Not(HasSubstr("nan"))); }

TEST(BenchText, Rates) {
  BenchResult result = figures();
  result.kernels = {{"conv1", 3, 0.6, true}, {"fft", 1, 0, false}};
  result.shaders = {{"conv_gemm", 3, 1}, {"fft", 1, 2}};
  const std::string text = bench_text(result);
  EXPECT_THAT(text, AllOf(HasSubstr("500.00 GFLOP/s"), HasSubstr("outside the net: 25.0 %"), HasSubstr("200.00")));
  EXPECT_THAT(text, has_no_odd_number());
  const auto json = bench_json(result);
  EXPECT_DOUBLE_EQ(json.at("forward_gflops").get<double>(), 500);
  EXPECT_DOUBLE_EQ(json.at("kernels").at(0).at("gflops").get<double>(), 200);
  EXPECT_FALSE(json.at("kernels").at(1).contains("gflops"));
  EXPECT_EQ(json.at("outside_net"), 0.25);
}

TEST(BenchText, NoTimestamps) {
  BenchResult result = figures();
  EXPECT_THAT(bench_text(result), AllOf(HasSubstr("no timestamps"), has_no_odd_number()));
  // A device that says it has some, and whose clock stands still.
  result.kernels = {{"conv1", 0, 0.6, true}, {"fft", 0, 0, false}};
  result.shaders = {{"conv_gemm", 0, 1}, {"fft", 0, 2}};
  EXPECT_THAT(bench_text(result), AllOf(HasSubstr("no timestamps"), has_no_odd_number()));
  const auto json = bench_json(result);
  EXPECT_TRUE(json.at("kernels").empty());
  EXPECT_TRUE(json.at("shaders").empty());
  EXPECT_TRUE(json.at("outside_net").is_null());
}

// A kernel that is shorter than the clock's tick, and figures that are not there.
TEST(BenchText, ShortKernels) {
  BenchResult result = figures();
  result.kernels = {{"conv1", 1, 0.6, true}, {"conv2", 0, 0.1, true}};
  result.shaders = {{"conv_gemm", 1, 2}};
  result.forward_ms = 0;
  EXPECT_THAT(bench_text(result), has_no_odd_number());
  const auto json = bench_json(result);
  EXPECT_TRUE(json.at("kernels").at(1).at("gflops").is_null());
  EXPECT_TRUE(json.at("forward_gflops").is_null());
}

} // namespace
} // namespace convscope
