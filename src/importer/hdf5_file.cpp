#include "importer/hdf5_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "importer/hdf5_lengths.h"
#include "importer/hdf5_watch.h"

namespace convscope {

namespace {

constexpr hsize_t most_texts = 100'000;
constexpr std::size_t longest_text = 4096;
constexpr std::size_t longest_single_text = std::size_t{16} << 20;
constexpr int highest_rank = 8;

// Half, single or double precision, in either byte order. A damaged description of a type can make the library's
// conversion take minutes, so no other is let through.
bool is_usual_float(hid_t type) {
  for (const hid_t usual : {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE})
    if (H5Tequal(type, usual) > 0)
      return true;
  std::size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  return H5Tget_size(type) == 2 &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 && sign == 15 &&
         exponent == 10 && exponent_bits == 5 && mantissa == 0 && mantissa_bits == 10 && H5Tget_ebias(type) == 15;
}

std::string up_to_zero(const char *begin, std::size_t size) { return {begin, std::find(begin, begin + size, '\0')}; }

// The library prints its errors and loads filter plugins by itself: neither is wanted here.
void silence_library() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
}

bool has_signature(const ByteSource &source) {
  constexpr std::array<std::uint8_t, 8> signature{0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  std::array<std::uint8_t, signature.size()> bytes{};
  return source.size >= bytes.size() && source.read(0, bytes) && bytes == signature;
}

} // namespace

Hdf5File::Hdf5File(const std::filesystem::path &path) : name_(path_text(path)), guard_(name_) {
  silence_library();
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    fail("there is no such file");
  if (!std::filesystem::is_regular_file(path, error))
    fail("is not a file");
  stream_.open(path, std::ios::binary);
  source_.size = std::filesystem::file_size(path, error);
  if (!stream_ || error)
    fail("can't be read");
  source_.read = [this](std::uint64_t offset, std::span<std::uint8_t> bytes) {
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return static_cast<std::size_t>(stream_.gcount()) == bytes.size();
  };
  file_ = Hdf5Id(open_hdf5(name_.c_str(), source_), H5Fclose);
  if (!file_)
    fail(has_signature(source_) ? "is a damaged or truncated HDF5 file" : "is not an HDF5 (.h5) file");
}

Hdf5File::Hdf5File(std::string name, ByteSource source)
    : name_(std::move(name)), source_(std::move(source)), guard_(name_) {
  silence_library();
  if (source_.size == 0)
    fail("has no weights");
  file_ = Hdf5Id(open_hdf5(name_.c_str(), source_), H5Fclose);
  if (!file_)
    fail("its weights are no HDF5 file, or a damaged one");
}

void Hdf5File::fail(const std::string &what) const { throw UserError(fmt::format("{}: {}", name_, what)); }

void Hdf5File::fail_damaged(const std::string &path) const {
  throw DamagedFile(fmt::format("{}: '{}' can't be read: the file is damaged or truncated", name_, path));
}

bool Hdf5File::has(const std::string &path) const {
  Hdf5Watch::expect();
  if (path.empty())
    return true;
  std::string walked;
  for (const std::string &part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..")
      fail(fmt::format("holds the unusable name '{}'", path));
    walked += (walked.empty() ? "" : "/") + part;
    if (H5Lexists(file_, walked.c_str(), H5P_DEFAULT) <= 0)
      return false;
    H5L_info_t info;
    if (H5Lget_info(file_, walked.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
      fail(fmt::format("'{}' is a link to elsewhere, which is not followed", walked));
  }
  return true;
}

Hdf5Id Hdf5File::open_object(const std::string &path) const {
  if (!has(path))
    fail(fmt::format("has no '{}'", path));
  Hdf5Id object(H5Oopen(file_, path.empty() ? "/" : path.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object)
    fail_damaged(path);
  return object;
}

bool Hdf5File::has_attribute(const std::string &group, const std::string &attribute) const {
  return H5Aexists(open_object(group), attribute.c_str()) > 0;
}

std::vector<std::string> Hdf5File::texts(const std::string &group, const std::string &name) const {
  std::vector<std::string> texts = attribute_texts(group, name, longest_text);
  // They become parts of paths and of messages.
  for (const std::string &text : texts)
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
      fail(fmt::format("attribute '{}' of '/{}' is not a list of texts", name, group));
  return texts;
}

std::string Hdf5File::text(const std::string &group, const std::string &name) const {
  std::vector<std::string> texts = attribute_texts(group, name, longest_single_text);
  if (texts.size() != 1)
    fail(fmt::format("attribute '{}' of '/{}' is not a text", name, group));
  return std::move(texts.front());
}

std::vector<std::string> Hdf5File::attribute_texts(const std::string &group, const std::string &name,
                                                   std::size_t longest) const {
  const auto damaged = [&] { fail(fmt::format("attribute '{}' of '/{}' is not a list of texts", name, group)); };
  const Hdf5Id object = open_object(group);
  const Hdf5Id attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute)
    damaged();
  const Hdf5Id space(H5Aget_space(attribute), H5Sclose);
  const Hdf5Id type(H5Aget_type(attribute), H5Tclose);
  const int rank = space ? H5Sget_simple_extent_ndims(space) : -1;
  const hssize_t count = space ? H5Sget_simple_extent_npoints(space) : -1;
  if (count == 0)
    return {};
  if (!type || rank > 1 || rank < 0 || count < 0 || static_cast<hsize_t>(count) > most_texts ||
      H5Tget_class(type) != H5T_STRING)
    damaged();

  std::vector<std::string> texts;
  if (H5Tis_variable_str(type) > 0) {
    const std::vector<std::uint32_t> lengths = claimed_lengths(attribute, static_cast<std::size_t>(count));
    const Hdf5Id element(H5Tget_super(type), H5Tclose);
    std::uint64_t total = 0;
    for (const std::uint32_t length : lengths)
      total += length;
    if (lengths.empty() || !element || H5Tget_size(element) != 1 || total > source_.size)
      damaged();
    const Hdf5Id memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    std::vector<char *> pointers(static_cast<std::size_t>(count));
    const bool read = H5Aread(attribute, memory, pointers.data()) >= 0;
    for (const char *text : pointers)
      texts.emplace_back(text ? text : "");
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
    if (!read)
      damaged();
  } else {
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > longest || size * static_cast<std::size_t>(count) > longest_single_text)
      damaged();
    std::vector<char> bytes(size * static_cast<std::size_t>(count));
    if (H5Aread(attribute, type, bytes.data()) < 0)
      damaged();
    for (hssize_t i = 0; i < count; ++i)
      texts.push_back(up_to_zero(bytes.data() + static_cast<std::size_t>(i) * size, size));
  }
  return texts;
}

Hdf5Id Hdf5File::open_dataset(const std::string &path) const {
  if (!has(path))
    fail(fmt::format("has no '{}'", path));
  Hdf5Id dataset(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset)
    fail(fmt::format("'{}' is not a tensor", path));
  return dataset;
}

std::vector<std::int64_t> Hdf5File::shape(const std::string &path) const {
  const Hdf5Id dataset = open_dataset(path);
  const Hdf5Id space(H5Dget_space(dataset), H5Sclose);
  const int rank = space ? H5Sget_simple_extent_ndims(space) : -1;
  if (rank < 0 || rank > highest_rank)
    fail(fmt::format("'{}' is not a tensor", path));
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  if (rank > 0)
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

Hdf5Id Hdf5File::open_numbers(const std::string &path, const std::vector<std::int64_t> &expected,
                              std::size_t &elements) const {
  Hdf5Id dataset = open_dataset(path);
  const Hdf5Id type(H5Dget_type(dataset), H5Tclose);
  const Hdf5Id creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!type || H5Tget_class(type) != H5T_FLOAT)
    fail(fmt::format("'{}' does not hold floating-point numbers", path));
  if (!is_usual_float(type))
    fail(fmt::format("'{}' holds numbers that are neither half, single nor double precision", path));
  if (!creation || H5Pget_external_count(creation) != 0 || H5Pget_layout(creation) == H5D_VIRTUAL)
    fail(fmt::format("'{}' keeps its values in another file, which is not followed", path));
  // The caller's shape bounds the memory, not what the file claims.
  if (shape(path) != expected)
    fail(fmt::format("'{}' has an unexpected shape", path));
  const hsize_t stored = H5Dget_storage_size(dataset);
  if (stored == 0)
    fail(fmt::format("'{}' has no values", path));
  // Packed weights hardly shrink.
  const hsize_t most = 64 * std::min<hsize_t>(stored, hsize_t{1} << 40) + (1 << 20);
  elements = 1;
  for (const std::int64_t extent : expected) {
    if (extent > 0 && elements > most / static_cast<hsize_t>(extent))
      fail(fmt::format("'{}' claims far more values than it stores", path));
    elements *= static_cast<std::size_t>(extent);
  }
  return dataset;
}

std::vector<float> Hdf5File::read(const std::string &path, const std::vector<std::int64_t> &expected) const {
  std::size_t elements = 0;
  const Hdf5Id dataset = open_numbers(path, expected, elements);
  std::vector<float> values(elements);
  Hdf5Watch::expect(elements * sizeof(double));
  if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    fail_damaged(path);
  return values;
}

void Hdf5File::read_strips(const std::string &path, const std::vector<std::int64_t> &expected,
                           const std::function<void(std::span<const float>)> &take) const {
  constexpr std::size_t strip_elements = std::size_t{1} << 20;
  std::size_t elements = 0;
  const Hdf5Id dataset = open_numbers(path, expected, elements);
  const Hdf5Id space(H5Dget_space(dataset), H5Sclose);
  const std::size_t each = elements / static_cast<std::size_t>(expected.front()); // elements of an index
  std::vector<hsize_t> start(expected.size()), count(expected.begin(), expected.end());
  const hsize_t most = std::max<hsize_t>(1, strip_elements / std::max<std::size_t>(each, 1)), length = count[0];
  std::vector<float> values;
  for (start[0] = 0; start[0] < length; start[0] += most) {
    count[0] = std::min(most, length - start[0]);
    values.resize(static_cast<std::size_t>(count[0]) * each);
    const hsize_t size = values.size();
    Hdf5Watch::expect(size * sizeof(double));
    const Hdf5Id memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) < 0 ||
        H5Dread(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data()) < 0)
      fail_damaged(path);
    take(values);
  }
}

} // namespace convscope
