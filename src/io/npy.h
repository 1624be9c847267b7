// NumPy's .npy files: the exchange format of `activations`, `gradient` and `--npy`.
#pragma once

#include "base/array.h"

#include <filesystem>
#include <string>

namespace convscope {

// Versions 1 to 3. Floats of 16 to 64 bits, integers and bools, in either order of bytes and of axes, become float32 in
// C order. UserError names the file and what it holds instead, such as complex numbers, objects, or what float32 can't
// hold.
Array read_npy(const std::filesystem::path &path);
// '<f4' in C order.
std::string npy_bytes(const Array &array);
void write_npy(const std::filesystem::path &path, const Array &array);

// UserError "<name>: NaN at [0,2,5] ..." at the first value that is not finite.
void check_finite(const Array &array, const std::string &name);

} // namespace convscope
