#include "viewer/responsiveness.h"

#include <gtest/gtest.h>

namespace convscope::viewer {
namespace {

using std::chrono::milliseconds;

// A clock that is set by hand.
class ResponsivenessTest : public testing::Test {
protected:
  // Waits so long for events, then so long until the frame is shown.
  void frame(int waiting, int drawing) {
    live.waits(now);
    now += milliseconds(waiting);
    live.takes(now);
    now += milliseconds(drawing);
    live.shows(now);
  }

  Responsiveness live;
  Responsiveness::Clock::time_point now = Responsiveness::Clock::time_point{} + std::chrono::hours(1);
};

TEST_F(ResponsivenessTest, NothingBeforeTheSecondFrame) {
  EXPECT_EQ(live.summary().frames, 0);
  frame(5, 20);
  EXPECT_EQ(live.summary().frames, 0);
  EXPECT_TRUE(live.summary().longest_waits.empty());
}

TEST_F(ResponsivenessTest, AnInputWaitsForTheFrameBeforeAndItsOwn) {
  frame(0, 100);
  frame(40, 30); // an input that came as the first frame began: 100 until it is taken, 30 until it is seen
  const Responsiveness::Summary s = live.summary();
  EXPECT_EQ(s.frames, 1);
  EXPECT_DOUBLE_EQ(s.median_ms, 70);
  ASSERT_EQ(s.longest_waits.size(), 1U);
  EXPECT_NEAR(s.longest_waits[0].milliseconds, 130, 1e-9);
  EXPECT_NEAR(s.longest_waits[0].at, 0.07, 1e-9);
}

TEST_F(ResponsivenessTest, ALookWithoutAFrameIsNoAnswer) {
  frame(0, 10);
  live.waits(now);
  live.takes(now); // nothing is shown for this one
  now += milliseconds(500);
  frame(0, 20);
  EXPECT_NEAR(live.summary().longest_waits[0].milliseconds, 10 + 500 + 20, 1e-9);
}

TEST_F(ResponsivenessTest, TheLongestComeFirstAndRestsAreNoFrames) {
  frame(10, 10);
  for (const int drawing : {20, 300, 40, 10, 30, 50, 60})
    frame(10, drawing);
  Responsiveness::Summary s = live.summary();
  EXPECT_EQ(s.frames, 7);
  EXPECT_DOUBLE_EQ(s.median_ms, 50);
  EXPECT_DOUBLE_EQ(s.worst_ms, 310);
  ASSERT_EQ(s.longest_waits.size(), 5U);
  EXPECT_NEAR(s.longest_waits[0].milliseconds, 340, 1e-9);
  EXPECT_NEAR(s.longest_waits[1].milliseconds, 320, 1e-9);
  live.rests();
  now += std::chrono::hours(1);
  frame(10, 10);
  s = live.summary();
  EXPECT_EQ(s.frames, 7);
  EXPECT_DOUBLE_EQ(s.worst_ms, 310);
}

} // namespace
} // namespace convscope::viewer
