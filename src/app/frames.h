// --frames: a run as numbered pictures, readable as a movie.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "figure/planes.h"
#include "io/image.h"
#include "session/optimize_run.h"

namespace convscope {

class FrameWriter {
public:
  // UserError where the folder can't be made or written; it is made with the first frame.
  FrameWriter(std::filesystem::path folder, std::vector<std::string> labels, const PlaneView &view);

  // Every step up to 128 steps, then as often as gives about 128 frames.
  static int every(int steps) { return (steps + 127) / 128; }
  void add(OptimizeRun &run);
  // The frames that not all of the objectives have reached.
  void finish();
  int written() const { return written_; }

private:
  using Row = std::vector<ImageRgb8>; // a picture an objective; without pixels where it is not there yet
  void write(const Row &row);

  std::filesystem::path folder_;
  std::vector<std::string> labels_;
  PlaneView view_;
  std::map<int, Row> waiting_; // by step, until every objective's image is there
  int written_ = 0;
};

} // namespace convscope
