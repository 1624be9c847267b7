// A plan that runs again and again, in submits that are short on whatever device it is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/slicing.h"
#include "vulkan/flight.h"
#include "vulkan/recording.h"

namespace convscope {

// Of fixed work, slices are recorded beforehand. By time, the first run records each slice when the time of the one
// before is known; later runs are recorded anew where what was measured says that other slices are better.
class SlicedRun {
public:
  // The plan is allocated, and outlives this. `timed`: with timings().
  SlicedRun(const Plan &plan, Selection of, const Slicing &slicing, bool timed = false);
  SlicedRun(const SlicedRun &) = delete;
  SlicedRun &operator=(const SlicedRun &) = delete;

  // Submits the next slice of a run; returns whether it was the last. The flight lands before this is destroyed.
  bool advance(vulkan::Flight &flight, const std::string &doing);
  void run(const std::string &doing); // the rest of a run, and waits for it

  std::size_t slices() const { return cuts_.size(); } // of a run; of the first one, so far
  // Of the last run, a step each, once it has landed.
  std::vector<vulkan::Recording::Timing> timings() const;

private:
  bool by_time() const { return slicing_.milliseconds > 0; }
  bool learning() const { return by_time() && runs_ == 0; }
  void record_next();
  void cut_anew(vulkan::Flight &flight);
  vulkan::Recording record(std::size_t slice) const;
  const vulkan::Recording &recording() const;

  const Plan &plan_;
  Selection of_;
  Slicing slicing_;
  bool timed_;
  std::vector<StepSize> steps_;
  std::vector<Cut> cuts_; // the slices' ends
  std::vector<vulkan::Recording> recordings_;
  std::optional<vulkan::Recording>
      twin_;                         // of a run that is one slice: a second one, so that one waits behind the other
  std::vector<double> milliseconds_; // that the slices took
  double work_ = first_work;         // of the next slice of the first run
  std::size_t next_ = 0, runs_ = 0;
  bool late_ = false; // a slice took far longer than it should
};

} // namespace convscope
