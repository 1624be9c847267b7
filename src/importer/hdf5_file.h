// Reading HDF5 files that may be hostile: hard links alone, sizes checked before memory is taken, silent library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "base/error.h"
#include "importer/hdf5_driver.h"
#include "importer/hdf5_guard.h"

namespace convscope {

// An HDF5 identifier that closes itself.
class Hdf5Id {
public:
  Hdf5Id() = default;
  Hdf5Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id &&other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Id &operator=(Hdf5Id &&other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Id() {
    if (id_ >= 0)
      close_(id_);
  }
  explicit operator bool() const { return id_ >= 0; }
  operator hid_t() const { return id_; }

private:
  hid_t id_ = H5I_INVALID_HID;
  herr_t (*close_)(hid_t) = nullptr;
};

// The file itself is broken, not what one part of it says.
struct DamagedFile : UserError {
  using UserError::UserError;
};

// Paths are relative to the root, their parts separated by '/'; "" is the root. All failures are UserErrors that
// begin with the file's name.
class Hdf5File {
public:
  explicit Hdf5File(const std::filesystem::path &path);
  // A file within another; `name` is for errors.
  Hdf5File(std::string name, ByteSource source);

  const std::string &name() const { return name_; }
  // Whether a hard link of that path exists. Soft and external links are errors: they may leave the file.
  bool has(const std::string &path) const;
  bool has_attribute(const std::string &group, const std::string &attribute) const;
  // A one-dimensional attribute of texts, fixed or variable in length; an empty one may be of any type.
  std::vector<std::string> texts(const std::string &group, const std::string &name) const;
  // An attribute of one text, which may be as long as a model's configuration.
  std::string text(const std::string &group, const std::string &name) const;
  std::vector<std::int64_t> shape(const std::string &path) const;
  // The dataset's values, whatever its float type; UserError where its shape is not as expected.
  std::vector<float> read(const std::string &path, const std::vector<std::int64_t> &expected) const;
  // The same in strips, each some indices of the first axis (which there must be), in order: for large datasets that
  // need not be in memory as they are.
  void read_strips(const std::string &path, const std::vector<std::int64_t> &expected,
                   const std::function<void(std::span<const float>)> &take) const;

private:
  [[noreturn]] void fail(const std::string &what) const;
  [[noreturn]] void fail_damaged(const std::string &path) const;
  std::vector<std::string> attribute_texts(const std::string &group, const std::string &name,
                                           std::size_t longest) const;
  Hdf5Id open_object(const std::string &path) const;
  Hdf5Id open_dataset(const std::string &path) const;
  // Opened, and checked for a type and a size that can be read. `elements`: how many it has.
  Hdf5Id open_numbers(const std::string &path, const std::vector<std::int64_t> &expected, std::size_t &elements) const;

  std::string name_;
  std::ifstream stream_; // of a file that is opened by its path
  ByteSource source_;
  Hdf5Guard guard_; // before the library opens the file, until it has closed it
  Hdf5Id file_;
};

} // namespace convscope
