// The one device of the kernels' tests, with the validation layer on: a message of it fails the test that caused it.
#pragma once

#include "vulkan/device.h"
#include "vulkan/program.h"

namespace convscope {

const vulkan::Device &test_device();
const char *no_matrices();         // why it has none
vulkan::Programs &test_programs(); // on that device, each made once

} // namespace convscope
