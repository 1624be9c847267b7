// How fast a net runs on this device: forward, and a whole optimization step, kernel by kernel.
#pragma once

#include <string>
#include <vector>

#include "session/session.h"
#include "visualization/recipe.h"

namespace convscope {

struct BenchRequest {
  NodeId layer = -1; // -1: the deepest convolution
  int channel = 0;
  int height = 128, width = 128, batch = 1;
  int runs = 5;           // of each kind at the least; figures are medians
  Recipe recipe;          // of the optimization step
  bool plan_only = false; // says what memory it takes, and runs nothing
};

struct KernelTime { // the median over the steps of all dispatches of one label
  std::string label;
  double milliseconds = 0;
  double gflop = 0;    // 0: unknown
  bool of_net = false; // a layer's or its gradient's; else the image's, the objective's, the optimizer's
};

struct ShaderTime {   // the median over the steps of all dispatches of one shader, for whichever layer
  std::string shader; // or the label of what is none, such as a Fourier transform
  double milliseconds = 0;
  int dispatches = 0;       // a step
  double gflop = 0, mb = 0; // a step; gflop 0: unknown or none; mb: read and written, 1e6 bytes
};

struct BenchResult {
  std::string layer;
  double forward_ms = 0, forward_gflop = 0;
  double step_ms = 0, step_gflop = 0;
  int forward_dispatches = 0, step_dispatches = 0;
  double forward_mb = 0, step_mb = 0; // that kernels read and write, 1e6 bytes
  double planned_mb = 0;              // of device memory, before anything runs
  std::vector<KernelTime> kernels;    // of a step, the slowest first; empty where the device has no timestamps
  std::vector<ShaderTime> shaders;    // the same times
  bool kernels_timed() const;         // false, too, where the timestamps stand still
  double outside_net() const;         // the kernels' share that is not the net's, 0 to 1
  double weights_mb = 0, peak_mb = 0; // of device memory, 1e6 bytes
  double first_image_s = 0;           // to the first optimized image on the host, from the loaded net on
};

// The layer that is the deepest convolution, its activation included where that is part of the layer.
NodeId deepest_convolution(const Graph &graph);
BenchResult bench(Session &session, const BenchRequest &request);

} // namespace convscope
