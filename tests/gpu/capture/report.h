// What is written of each pipeline.
#pragma once

#include <string>

#include "gpu/capture/next.h"

namespace convscope::capture {

// Appends an object a line to the file that CONVSCOPE_CAPTURE names, from any thread; nothing without that:
//   {"kind": "device", "name": .., "driver": .., "statistics": true}
//   {"kind": "begin", "name": ..}                    a pipeline's compilation: what a driver that crashes was at
//   {"kind": "pipeline", "name": .., "ms": .., "executables": [{"name": .., "subgroup": .., "statistics": {..}}]}
//   {"kind": "failure", "name": .., "result": ..}    of a pipeline (VkResult)
// and writes assembly into the folder that CONVSCOPE_CAPTURE_TEXTS names: NAME.EXECUTABLE.txt, an executable's
// number from 0.
class Report {
public:
  // Which device the pipelines are for.
  void device(VkPhysicalDevice physical, VkDevice device, bool statistics);
  void begin(const std::string &name) const;
  void pipeline(const std::string &name, VkPipeline pipeline, double milliseconds) const;
  void failure(const std::string &name, VkResult result) const;

  bool statistics() const { return statistics_; }
  static bool texts(); // are they wanted?

private:
  VkDevice device_ = VK_NULL_HANDLE;
  bool statistics_ = false;
  PFN_vkGetPipelineExecutablePropertiesKHR properties_ = nullptr;
  PFN_vkGetPipelineExecutableStatisticsKHR values_ = nullptr;
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR representations_ = nullptr;
};

} // namespace convscope::capture
