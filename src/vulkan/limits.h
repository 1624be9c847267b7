// A device that is told to do less than it can, so that one machine tests what others do.
#pragma once

#include <string_view>

#include "vulkan/device.h"

namespace convscope::vulkan {

// `limits` is "max_texels=65536,subgroup_shuffle=0,type=discrete": fields of DeviceInfo. Numbers and abilities only
// become less than they are (alignments more); type, vendor_id, device_id and subgroup_size are what the device poses
// as. "" changes nothing. UserError for an unknown field or no number.
void narrow(DeviceInfo &info, std::string_view limits);

} // namespace convscope::vulkan
