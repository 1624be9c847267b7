// How far a long command is: a bar on a terminal, else a plain line for about each tenth. On stderr.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "app/report.h"

namespace convscope {

// On a terminal: how many pipelines are made, of how many; once all are, nothing. Not on a terminal, nothing either.
void show_pipelines(std::size_t made, std::size_t all);

// How many steps are run between looks at the clock and at Ctrl-C: as many as take 0.03 to 0.1 s.
class Chunk {
public:
  int steps() const { return steps_; }
  void took(double seconds) {
    steps_ = seconds > 0.1 ? std::max(1, steps_ / 2) : seconds < 0.03 ? std::min(64, steps_ * 2) : steps_;
  }

private:
  int steps_ = 1;
};

class ProgressBar {
public:
  explicit ProgressBar(std::int64_t work);
  ~ProgressBar(); // leaves the terminal on a new line

  // Counts what is done, and tells whether update() would show something now: reading the value costs a transfer from
  // the device. `done` of the work, in `steps` steps of whatever batch.
  bool due(std::int64_t done, std::int64_t steps);
  void update(const std::string &where, double value); // "step 120 of 512"
  // The same with a text of one's own.
  void show(const std::string &text);
  double seconds_left() const;
  void clear();
  bool on_terminal() const { return terminal_; }

private:
  struct Mark {
    double seconds;
    std::int64_t done, steps;
  };
  Mark first_mark() const;

  std::int64_t work_;
  bool terminal_;
  std::deque<Mark> marks_; // of the last seconds, for the pace: the first step also compiles
  Stopwatch clock_;
  double shown_at_ = -1; // seconds
  int tenth_ = 0;
  std::size_t line_length_ = 0;
};

// "0:36", "1:02:03".
std::string clock_text(double seconds);

} // namespace convscope
