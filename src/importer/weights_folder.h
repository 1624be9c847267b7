// Where the manifest, the embedded weights and fetched ones lie.
#pragma once

#include <filesystem>

namespace convscope {

// CONVSCOPE_WEIGHTS, else share/convscope/weights beside the program's folder, else the source tree's weights/: the
// first that has a manifest.json. Empty where none has; UserError where CONVSCOPE_WEIGHTS names a folder that has not.
std::filesystem::path weights_folder();

// Where fetch puts the files that it brings: weights/ in this user's cache, which need not exist. Empty where the
// environment names no cache.
std::filesystem::path fetched_folder();

} // namespace convscope
