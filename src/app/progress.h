// How far a long command is: a bar on a terminal, else a plain line for about each tenth. On stderr.
#pragma once

#include <cstdint>
#include <string>

#include "app/report.h"

namespace convscope {

class ProgressBar {
public:
  explicit ProgressBar(std::int64_t work);
  ~ProgressBar(); // leaves the terminal on a new line

  // Whether update() would show something now: reading the value costs a transfer from the device.
  bool due(std::int64_t done) const;
  // `where` reads "step 120 of 512"; `steps` is how many the run has made, of whatever batch.
  void update(std::int64_t done, std::int64_t steps, const std::string &where, double value);
  void clear();

private:
  std::int64_t work_;
  bool terminal_;
  Stopwatch clock_;
  double shown_at_ = -1; // seconds
  int tenth_ = 0;
  std::size_t line_length_ = 0;
};

// "0:36", "1:02:03".
std::string clock_text(double seconds);

} // namespace convscope
