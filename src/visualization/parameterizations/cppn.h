// What a net that paints can do besides: an image of any size.
#pragma once

#include <string>
#include <vector>

#include "base/array.h"
#include "base/size.h"
#include "visualization/recipe.h"
#include "vulkan/program.h"

namespace convscope {

// UserError where the device has no room for such an image in one piece.
void check_drawing(const vulkan::DeviceInfo &device, int planes, Size size);
// (C,H,W), 0..1, from the parameters of one image of `cppn`, whose last plane is an opacity or not; check_drawing() has
// passed. `kernels`: Plan::kernels().
Array draw_cppn(vulkan::Programs &programs, const Recipe &recipe, int planes, const std::vector<float> &parameters,
                Size size, bool opacity = false, std::vector<std::string> *kernels = nullptr);

} // namespace convscope
