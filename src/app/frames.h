// --frames: a run as numbered pictures in a folder, or as an animation.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "figure/planes.h"
#include "io/animation.h"
#include "io/image.h"
#include "session/optimize_run.h"

namespace convscope {

class FrameWriter {
public:
  // UserError where it can't be made or written: a folder, with the first frame, or the file of an animation
  // (is_animation()), with the last.
  FrameWriter(std::filesystem::path path, std::vector<std::string> labels, const PlaneView &view);

  // Every step up to 128 steps, then as often as gives about 128 frames.
  static int every(int steps) { return (steps + 127) / 128; }
  void add(OptimizeRun &run);
  // The frames that not all of the objectives have reached.
  void finish();
  int written() const { return written_; }

private:
  using Row = std::vector<ImageRgb8>; // a picture an objective; without pixels where it is not there yet
  ImageRgb8 page(const Row &row) const;
  void write(const Row &row);

  std::filesystem::path path_;
  bool animated_ = false;
  Animation animation_;
  std::vector<std::string> labels_;
  PlaneView view_;
  std::map<int, Row> waiting_; // by step, until every objective's image is there
  int written_ = 0;
};

} // namespace convscope
