// NumPy's .npy files, float32 alone: the exchange format of `activations`, `gradient` and `--npy`.
#pragma once

#include "base/array.h"

#include <filesystem>
#include <string>

namespace convscope {

// Versions 1 to 3, '<f4', C order. UserError names the file and what it holds instead.
Array read_npy(const std::filesystem::path &path);
void write_npy(const std::filesystem::path &path, const Array &array);

// UserError "<name>: NaN at [0,2,5] ..." at the first value that is not finite.
void check_finite(const Array &array, const std::string &name);

} // namespace convscope
