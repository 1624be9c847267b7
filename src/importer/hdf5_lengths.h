// How long texts of variable length claim to be, before libhdf5 reads them: it takes and clears as much memory as a
// damaged file says (1.10.8).
#pragma once

#include <cstdint>
#include <vector>

#include <hdf5.h>

namespace convscope {

// Of each of the attribute's `count` texts of variable length, in bytes; empty where they can't be read.
std::vector<std::uint32_t> claimed_lengths(hid_t attribute, std::size_t count);

} // namespace convscope
