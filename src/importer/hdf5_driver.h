// A file driver of libhdf5 (its "virtual file layer") that reads from wherever the bytes are, and never beyond them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace convscope {

// Bytes that are there to be read at any place, for as long as the file is open.
struct ByteSource {
  std::uint64_t size = 0;
  // Fills the bytes from `offset` on, which lie within `size`; false where that fails. Throws nothing.
  std::function<bool(std::uint64_t offset, std::span<std::uint8_t> bytes)> read;
};

// H5Fopen for reading: the file's identifier, or a negative one. `source` must outlive the file.
std::int64_t open_hdf5(const char *name, const ByteSource &source);

} // namespace convscope
