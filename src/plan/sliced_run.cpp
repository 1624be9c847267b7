#include "plan/sliced_run.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace convscope {

SlicedRun::SlicedRun(const Plan &plan, Selection of, const Slicing &slicing, bool timed)
    : plan_(plan), of_(of), slicing_(slicing), timed_(timed),
      steps_(plan.step_sizes(of, slicing.milliseconds > 0 ? Measure::time : Measure::flops, slicing.apart)) {
  plan.finish_programs(of);
  if (by_time())
    return;
  cuts_ = all_cuts(steps_, slicing_.flops);
  milliseconds_.resize(cuts_.size());
  for (std::size_t slice = 0; slice < cuts_.size(); ++slice)
    recordings_.push_back(record(slice));
}

vulkan::Recording SlicedRun::record(std::size_t slice) const {
  return plan_.record(of_, slice > 0 ? cuts_[slice - 1] : Cut{}, cuts_[slice], timed_);
}

void SlicedRun::record_next() {
  cuts_.push_back(next_cut(steps_, cuts_.empty() ? Cut{} : cuts_.back(), work_));
  milliseconds_.push_back(0);
  recordings_.push_back(record(next_));
}

// Now and then, and where a slice was late: fewer slices, or shorter ones.
void SlicedRun::cut_anew(vulkan::Flight &flight) {
  constexpr double far_fewer = 0.7;
  if (!std::has_single_bit(runs_) && !late_)
    return;
  flight.land();
  for (StepSize &step : steps_)
    step.alone = false; // it is compiled
  const std::vector<StepSize> timed = timed_steps(steps_, cuts_, milliseconds_);
  std::vector<Cut> cuts = all_cuts(timed, slicing_.milliseconds);
  const bool fewer = static_cast<double>(cuts.size()) <= far_fewer * static_cast<double>(cuts_.size());
  const bool late = std::exchange(late_, false);
  if (!fewer && (!late || cuts == cuts_))
    return;
  cuts_ = std::move(cuts);
  milliseconds_.assign(cuts_.size(), 0);
  twin_.reset();
  recordings_.clear();
  for (std::size_t slice = 0; slice < cuts_.size(); ++slice)
    recordings_.push_back(record(slice));
  if (cuts_.size() == 1 && slicing_.in_flight > 1 && !timed_)
    twin_.emplace(record(0));
}

const vulkan::Recording &SlicedRun::recording() const {
  return twin_ && runs_ % 2 == 1 ? *twin_ : recordings_.at(next_);
}

bool SlicedRun::advance(vulkan::Flight &flight, const std::string &doing) {
  if (steps_.empty())
    return true;
  if (by_time() && next_ == 0 && runs_ > 0)
    cut_anew(flight);
  if (learning() && next_ == recordings_.size())
    record_next();
  recording().submit(flight, doing, [this, slice = next_, first = learning()](double milliseconds) {
    constexpr double too_long = 2;
    milliseconds_[slice] = milliseconds;
    late_ = late_ || (!first && milliseconds > too_long * slicing_.milliseconds);
  });
  if (learning()) {
    constexpr double longest = 5; // a kernel may be far slower than the one before, and stays short all the same
    flight.land();
    const double work = work_between(steps_, next_ > 0 ? cuts_[next_ - 1] : Cut{}, cuts_[next_]);
    work_ = next_work(work, milliseconds_[next_], std::min(longest, slicing_.milliseconds / 2));
  }
  ++next_;
  if (cuts_[next_ - 1].step < steps_.size())
    return false;
  next_ = 0;
  ++runs_;
  return true;
}

void SlicedRun::run(const std::string &doing) {
  vulkan::Flight flight(plan_.device(), slicing_.in_flight);
  while (!advance(flight, doing)) {
  }
  flight.land();
}

std::vector<vulkan::Recording::Timing> SlicedRun::timings() const {
  std::vector<vulkan::Recording::Timing> all;
  for (std::size_t slice = 0; slice < recordings_.size(); ++slice) {
    const std::vector<vulkan::Recording::Timing> some = recordings_[slice].timings();
    const bool goes_on = slice > 0 && cuts_[slice - 1].unit > 0; // with the rest of a step
    for (std::size_t i = 0; i < some.size(); ++i)
      if (i == 0 && goes_on)
        all.back().milliseconds += some[i].milliseconds;
      else
        all.push_back(some[i]);
  }
  return all;
}

} // namespace convscope
