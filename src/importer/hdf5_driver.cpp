#include "importer/hdf5_driver.h"

#include <algorithm>
#include <limits>
#include <new>

#include <hdf5.h>

#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

namespace convscope {

namespace {

// What the library keeps of how a file is to be opened.
struct Access {
  const ByteSource *source;
};

// An open file: the library's own part first.
struct OpenFile {
  H5FD_t base; // filled in by the library
  const ByteSource *source;
  haddr_t allocated; // what the file says that it uses
};

OpenFile &open_file(H5FD_t *file) { return *reinterpret_cast<OpenFile *>(file); }
const OpenFile &open_file(const H5FD_t *file) { return *reinterpret_cast<const OpenFile *>(file); }

H5FD_t *open(const char * /*name*/, unsigned flags, hid_t access, haddr_t /*largest*/) {
  const auto *info = static_cast<const Access *>(H5Pget_driver_info(access));
  if (info == nullptr || (flags & H5F_ACC_RDWR) != 0)
    return nullptr;
  auto *file = new (std::nothrow) OpenFile{{}, info->source, 0};
  return file != nullptr ? &file->base : nullptr;
}

herr_t close(H5FD_t *file) {
  delete &open_file(file);
  return 0;
}

herr_t query(const H5FD_t * /*file*/, unsigned long *flags) {
  *flags = H5FD_FEAT_ACCUMULATE_METADATA_READ | H5FD_FEAT_DATA_SIEVE;
  return 0;
}

haddr_t allocated(const H5FD_t *file, H5FD_mem_t /*type*/) { return open_file(file).allocated; }

herr_t set_allocated(H5FD_t *file, H5FD_mem_t /*type*/, haddr_t size) {
  open_file(file).allocated = size;
  return 0;
}

haddr_t size(const H5FD_t *file, H5FD_mem_t /*type*/) { return open_file(file).source->size; }

// Beyond the end there is nothing: a damaged file can ask for gigabytes there, which the library's own drivers fill
// with zeros.
herr_t read(H5FD_t *file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t offset, std::size_t count, void *buffer) {
  const ByteSource &source = *open_file(file).source;
  if (offset > source.size || count > source.size - offset)
    return -1;
  return count == 0 || source.read(offset, {static_cast<std::uint8_t *>(buffer), count}) ? 0 : -1;
}

herr_t no_write(H5FD_t * /*file*/, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t /*offset*/, std::size_t /*count*/,
                const void * /*buffer*/) {
  return -1;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 14, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(512); // from 512 on: for tests and private use
#endif
  driver.name = "convscope_source";
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<std::int64_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(Access);
  driver.open = open;
  driver.close = close;
  driver.query = query;
  driver.get_eoa = allocated;
  driver.set_eoa = set_allocated;
  driver.get_eof = size;
  driver.read = read;
  driver.write = no_write;
  std::fill(std::begin(driver.fl_map), std::end(driver.fl_map), H5FD_MEM_SUPER);
  return driver;
}

} // namespace

std::int64_t open_hdf5(const char *name, const ByteSource &source) {
  static const H5FD_class_t driver = driver_class();
  static const hid_t id = H5FDregister(&driver);
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  const Access info{&source};
  const hid_t file = H5Pset_driver(access, id, &info) < 0 ? H5I_INVALID_HID : H5Fopen(name, H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

} // namespace convscope
