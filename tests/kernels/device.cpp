#include "kernels/device.h"

#include <iostream>
#include <memory>

#include <gtest/gtest.h>

#include "base/error.h"
#include "shaders.h"

namespace convscope {

namespace {

std::unique_ptr<vulkan::Device> open_device(const std::string &limits = {}) {
  vulkan::DeviceOptions options;
  options.validation = true;
  options.limits = limits;
  try {
    return std::make_unique<vulkan::Device>(options);
  } catch (const DeviceError &error) {
    std::cerr << "without validation: " << error.what() << "\n";
    options.validation = false;
    return std::make_unique<vulkan::Device>(options);
  }
}

const vulkan::Device *lesser_device = nullptr;
vulkan::Programs *lesser_programs = nullptr;

class SilentValidation : public ::testing::EmptyTestEventListener {
  void OnTestStart(const ::testing::TestInfo &) override { before_ = vulkan::total_validation_messages(); }
  void OnTestEnd(const ::testing::TestInfo &) override {
    if (const int messages = vulkan::total_validation_messages() - before_)
      ADD_FAILURE() << messages << " validation messages";
  }
  int before_ = 0;
};

class Environment : public ::testing::Environment {
  void SetUp() override { ::testing::UnitTest::GetInstance()->listeners().Append(new SilentValidation); }
};
[[maybe_unused]] const auto *const environment = ::testing::AddGlobalTestEnvironment(new Environment);

} // namespace

const vulkan::Device &test_device() {
  if (lesser_device)
    return *lesser_device;
  static const auto device = open_device();
  return *device;
}

const char *no_matrices() {
  return shader("conv_matrix").empty() ? "this build has no cooperative matrices: its glslang is too old for them"
                                       : "the device has no cooperative matrices of halves with float32 sums";
}

vulkan::Programs &test_programs() {
  if (lesser_programs)
    return *lesser_programs;
  static vulkan::Programs programs(test_device());
  return programs;
}

LesserDevice::LesserDevice(const std::string &limits) : device_(open_device(limits)), programs_(*device_) {
  lesser_device = device_.get();
  lesser_programs = &programs_;
}

LesserDevice::~LesserDevice() {
  lesser_device = nullptr;
  lesser_programs = nullptr;
}

} // namespace convscope
