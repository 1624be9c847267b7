#include "app/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

#include "app/command.h"
#include "figure/feature_grid.h"

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace convscope {

namespace {

bool stderr_is_terminal() {
#ifdef _WIN32
  return _isatty(_fileno(stderr)) != 0;
#else
  return isatty(STDERR_FILENO) != 0;
#endif
}

} // namespace

ProgressBar::ProgressBar(std::int64_t work) : work_(std::max<std::int64_t>(work, 1)), terminal_(stderr_is_terminal()) {}

ProgressBar::~ProgressBar() { clear(); }

bool ProgressBar::due(std::int64_t done) const {
  if (terminal_)
    return clock_.seconds() - shown_at_ > 0.1 || done >= work_;
  return done * 10 / work_ > tenth_;
}

void ProgressBar::update(std::int64_t done, std::int64_t steps, const std::string &where, double value) {
  const double seconds = clock_.seconds();
  const double left = done > 0 ? seconds * static_cast<double>(work_ - done) / static_cast<double>(done) : 0;
  const double rate = seconds > 0 ? static_cast<double>(steps) / seconds : 0;
  const std::string pace = fmt::format("{}, {} steps/s, {} left, value {}", where, short_number(rate), clock_text(left),
                                       std::isfinite(value) ? short_number(value) : "not a number");
  tenth_ = static_cast<int>(done * 10 / work_);
  shown_at_ = seconds;
  if (!terminal_) {
    tell(fmt::format("{:3} %  {}", done * 100 / work_, pace));
    return;
  }
  constexpr int cells = 20;
  const auto full = static_cast<int>(done * cells / work_);
  std::string line = fmt::format("[{}{}] {}", std::string(full, '#'), std::string(cells - full, '.'), pace);
  const std::size_t length = line.size();
  line.resize(std::max(length, line_length_), ' '); // over the rest of the last one
  line_length_ = length;
  fmt::print(stderr, "\r{}", line);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (line_length_ == 0)
    return;
  fmt::print(stderr, "\r{}\r", std::string(line_length_, ' '));
  std::fflush(stderr);
  line_length_ = 0;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::min(seconds, 1e9)));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

} // namespace convscope
