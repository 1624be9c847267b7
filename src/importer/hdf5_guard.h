// While libhdf5 reads a file that may be damaged: some damage makes the library itself crash (1.10.8 follows broken
// references in its global heap). Such a crash then is one line about the file and exit status 2.
#pragma once

#include <string>

namespace convscope {

// The process's handlers of crash signals, for this object's lifetime; not nested, on one thread at a time.
class Hdf5Guard {
public:
  explicit Hdf5Guard(const std::string &file);
  Hdf5Guard(const Hdf5Guard &) = delete;
  Hdf5Guard &operator=(const Hdf5Guard &) = delete;
  ~Hdf5Guard();
};

} // namespace convscope
