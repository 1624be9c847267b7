// The device of the kernels' tests, with the validation layer on: a message of it fails the test that caused it.
#pragma once

#include <memory>
#include <string>

#include "vulkan/device.h"
#include "vulkan/program.h"

namespace convscope {

const vulkan::Device &test_device();
const char *no_matrices();         // why it has none
vulkan::Programs &test_programs(); // on that device, each made once

// While it lives, test_device() is one that poses as a lesser one (vulkan/limits.h). What was made on it must be gone
// before.
class LesserDevice {
public:
  explicit LesserDevice(const std::string &limits);
  ~LesserDevice();
  LesserDevice(const LesserDevice &) = delete;
  LesserDevice &operator=(const LesserDevice &) = delete;

private:
  std::unique_ptr<vulkan::Device> device_;
  vulkan::Programs programs_;
};

} // namespace convscope
