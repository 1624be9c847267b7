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

void show_pipelines(std::size_t made, std::size_t all) {
  constexpr int widest = 60;
  if (!stderr_is_terminal())
    return;
  const std::string text = made < all ? fmt::format("making {} pipelines, {} done", all, made) : "";
  fmt::print(stderr, "\r{:{}}\r{}", text, widest, text);
  std::fflush(stderr);
}

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

ProgressBar::Mark ProgressBar::first_mark() const { return marks_.size() > 1 ? marks_.front() : Mark{0, 0, 0}; }

double ProgressBar::seconds_left() const {
  const Mark last = marks_.back(), first = first_mark();
  const auto advanced = static_cast<double>(std::max<std::int64_t>(last.done - first.done, 1));
  return (last.seconds - first.seconds) * static_cast<double>(work_ - last.done) / advanced;
}

void ProgressBar::update(const std::string &where, double value) {
  const Mark last = marks_.back(), first = first_mark();
  const double rate = static_cast<double>(last.steps - first.steps) / std::max(last.seconds - first.seconds, 1e-9);
  show(fmt::format("{}, {} steps/s, {} left, value {}", where, short_number(rate), clock_text(seconds_left()),
                   std::isfinite(value) ? short_number(value) : "not a number"));
}

void ProgressBar::show(const std::string &text) {
  const Mark last = marks_.back();
  const std::int64_t done = last.done;
  tenth_ = static_cast<int>(done * 10 / work_);
  shown_at_ = last.seconds;
  if (!terminal_) {
    tell(fmt::format("{:3} %  {}", done * 100 / work_, text));
    return;
  }
  constexpr int cells = 20;
  const auto full = static_cast<int>(std::min(done, work_) * cells / work_);
  std::string line = fmt::format("[{}{}] {}", std::string(full, '#'), std::string(cells - full, '.'), text);
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
