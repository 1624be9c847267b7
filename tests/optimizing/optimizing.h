// One device for all tests of this program, with validation; a message fails the test in which it arises.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/array.h"
#include "base/error.h"
#include "plan/plan.h"
#include "reference/tensor.h"
#include "vulkan/device.h"
#include "vulkan/program.h"

namespace convscope {

inline vulkan::Programs &programs() {
  static vulkan::Device device([] {
    vulkan::DeviceOptions options;
    options.validation = true;
    return options;
  }());
  static vulkan::Programs cache(device);
  return cache;
}

class Optimizing : public ::testing::Test {
protected:
  void TearDown() override { EXPECT_EQ(vulkan::total_validation_messages(), 0); }
};

// Of values of so many images, the n-th one's.
inline std::vector<float> part_of(const std::vector<float> &values, std::size_t images, std::size_t n) {
  const auto size = std::ptrdiff_t(values.size() / images);
  return {values.begin() + std::ptrdiff_t(n) * size, values.begin() + std::ptrdiff_t(n + 1) * size};
}
inline std::vector<float> image_of(const Array &images, std::size_t n) {
  return part_of(images.data, images.shape[0], n);
}

template <typename T> void write(Plan &plan, TensorId tensor, const std::vector<T> &values) {
  plan.write(tensor, std::as_bytes(std::span(values)));
}

inline double relative_error(const std::vector<float> &actual, const std::vector<float> &expected) {
  EXPECT_EQ(actual.size(), expected.size());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
    difference += std::pow(double(actual[i]) - expected[i], 2);
    norm += std::pow(double(expected[i]), 2);
  }
  return std::sqrt(difference / norm);
}

inline double relative_error(const std::vector<float> &actual, const reference::Tensor &expected) {
  return reference::relative_error(reference::from_floats(actual, expected.n, expected.c, expected.h, expected.w),
                                   expected);
}

inline double dot(const std::vector<float> &a, const std::vector<float> &b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    sum += double(a[i]) * b[i];
  return sum;
}

// Golden tensors of another implementation, beside the checkout; tests that need them skip where they are not.
inline std::filesystem::path golden_folder() {
  return std::filesystem::path(CONVSCOPE_SOURCE_DIR) / "../shared/golden";
}

template <typename Function> std::string error_of(Function function) {
  try {
    function();
  } catch (const UserError &error) {
    return error.what();
  }
  return "no error";
}

} // namespace convscope
