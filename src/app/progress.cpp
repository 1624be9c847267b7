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

constexpr double pace_seconds = 15; // over which the pace is measured

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

bool ProgressBar::due(std::int64_t done, std::int64_t steps) {
  marks_.push_back({clock_.seconds(), done, steps});
  while (marks_.size() > 2 && marks_.back().seconds - marks_[1].seconds > pace_seconds)
    marks_.pop_front();
  if (terminal_)
    return marks_.back().seconds - shown_at_ > 0.1 || done >= work_;
  return done * 10 / work_ > tenth_;
}

void ProgressBar::update(const std::string &where, double value) {
  const Mark last = marks_.back(), first = marks_.size() > 1 ? marks_.front() : Mark{0, 0, 0};
  const double seconds = std::max(last.seconds - first.seconds, 1e-9);
  const auto advanced = static_cast<double>(std::max<std::int64_t>(last.done - first.done, 1));
  const std::int64_t done = last.done;
  const double left = seconds * static_cast<double>(work_ - done) / advanced;
  const double rate = static_cast<double>(last.steps - first.steps) / seconds;
  const std::string pace = fmt::format("{}, {} steps/s, {} left, value {}", where, short_number(rate), clock_text(left),
                                       std::isfinite(value) ? short_number(value) : "not a number");
  tenth_ = static_cast<int>(done * 10 / work_);
  shown_at_ = last.seconds;
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
