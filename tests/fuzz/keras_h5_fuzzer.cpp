// Whole-model .h5 files. Crashes within libhdf5 end the process with status 2 (importer/hdf5_guard.h): fuzz.sh goes on.
#include "fuzz/load.h"
#include "importer/keras_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  return convscope::load_bytes(data, size, ".h5", convscope::load_keras_model);
}
