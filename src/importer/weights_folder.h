// Where the manifest and the embedded weights lie.
#pragma once

#include <filesystem>

namespace convscope {

// CONVSCOPE_WEIGHTS, else share/convscope/weights beside the program's folder, else the source tree's weights/: the
// first that has a manifest.json. Empty where none has; UserError where CONVSCOPE_WEIGHTS names a folder that has not.
std::filesystem::path weights_folder();

} // namespace convscope
