#include "importer/hdf5_lengths.h"

#include <array>
#include <cstring>

namespace convscope {

namespace {

// In the file, such a text is its length (32 bits, little-endian), the place of a heap and an index in it.
using Reference = std::array<std::uint8_t, 16>;

// A "conversion" that keeps the reference as it is in the file.
herr_t keep_reference(hid_t source, hid_t target, H5T_cdata_t *conversion, std::size_t count, std::size_t stride,
                      std::size_t /*background_stride*/, void *buffer, void * /*background*/, hid_t /*transfer*/) {
  if (conversion->command == H5T_CONV_INIT) {
    conversion->need_bkg = H5T_BKG_NO;
    return H5Tis_variable_str(source) > 0 && H5Tget_size(source) <= sizeof(Reference) &&
                   H5Tget_size(target) == sizeof(Reference)
               ? 0
               : -1;
  }
  if (conversion->command != H5T_CONV_CONV)
    return 0;
  const std::size_t size = H5Tget_size(source);
  auto *bytes = static_cast<std::uint8_t *>(buffer);
  for (std::size_t i = count; i-- > 0;) // references grow: from the last
    std::memmove(bytes + i * (stride != 0 ? stride : sizeof(Reference)), bytes + i * (stride != 0 ? stride : size),
                 size);
  return 0;
}

// The memory's side of the conversion, which is made known to the library with it.
hid_t reference_type() {
  const hid_t type = H5Tcreate(H5T_OPAQUE, sizeof(Reference));
  H5Tset_tag(type, "a text's reference");
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  H5Tregister(H5T_PERS_SOFT, "keep reference", text, type, keep_reference);
  H5Tclose(text);
  return type;
}

} // namespace

std::vector<std::uint32_t> claimed_lengths(hid_t attribute, std::size_t count) {
  static const hid_t type = reference_type();
  std::vector<Reference> references(count);
  if (H5Aread(attribute, type, references.data()) < 0)
    return {};
  std::vector<std::uint32_t> lengths;
  for (const Reference &reference : references)
    lengths.push_back(static_cast<std::uint32_t>(reference[0]) | static_cast<std::uint32_t>(reference[1]) << 8 |
                      static_cast<std::uint32_t>(reference[2]) << 16 | static_cast<std::uint32_t>(reference[3]) << 24);
  return lengths;
}

} // namespace convscope
